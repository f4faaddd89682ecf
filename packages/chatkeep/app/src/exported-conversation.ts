import type { Who } from "./identity.ts";

/** A conversation as the server exports it. Throws when the server does not give it. */
export async function exportedConversation(
  { headers }: Pick<Who, "headers">,
  conversationId: string,
  format: "html" | "json",
): Promise<{ readonly name: string; readonly type: string; readonly text: string }> {
  const address = `./api/conversations/${encodeURIComponent(conversationId)}/export?format=${format}`;
  const response = await fetch(address, { headers });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const name = /filename\*=UTF-8''(\S+)/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  return {
    name: decodeURIComponent(name ?? conversationId),
    type: response.headers.get("content-type") ?? "",
    text: await response.text(),
  };
}
