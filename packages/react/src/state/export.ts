import {
  type Conversation,
  type History,
  type Message,
  type Owner,
  conversationToWire,
  messageToWire,
} from "@chatkeep/protocol";

import type { Strings } from "../strings/en.ts";
import { momentIn } from "../strings/format.ts";
import { placeOf } from "./citation.ts";
import { messageContent, textOf } from "./content.ts";
import { titleOf } from "./title.ts";

/** A file for a person to keep; the host offers it as a download. */
export interface ExportedFile {
  readonly name: string;
  /** Its media type. */
  readonly type: string;
  readonly text: string;
}

/** Formats in which a page offers a conversation. {@link exportConversation} writes two; the server writes HTML. */
export type ExportFormat = "markdown" | "html" | "json";

export interface ExportOptions {
  readonly history: Pick<History, "getConversation" | "listMessages">;
  readonly owner: Owner;
  readonly conversationId: string;
  /** `markdown` to read, `json` with all that is stored, as the API gives it. */
  readonly format: "markdown" | "json";
  /** The words of the Markdown file. */
  readonly strings: Strings;
}

/** Reads a whole conversation, page by page, and makes a file of it. Throws what the history throws. */
export async function exportConversation(options: ExportOptions): Promise<ExportedFile> {
  const { history, owner, conversationId, format, strings } = options;
  const conversation = await history.getConversation(owner, conversationId);
  const messages: Message[] = [];
  for (let after = 0; ; after = messages.at(-1)?.seq ?? after) {
    const page = await history.listMessages(owner, conversationId, { after, limit: PAGE });
    messages.push(...page.messages);
    if (page.messages.length < PAGE) break;
  }
  const name = fileName(titleOf(conversation, strings));
  if (format === "markdown")
    return { name: `${name}.md`, type: "text/markdown", text: markdown(conversation, messages, strings) };
  const whole = { conversation: conversationToWire(conversation), messages: messages.map(messageToWire) };
  return { name: `${name}.json`, type: "application/json", text: `${JSON.stringify(whole, null, 2)}\n` };
}

/** The most messages that a server gives at once. */
const PAGE = 100;

function markdown(conversation: Conversation, messages: readonly Message[], strings: Strings): string {
  const pieces = messages.map((message) => {
    const { citations } = messageContent(message.parts);
    const who = { user: strings.you, assistant: strings.answer, tool: strings.tool, system: strings.system };
    const selected = message.contextText === null ? [] : [quoted(message.contextText)];
    const sources = citations.map((citation, index) => `${index + 1}. ${source(citation)}`).join("\n");
    return [
      `## ${who[message.role]} · ${momentIn(strings, message.createdAt)}`,
      ...selected,
      textOf(message.parts),
      ...(sources === "" ? [] : [`${strings.sources}:\n\n${sources}`]),
    ].join("\n\n");
  });
  return `${[`# ${titleOf(conversation, strings)}`, ...pieces].join("\n\n")}\n`;
}

function quoted(text: string): string {
  return text.replace(/^/gm, "> ");
}

function source(citation: Parameters<typeof placeOf>[0]): string {
  return citation.url === null ? placeOf(citation) : `${placeOf(citation)} (${citation.url})`;
}

/** Without the signs that file systems refuse, and short enough for each. */
function fileName(title: string): string {
  const plain = title.replace(/[\s\p{Cc}\\/:*?"<>|]+/gu, " ").trim();
  return Array.from(plain).slice(0, 60).join("").trim() || "conversation";
}
