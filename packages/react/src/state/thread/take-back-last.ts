import { type TakeBack, takeBack } from "@chatkeep/protocol";

/**
 * Takes a stored question back with its answer, but only if it is the last: what another tab or device has asked
 * since stays. One that is not there any more counts as taken. Throws what the history throws.
 */
export async function takeBackLast(options: TakeBack): Promise<"taken" | "not last"> {
  const { history, owner, conversationId, messageId } = options;
  const { messages, hasMore } = await history.listMessages(owner, conversationId, { limit: 100 });
  const index = messages.findIndex(({ id }) => id === messageId);
  if (index < 0) return hasMore ? "not last" : "taken";
  if (messages.slice(index + 1).some(({ role }) => role === "user")) return "not last";
  await takeBack(options);
  return "taken";
}
