/** The command cannot do what it was asked; the message is one sentence for a person and says the way out. */
export class StartError extends Error {
  override readonly name = "StartError";
}
