import { setImmediate as afterOthers } from "node:timers/promises";

import {
  type Answer,
  ChatkeepError,
  type History,
  type Message,
  type MessagePage,
  type MessageQuery,
  type Owner,
  citationsOf,
  contentOf,
  toolCallsOf,
  usageToWire,
} from "@chatkeep/protocol";

import { type CheckedMessage, checkMessage, checkRange, ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import {
  type MessageRow,
  type MessageRows,
  messageOf,
  messagesOf,
  parentArgument,
  previewOf,
  titleOf,
} from "./database/rows.ts";
import { type FilePartsOptions, createFileParts, cutPage } from "./file-parts.ts";
import { type Limits } from "./maintenance/limits.ts";
import { wordTextOf } from "./search/words.ts";

/** The methods of {@link History} on messages. */
export type Messages = Pick<History, "appendMessages" | "getMessage" | "listMessages" | "clearMessages">;

export interface MessagesOptions extends FilePartsOptions {
  readonly database: Database;
  /** Reads the committed part of a running turn's answer. */
  readonly answerSoFar: (owner: Owner, conversationId: string, turnId: string) => Promise<Answer>;
}

export function createMessages({ answerSoFar, ...options }: MessagesOptions): Messages {
  const { database, limits } = options;
  const { moveOut, putBack } = createFileParts(options);
  const listMessages: Messages["listMessages"] = async (owner, conversationId, query = {}) => {
    const page = await readPage(owner, conversationId, query);
    return { ...page, messages: await putBack(owner, page.messages, query.files) };
  };

  const readPage: Messages["listMessages"] = async (owner, conversationId, query = {}) => {
    const given = [query.before, query.after, query.around, query.offset].filter(
      (value) => value !== undefined,
    );
    if (given.length > 1) {
      throw new ChatkeepError(
        "invalid_request",
        "Give one of before, after, around and offset, not several.",
        {
          pointer: "before",
        },
      );
    }
    if (query.branches === "all") return listTree(owner, conversationId, query);
    if (query.around !== undefined) return listAround(owner, conversationId, query.around, query);
    const size = checkRange(query.limit, "limit", 1, 100, 50);
    const [page] = await database.call("page_messages", {
      owner: ownerId(owner),
      conversation: conversationId,
      leaf: query.leaf ?? null,
      before_seq: seqOf(query.before, "before"),
      after_seq: seqOf(query.after, "after"),
      page_offset: checkRange(query.offset, "offset", 0, Number.MAX_SAFE_INTEGER, 0),
      page_limit: size,
    });
    const messages = cut(messagesOf(page as MessageRows, owner, conversationId, size), query);
    const streaming = messages.findIndex((message) => message.status === "streaming");
    if (streaming >= 0) messages[streaming] = await withAnswer(messages[streaming]!, owner, answerSoFar);
    return {
      messages,
      total: page?.total ?? 0,
      hasMore: (messages[0]?.parentId ?? null) !== null,
    };
  };

  const listTree = async (
    owner: Owner,
    conversationId: string,
    { leaf, before, after, around, offset, limit, files }: MessageQuery,
  ): Promise<MessagePage> => {
    if ([leaf, around, offset].some((value) => value !== undefined)) {
      throw new ChatkeepError("invalid_request", "`branches` goes with before or after and limit only.", {
        pointer: "branches",
      });
    }
    const [page] = await database.call("page_tree", {
      owner: ownerId(owner),
      conversation: conversationId,
      before_seq: seqOf(before, "before"),
      after_seq: seqOf(after, "after"),
      page_limit: checkRange(limit, "limit", 1, 100, 50),
    });
    const rows = (page?.messages ?? []) as MessageRow[];
    const messages = cut(
      rows.map((row) => messageOf(row, owner)),
      { after, files },
    );
    return {
      messages: await Promise.all(messages.map((message) => withAnswer(message, owner, answerSoFar))),
      total: page?.total ?? 0,
      hasMore: page?.has_more === true || messages.length < rows.length,
    };
  };

  /** A window of messages: half up to and including a number, half after it. */
  const listAround = async (
    owner: Owner,
    conversationId: string,
    around: number,
    { leaf, limit, files }: MessageQuery,
  ): Promise<MessagePage> => {
    const middle = checkRange(around, "around", 0, Number.MAX_SAFE_INTEGER - 1, 0);
    const size = checkRange(limit, "limit", 1, 100, 50);
    const half = Math.ceil(size / 2);
    const [older, newer] = await Promise.all([
      readPage(owner, conversationId, { leaf, files, before: middle + 1, limit: half }),
      readPage(owner, conversationId, { leaf, files, after: middle, limit: Math.max(1, size - half) }),
    ]);
    return {
      ...older,
      messages: [...older.messages, ...newer.messages].slice(0, size),
      hasMore: older.messages.length > 0 ? older.hasMore : newer.hasMore,
    };
  };

  return {
    async appendMessages(owner, conversationId, given, { parent, expectedHead } = {}) {
      checkCount(given.length, limits);
      const inputs = await moveOut(owner, conversationId, given);
      const messages = await mapInSlices(inputs, (input, index) =>
        checkMessage(input, limits, inputs.length > 1 ? `/messages/${index}` : ""),
      );
      checkBatch(messages, limits);
      const wordTexts = await mapInSlices(messages, ({ parts }) => wordTextOf(parts));
      const question = messages.find((message) => message.role === "user");
      const rows = await database.call("append_messages", {
        owner: ownerId(owner),
        conversation: conversationId,
        parent: parentArgument(parent),
        expected_head: expectedHead ?? null,
        ids: messages.map((message) => message.id),
        roles: messages.map((message) => message.role),
        bodies: messages.map((message) => message.parts),
        context_texts: columnOf(messages, ({ contextText }) => contextText),
        intents: columnOf(messages, ({ intent }) => intent),
        processed_flags: columnOf(messages, ({ processed }) => processed),
        models: columnOf(messages, ({ model }) => model),
        usages: columnOf(messages, ({ usage }) => usage && usageToWire(usage)),
        metadatas: columnOf(messages, ({ metadata }) => metadata),
        statuses: columnOf(messages, ({ status }) => status),
        errors: columnOf(messages, ({ error }) => error),
        created_ats: columnOf(messages, ({ createdAt }) => createdAt),
        word_texts: wordTexts,
        new_title: question === undefined ? null : titleOf(question.parts),
        new_preview: previewOf(messages.at(-1)!.parts),
      });
      const stored = new Map(
        rows
          .map((row) => messageOf(row.message as MessageRow, owner, row.parent_id))
          .map((one) => [one.id, one]),
      );
      return putBack(
        owner,
        messages.map((message) => stored.get(message.id)!),
      );
    },

    listMessages,

    async getMessage(owner, conversationId, messageId) {
      const [row] = await database.call("get_message", {
        owner: ownerId(owner),
        conversation: conversationId,
        message_id: messageId,
      });
      const stored = messageOf(row?.get_message as MessageRow, owner);
      const [message] = await putBack(owner, [await withAnswer(stored, owner, answerSoFar)]);
      return message!;
    },

    async clearMessages(owner, conversationId) {
      const [row] = await database.call("clear_messages", {
        owner: ownerId(owner),
        conversation: conversationId,
      });
      return { deleted: row?.clear_messages ?? 0 };
    },
  };
}

/** As much of a page as fits with the bytes of its files. */
function cut(messages: readonly Message[], { files, after }: MessageQuery): Message[] {
  return files === "url" ? [...messages] : cutPage(messages, after !== undefined);
}

function seqOf(given: number | undefined, name: string): number | null {
  return given === undefined ? null : checkRange(given, name, 0, Number.MAX_SAFE_INTEGER, 0);
}

/** Fills a streaming message with its committed text. */
export async function withAnswer(
  message: Message,
  owner: Owner,
  answerSoFar: MessagesOptions["answerSoFar"],
): Promise<Message> {
  if (message.status !== "streaming" || message.turnId === null) return message;
  const { parts, model, usage, intent, processed } = await answerSoFar(
    owner,
    message.conversationId,
    message.turnId,
  );
  return {
    ...message,
    parts,
    content: contentOf(parts),
    toolCalls: toolCallsOf(parts),
    citations: citationsOf(parts),
    model,
    usage,
    intent,
    processed,
  };
}

/** One value of each message; `null` if all are null, which `unnest` expands alike. */
function columnOf<T>(
  messages: readonly CheckedMessage[],
  valueOf: (message: CheckedMessage) => T | null | undefined,
): (T | null)[] | null {
  const values = messages.map((message) => valueOf(message) ?? null);
  return values.every((value) => value === null) ? null : values;
}

function checkCount(count: number, { batch }: Limits): void {
  if (count >= 1 && count <= batch) return;
  const detail = `An append takes 1 to ${batch} messages, not ${count}.`;
  throw new ChatkeepError("invalid_request", detail, { pointer: "/messages" });
}

function checkBatch(messages: readonly CheckedMessage[], { batchText }: Limits): void {
  const seen = new Set<string>();
  let text = 0;
  for (const [index, { id, parts }] of messages.entries()) {
    if (seen.has(id)) {
      const detail = "Two messages of one append have the same id.";
      throw new ChatkeepError("invalid_request", detail, { pointer: `/messages/${index}/id` });
    }
    seen.add(id);
    text += contentOf(parts).length;
  }
  if (messages.length === 1 || text <= batchText) return;
  const detail = `The messages hold ${text} characters of text; one append takes ${batchText}. Send them in several.`;
  throw new ChatkeepError("payload_too_large", detail, { pointer: "/messages" });
}

/** Milliseconds of work after which others have their turn. */
const SLICE = 10;

/** Maps large values in slices: 8 MB of messages at once held the event loop for up to two seconds. */
async function mapInSlices<T, R>(values: readonly T[], map: (value: T, index: number) => R): Promise<R[]> {
  const mapped: R[] = [];
  let began = performance.now();
  for (const [index, value] of values.entries()) {
    if (performance.now() - began > SLICE) {
      await afterOthers();
      began = performance.now();
    }
    mapped.push(map(value, index));
  }
  return mapped;
}
