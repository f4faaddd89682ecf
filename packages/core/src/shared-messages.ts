import {
  ChatkeepError,
  type Message,
  type MessagePage,
  type Owner,
  type Part,
  type Shares,
  citationsOf,
  contentOf,
} from "@chatkeep/protocol";

import { checkRange } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { type MessageRows, messagesOf } from "./database/rows.ts";

/** A link, as `find_share` finds it. */
export interface FoundShare {
  owner_id: string;
  conversation_id: string;
  message_id: string | null;
  title: string | null;
  name: string | null;
  created_at: string;
  expires_at: string | null;
}

/** Stands for the owner in messages of a link, so that none is named. */
const NOBODY: Owner = { kind: "session", id: "" };

/** A page of a link's messages. `upTo` is the `seq` of the page's last message, shown or not; `null` if there is none. */
export async function readShared(
  database: Database,
  share: FoundShare,
  token: string,
  { before, after, limit }: Parameters<Shares["listShared"]>[1] = {},
): Promise<MessagePage & { readonly upTo: number | null }> {
  if (before !== undefined && after !== undefined)
    throw new ChatkeepError("invalid_request", "Give `before` or `after`, not both.", { pointer: "before" });
  const size = checkRange(limit, "limit", 1, 100, 50);
  const seq = (given: number | undefined, name: string): number | null =>
    given === undefined ? null : checkRange(given, name, 0, Number.MAX_SAFE_INTEGER, 0);
  const [page] = await database.call("page_messages", {
    owner: share.owner_id,
    conversation: share.conversation_id,
    leaf: share.message_id,
    before_seq: seq(before, "before"),
    after_seq: seq(after, "after"),
    page_offset: 0,
    page_limit: size,
  });
  const read = messagesOf(page as MessageRows | undefined, NOBODY, "", size);
  const shown: Message[] = [];
  for (const message of read) {
    const parts = shownParts(message, token);
    if (message.status === "streaming" || parts.length === 0) continue;
    shown.push(shownMessage(message, parts, shown.at(-1)?.id ?? null));
  }
  return {
    messages: shown,
    total: page?.total ?? 0,
    hasMore: (read[0]?.parentId ?? null) !== null,
    upTo: read.at(-1)?.seq ?? null,
  };
}

/** A message without the fields that only its owner may read. */
function shownMessage(message: Message, parts: Part[], parentId: string | null): Message {
  const { id, seq, role, status, contextText, createdAt } = message;
  return {
    id,
    seq,
    conversationId: "",
    userId: null,
    parentId,
    versions: { index: 1, count: 1 },
    turnId: null,
    role,
    status,
    parts,
    content: contentOf(parts),
    toolCalls: null,
    toolCallId: null,
    citations: citationsOf(parts),
    contextText,
    intent: null,
    processed: null,
    model: null,
    usage: null,
    error: null,
    metadata: null,
    feedback: null,
    createdAt,
    updatedAt: createdAt,
  };
}

/** The parts that a link shows. Others are not shown: tools, reasoning, approvals, data, and metadata of providers. */
export function shownParts({ role, parts }: Pick<Message, "role" | "parts">, token: string): Part[] {
  if (role !== "user" && role !== "assistant") return [];
  return parts.flatMap((part): Part[] => {
    switch (part.type) {
      case "text":
        return [{ type: "text", text: part.text }];
      case "citation":
        return [part];
      case "source": {
        const { metadata: _, ...source } = part;
        return [source];
      }
      case "file": {
        const { metadata: _metadata, ui: _ui, ...file } = part;
        return [file.file === undefined ? file : { ...file, url: `/api/shared/${token}/files/${file.file}` }];
      }
      default:
        return [];
    }
  });
}
