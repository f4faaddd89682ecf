import { ChatkeepError } from "../errors.ts";

export function conversationPath(id: string): string {
  return `/api/conversations/${segment(id)}`;
}

export function messagePath(id: string, messageId: string): string {
  return `${conversationPath(id)}/messages/${segment(messageId)}`;
}

export function turnPath(id: string, turnId: string): string {
  return `${conversationPath(id)}/turns/${segment(turnId)}`;
}

/** Encodes an id as a path segment. `fetch` would resolve `.` and `..` into the path of another route. */
export function segment(id: string): string {
  if (/^[!-~]{1,128}$/.test(id) && id !== "." && id !== "..") return encodeURIComponent(id);
  throw new ChatkeepError("invalid_request", "An id is 1 to 128 printable ASCII characters without a space.");
}

/** A query string. Undefined values are left out. */
export function searchOf(query: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}
