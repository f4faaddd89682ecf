/** Why the embedded database cannot be used, as the caller can act on it. */
export type EmbeddedDatabaseErrorCode =
  | "unsupported_platform"
  | "home_in_use"
  | "home_unusable"
  | "wrong_version"
  | "start_failed";

/** The embedded database cannot be used; the message is one sentence for a person and says the way out. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = "EmbeddedDatabaseError";
  readonly code: EmbeddedDatabaseErrorCode;

  constructor(code: EmbeddedDatabaseErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
