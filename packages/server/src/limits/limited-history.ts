import { AsyncLocalStorage } from "node:async_hooks";

import { ownerId } from "@chatkeep/core";
import {
  ChatkeepError,
  type FileBytes,
  type Json,
  type MessageInput,
  type Owner,
  isChatkeepError,
} from "@chatkeep/protocol";

import type { ServedHistory } from "../history.ts";
import type { CountBytes, RequestLimits } from "./limits.ts";

/** The limits of one request. */
export interface RequestContext {
  /** See `addressOf`; `undefined` for a trusted back end. */
  readonly address: string | undefined;
  /** Whether a server key sent it. */
  readonly isTrusted: boolean;
  /** The limit that the request exceeds. A retry of stored messages is answered all the same. */
  exceeded: ChatkeepError | undefined;
  /** Whether its question is counted. It counts once, even if it must stop another turn and begin again. */
  isCounted?: boolean;
}

/** The context of the current request. */
export const requestContext: AsyncLocalStorage<RequestContext> = new AsyncLocalStorage();

/** The most UTF-16 units of the data parts of a person's message, as of metadata. Server keys may write more. */
const MOST_DATA = 16 * 1024;

type Given = Pick<MessageInput, "id" | "parts" | "toolCalls">;

/**
 * Limits what one owner or address takes of a history through all APIs: questions a minute, bytes a day (a fork's copies
 * count), and reads and forks at once. A retry of a stored message is never refused. Server keys may write any number
 * of bytes.
 */
export function limitHistory(
  history: ServedHistory,
  limits: RequestLimits,
  countBytes: CountBytes,
): ServedHistory {
  const inTurn = createReadQueue();

  const isFree = (): boolean => requestContext.getStore()?.isTrusted !== false;
  const count = (owner: Owner, bytes: number): ChatkeepError | undefined =>
    isFree() ? undefined : countBytes(bytes, owner, requestContext.getStore()?.address);
  const countMessages = (owner: Owner, messages: readonly Given[]): ChatkeepError | undefined => {
    if (isFree()) return undefined;
    checkData(messages);
    return count(owner, lengthOf(messages as unknown as Json));
  };
  /** Throws the exceeded limit, unless all the messages are stored already. */
  const refuse = async (
    exceeded: ChatkeepError | undefined,
    owner: Owner,
    conversationId: string,
    ids: readonly (string | undefined)[],
  ): Promise<void> => {
    if (exceeded === undefined) return;
    const known = ids.filter((id) => id !== undefined);
    if (known.length < ids.length || !(await history.holdsMessages(owner, conversationId, known)))
      throw exceeded;
  };

  /** Counts the turn of a request, and the bytes of its question, once. */
  const admitTurn = async (
    owner: Owner,
    conversationId: string,
    id: string | undefined,
    question?: Given,
  ): Promise<void> => {
    const context = requestContext.getStore();
    if (context?.isCounted === true) return;
    let exceeded = context?.exceeded ?? (await limits.countTurn(owner, context?.address));
    if (question !== undefined) exceeded ??= countMessages(owner, [question]);
    await refuse(exceeded, owner, conversationId, [id]);
    if (context !== undefined) context.isCounted = true;
  };

  /** Reads through a link, unless this address tried too many that do not exist. */
  const guarded = async <T>(read: () => Promise<T>): Promise<T> => {
    const address = requestContext.getStore()?.address;
    const exceeded = address === undefined ? undefined : limits.guessed(address);
    if (exceeded !== undefined) throw exceeded;
    try {
      return await read();
    } catch (error) {
      if (address !== undefined && isChatkeepError(error, "share_not_found")) limits.countGuess(address);
      throw error;
    }
  };

  return {
    ...history,
    async appendMessages(owner, conversationId, messages, options) {
      const exceeded = requestContext.getStore()?.exceeded ?? countMessages(owner, messages);
      const ids = messages.map(({ id }) => id);
      await refuse(exceeded, owner, conversationId, ids);
      return history.appendMessages(owner, conversationId, messages, options);
    },
    putFile: (owner, file, bytes) => {
      if (isFree()) return history.putFile(owner, file, bytes);
      return history.putFile(
        owner,
        file,
        counted(bytes, (length) => count(owner, length)),
      );
    },
    async startTurn(owner, conversationId, question, options) {
      await admitTurn(owner, conversationId, question.id, question);
      return history.startTurn(owner, conversationId, question, options);
    },
    async regenerate(owner, conversationId, messageId, options) {
      await admitTurn(owner, conversationId, options?.id);
      return history.regenerate(owner, conversationId, messageId, options);
    },
    forkConversation: (owner, conversationId, messageId, options) =>
      inTurn(ownerId(owner), () =>
        history.forkConversation(owner, conversationId, messageId, {
          ...options,
          admit(bytes) {
            const exceeded = count(owner, bytes);
            if (exceeded !== undefined) throw exceeded;
          },
        }),
      ),
    getShared: (token) => guarded(() => history.getShared(token)),
    listShared: (token, query) => guarded(() => history.listShared(token, query)),
    getSharedFile: (token, id) => guarded(() => history.getSharedFile(token, id)),
    forkShared: (owner, token, options) =>
      guarded(() =>
        inTurn(ownerId(owner), () =>
          history.forkShared(owner, token, {
            ...options,
            admit(bytes) {
              const exceeded = count(owner, bytes);
              if (exceeded !== undefined) throw exceeded;
            },
          }),
        ),
      ),
    listMessages: (owner, ...query) => inTurn(ownerId(owner), () => history.listMessages(owner, ...query)),
    getMessage: (owner, ...path) => inTurn(ownerId(owner), () => history.getMessage(owner, ...path)),
    getContext: (owner, ...query) => inTurn(ownerId(owner), () => history.getContext(owner, ...query)),
    getTurn: (owner, ...path) => inTurn(ownerId(owner), () => history.getTurn(owner, ...path)),
    searchMessages: (owner, query) => inTurn(ownerId(owner), () => history.searchMessages(owner, query)),
  };
}

/** Counts bytes as they are read. Throws the exceeded limit. */
async function* counted(
  bytes: FileBytes,
  count: (length: number) => ChatkeepError | undefined,
): AsyncGenerator<Uint8Array, void, void> {
  const source = bytes instanceof Uint8Array ? [bytes] : bytes instanceof Blob ? bytes.stream() : bytes;
  for await (const piece of source) {
    const exceeded = count(piece.byteLength);
    if (exceeded !== undefined) throw exceeded;
    yield piece;
  }
}

function checkData(messages: readonly Given[]): void {
  for (const [index, { parts = [], toolCalls }] of messages.entries()) {
    const data = [...parts.filter(({ type }) => type === "data"), toolCalls ?? null];
    if (lengthOf(data as unknown as Json) <= MOST_DATA) continue;
    throw new ChatkeepError(
      "payload_too_large",
      `The data parts of a person's message must have at most ${MOST_DATA} characters.`,
      { pointer: messages.length === 1 ? "/parts" : `/messages/${index}/parts` },
    );
  }
}

/** Roughly the bytes of a value as JSON, without writing it. */
function lengthOf(value: Json | undefined): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 8;
  if (Array.isArray(value)) return value.reduce((sum: number, one) => sum + lengthOf(one), 0);
  return Object.entries(value).reduce((sum, [key, one]) => sum + key.length + lengthOf(one), 0);
}

/** Reads of one owner at once. The pool has ten connections by default. */
const AT_ONCE = 4;
/** The most reads of one owner that wait. */
const WAITING = 100;

/**
 * Runs an owner's reads a few at a time, in order, so that no owner takes all connections. Errors: `rate_limited` when
 * too many wait.
 */
function createReadQueue(): <T>(owner: string, read: () => Promise<T>) => Promise<T> {
  const queues = new Map<string, { running: number; readonly waiting: (() => void)[] }>();

  return async (owner, read) => {
    let queue = queues.get(owner);
    if (queue === undefined) queues.set(owner, (queue = { running: 0, waiting: [] }));
    if (queue.running < AT_ONCE) queue.running += 1;
    else if (queue.waiting.length < WAITING) {
      const { waiting } = queue;
      // The read that ends passes its place on.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      const detail = `This person already has ${AT_ONCE + WAITING} reads in progress. Try again in a second.`;
      throw new ChatkeepError("rate_limited", detail, { retryAfter: 1 });
    }
    try {
      return await read();
    } finally {
      const next = queue.waiting.shift();
      if (next !== undefined) next();
      else if (--queue.running === 0) queues.delete(owner);
    }
  };
}
