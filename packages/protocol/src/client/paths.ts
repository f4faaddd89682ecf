import { ChatkeepError } from "../errors.ts";

/** Where a conversation is. */
export function conversationPath(id: string): string {
  return `/api/conversations/${segment(id)}`;
}

/** Where a message is. */
export function messagePath(id: string, messageId: string): string {
  return `${conversationPath(id)}/messages/${segment(messageId)}`;
}

/** Where a turn is. */
export function turnPath(id: string, turnId: string): string {
  return `${conversationPath(id)}/turns/${segment(turnId)}`;
}

/** An id as a segment of a path. `fetch` would resolve `.` and `..` into the path of another route. */
function segment(id: string): string {
  if (/^[!-~]{1,128}$/.test(id) && id !== "." && id !== "..") return encodeURIComponent(id);
  throw new ChatkeepError("invalid_request", "An id is 1 to 128 printable ASCII characters without a space.");
}

/** The query of an address; what is undefined is left out. */
export function searchOf(query: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
