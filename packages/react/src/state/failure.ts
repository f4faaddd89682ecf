import { isChatkeepError } from "@chatkeep/protocol";

/** The sentence to show for an error; anything but a `ChatkeepError` is a fault of this page. */
export function sentenceOf(error: unknown): string {
  return isChatkeepError(error)
    ? error.message
    : "Something went wrong in this page. Reload it and try again.";
}

/** Whether trying again can help: no network, a cut stream, 429 or 5xx, rather than an answer that stays the same. */
export function isPassing(error: unknown): boolean {
  return !isChatkeepError(error) || error.status === 429 || error.status >= 500;
}

const GONE = ["conversation_not_found", "forbidden", "invalid_request"] as const;

/** Whether a conversation does not exist for this owner: deleted, never theirs, or under an id that none can have. */
export function isGone(error: unknown): boolean {
  return GONE.some((code) => isChatkeepError(error, code));
}
