import type { Message } from "@chatkeep/protocol";

import { htmlOf } from "./html.ts";
import { linesOf } from "./lines.ts";
import { markdownOf } from "./markdown.ts";
import type { ConversationExportOptions, ExportFormat, ExportSource } from "./source.ts";

/** An export of one conversation. */
export interface ConversationExport {
  /** The name of its file. */
  readonly name: string;
  readonly mediaType: string;
  /** Its text. Read once. */
  readonly pieces: AsyncIterable<string>;
}

/**
 * Exports one conversation: `markdown` and `html` to read, and `json` to import, as JSON Lines. HTML is one file without
 * scripts that loads nothing. Read page by page. Errors: `conversation_not_found`, `forbidden`, `message_not_found`.
 */
export async function exportConversation(options: ConversationExportOptions): Promise<ConversationExport> {
  const { history, owner, conversationId, format, leaf } = options;
  const conversation = await history.getConversation(owner, conversationId);
  const { write, ending, mediaType } = FORMATS[format];
  const name = `${fileName(conversation.title ?? "")}.${ending}`;
  const messages = messagesOf(options);
  // The first page, so that a leaf that does not exist is an error before anything is sent.
  if (leaf !== undefined) await history.listMessages(owner, conversationId, { leaf, limit: 1 });
  return { name, mediaType, pieces: write({ ...options, conversation, messages }) };
}

const FORMATS: Readonly<
  Record<
    ExportFormat,
    { write: (source: ExportSource) => AsyncIterable<string>; ending: string; mediaType: string }
  >
> = {
  markdown: { write: markdownOf, ending: "md", mediaType: "text/markdown; charset=utf-8" },
  html: { write: htmlOf, ending: "html", mediaType: "text/html; charset=utf-8" },
  json: { write: linesOf, ending: "jsonl", mediaType: "application/jsonl; charset=utf-8" },
};

async function* messagesOf(options: ConversationExportOptions): AsyncGenerator<Message, void, void> {
  const { history, owner, conversationId, format, leaf } = options;
  const branch = format === "json" && leaf === undefined ? ({ branches: "all" } as const) : { leaf };
  for (let after = 0; ;) {
    const query = { ...branch, after, limit: 100, files: "url" } as const;
    const { messages } = await history.listMessages(owner, conversationId, query);
    yield* messages;
    if (messages.length < query.limit) return;
    after = messages.at(-1)!.seq;
  }
}

/** Without the signs that file systems refuse, and short enough for each. */
function fileName(title: string): string {
  const plain = title.replace(/[\s\p{Cc}\p{Cs}\\/:*?"<>|]+/gu, " ").trim();
  return Array.from(plain).slice(0, 60).join("").trim() || "conversation";
}
