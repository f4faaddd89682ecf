import {
  type Conversation,
  type Failure,
  type Feedback,
  type Json,
  type JsonObject,
  type Message,
  type MessageStatus,
  type Owner,
  type Part,
  type Role,
  citationsOf,
  contentOf,
  toolCallIdOf,
  toolCallsOf,
  usageFromWire,
  userIdOf,
} from "@chatkeep/protocol";

import { instant, unescapeText } from "./values.ts";

/** A row of `messages`, as `to_json` writes it. */
export interface MessageRow {
  conversation_id: string;
  seq: number;
  id: string;
  turn_id: string | null;
  role: Role;
  status: MessageStatus;
  parts: Part[];
  context_text: string | null;
  intent: string | null;
  processed: boolean | null;
  model: string | null;
  usage: Json;
  error: Failure | null;
  metadata: JsonObject | null;
  /** Not of rows that nobody is shown. */
  feedback?: Feedback | null;
  created_at: string;
  updated_at: string;
  /** If absent, the previous message is the parent and there are no other versions. */
  parent_id?: string | null;
  version_index?: number;
  version_count?: number;
}

/** A parent for the SQL functions: `null` for the head, `''` for the beginning. */
export function parentArgument(parent: string | null | undefined): string | null {
  return parent === null ? "" : (parent ?? null);
}

/** Consecutive messages as the SQL functions return them. */
export interface MessageRows {
  /** The parent of the first. */
  parent_id: string | null;
  /** Those of a page without forks do not repeat their conversation's id: it was a fifth of the bytes. */
  messages: readonly Omit<MessageRow, "conversation_id">[];
  /** Their other versions, as the function `forks_of` returns them. */
  forks: readonly [readonly number[], readonly number[], readonly boolean[]] | null;
}

/** Messages from consecutive rows in any order; one row more than `size` is the parent of the first. */
export function messagesOf(
  rows: MessageRows | null | undefined,
  owner: Owner,
  conversationId: string,
  size: number = Number.POSITIVE_INFINITY,
): Message[] {
  if (rows === undefined || rows === null) return [];
  const versions = rows.forks === null ? undefined : placesOf(rows.forks);
  const ordered = rows.messages.toSorted((one, other) => one.seq - other.seq);
  const extra = ordered.length > size ? ordered.shift() : undefined;
  return ordered.map((row, place) => {
    const parentId = (ordered[place - 1] ?? extra)?.id ?? rows.parent_id;
    return messageOf(
      { ...row, conversation_id: conversationId },
      owner,
      parentId,
      versions?.get(row.seq) ?? (parentId === null ? versions?.get(0) : undefined),
    );
  });
}

type Place = Message["versions"];

/** The place of each version by its number. The key 0 stands for the first message of the trunk. */
function placesOf([parents, versions, follows]: NonNullable<MessageRows["forks"]>): Map<number, Place> {
  const places = new Map<number, Place>();
  for (let from = 0, to = 0; from < parents.length; from = to) {
    while (parents[to] === parents[from]) to += 1;
    const before = follows[from] === true ? 1 : 0;
    const count = to - from + before;
    const parent = parents[from]!;
    if (before > 0) places.set(parent === 0 ? 0 : parent + 1, { index: 1, count });
    for (let at = from; at < to; at += 1) places.set(versions[at]!, { index: at - from + before + 1, count });
  }
  return places;
}

/** A message from its row. `parentId` and `place` are used if the row has none. */
export function messageOf(
  row: MessageRow,
  owner: Owner,
  parentId: string | null = null,
  place?: Place,
): Message {
  const { parts } = row;
  return {
    id: row.id,
    seq: row.seq,
    conversationId: row.conversation_id,
    userId: userIdOf(owner),
    parentId: row.parent_id === undefined ? parentId : row.parent_id,
    versions: place ?? { index: row.version_index ?? 1, count: row.version_count ?? 1 },
    turnId: row.turn_id,
    role: row.role,
    status: row.status,
    parts,
    content: contentOf(parts),
    toolCalls: toolCallsOf(parts),
    toolCallId: row.role === "tool" ? toolCallIdOf(parts) : null,
    citations: citationsOf(parts),
    contextText: unescapeText(row.context_text),
    intent: unescapeText(row.intent),
    processed: row.processed,
    model: unescapeText(row.model),
    usage: usageFromWire(row.usage),
    error: row.error,
    metadata: row.metadata,
    feedback: row.feedback ? feedbackOf(row.feedback) : null,
    createdAt: instant(row.created_at),
    updatedAt: instant(row.updated_at),
  };
}

function feedbackOf({ rating, comment }: Feedback): Feedback {
  return { rating, comment: unescapeText(comment) };
}

/** A row of `conversations`, as `to_json` writes it. */
export interface ConversationRow {
  id: string;
  scope: string | null;
  scope_label: string | null;
  is_default: boolean;
  title: string | null;
  pinned_at: string | null;
  archived_at: string | null;
  last_seq: number;
  cleared_seq: number;
  deleted_count: number;
  elsewhere_count: number;
  /** Returned by some functions only. */
  head_id?: string | null;
  running_turn: string | null;
  waiting_turn: string | null;
  preview: string | null;
  metadata: JsonObject | null;
  tags: string[];
  expires_at: string | null;
  created_no: number;
  active_no: number;
  deleted_at: string | null;
  created_at: string;
  updated_at: string;
}

export function conversationFromRow(row: ConversationRow, owner: Owner): Conversation {
  return {
    id: row.id,
    userId: userIdOf(owner),
    scope: unescapeText(row.scope),
    scopeLabel: unescapeText(row.scope_label),
    isDefault: row.is_default,
    title: unescapeText(row.title),
    pinnedAt: instant(row.pinned_at),
    archivedAt: instant(row.archived_at),
    messageCount: row.last_seq - row.cleared_seq - row.deleted_count - row.elsewhere_count,
    headId: row.head_id ?? null,
    runningTurn: row.running_turn,
    waitingTurn: row.waiting_turn,
    preview: unescapeText(row.preview),
    metadata: row.metadata,
    tags: row.tags.map(unescapeText),
    expiresAt: instant(row.expires_at),
    createdAt: instant(row.created_at),
    updatedAt: instant(row.updated_at),
  };
}

/** The title from a first question: its first words, at most 60 code points; `null` without text. */
export function titleOf(parts: readonly Part[]): string | null {
  const text = contentOf(parts);
  return beginningOf(text.replace(FENCES, ""), 60) ?? beginningOf(text, 60);
}

/** The lines that open and close a block of code. */
const FENCES = /^[ \t]*(?:`{3,}[^`\n]*|~{3,}.*)$/gmu;

/** The preview of a message: its first 200 code points at most; `null` without text. */
export function previewOf(parts: readonly Part[]): string | null {
  return beginningOf(contentOf(parts), 200);
}

function beginningOf(text: string, most: number): string | null {
  // A code point has at most two UTF-16 units.
  const line = text
    .slice(0, most * 4)
    .replace(/\s+/gu, " ")
    .trim();
  if (line === "") return null;
  let end = 0;
  let beforeLast = 0;
  for (let points = 0; points < most && end < line.length; points += 1) {
    beforeLast = end;
    end += line.codePointAt(end)! > 0xffff ? 2 : 1;
  }
  if (end === line.length) return line;
  const cut = line.slice(0, beforeLast);
  const word = cut.lastIndexOf(" ");
  return `${(word > most / 2 ? cut.slice(0, word) : cut).trimEnd()}…`;
}
