import { createHash, randomUUID } from "node:crypto";

import type { Conversation, History, MessageInput, Owner } from "@chatkeep/protocol";

/**
 * OpenAI's clients send a POST again when its reply was lost, without a key: only `x-stainless-retry-count`
 * tells that it is not the first time. So that nothing is stored twice, the ids of messages that come without
 * one are made from where the conversation ended when the request came (`tail`) and from the request's body.
 *
 * - The first sending (count 0) takes the present tail. Two of the same body, one after the other, find
 *   different tails, for the first moved it: both are stored. Of the same body at the same time each takes
 *   an ordinal of its own.
 * - A retry (count ≥ 1) looks among the latest messages for the ids that an earlier sending of the same body
 *   would have made, from any tail: if one is there, that sending was stored, and its ids are taken, which the
 *   store recognises under the conversation's lock and stores nothing. If none is there, it takes the present
 *   tail as the first sending did, so that a first sending which is still under way has the same ids, and
 *   whichever of the two comes second stores nothing.
 *
 * So a request is stored at most once, whenever its connection is cut, on whatever node its retries come in,
 * unless 100 messages or two minutes come between. It is never taken for an equal one before it, unless that
 * was stored within the two minutes and the first sending of this one never reached us: nothing in what the
 * client sends tells these two apart.
 */
export interface Retries {
  /** Calls `append` with ids for the messages that came without one. */
  appendOnce<T>(
    sending: Sending,
    messages: readonly MessageInput[],
    append: (messages: readonly MessageInput[]) => Promise<T>,
  ): Promise<T>;
  /**
   * Makes a conversation for a body that says something, under the id that `create` is given; a retry finds
   * the one that an earlier sending made within the two minutes, by the first half of its id.
   */
  conversationOnce(
    sending: Omit<Sending, "conversationId">,
    create: (id: string) => Promise<Conversation>,
  ): Promise<Conversation>;
}

/** A POST that stores messages. */
interface Sending {
  readonly request: Request;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly body: unknown;
}

/** How many of the latest messages a retry looks at. */
const LOOK_BACK = 100;
/** Milliseconds after which no client tries again: two retries, each at most 60 s later. */
const WINDOW = 120_000;
/** How many sendings of one body at once are told apart. */
const MOST_AT_ONCE = 8;

/** Recognises what OpenAI's clients send again; see {@link Retries}. */
export function createRetries(history: Pick<History, "listMessages" | "listConversations">): Retries {
  /** The ordinals that are taken, by what the ids are made of. */
  const underWay = new Map<string, Set<number>>();

  const earlier = async (sending: Sending, digest: string): Promise<string | undefined> => {
    const { messages } = await history.listMessages(sending.owner, sending.conversationId, {
      limit: LOOK_BACK,
    });
    const since = Date.now() - WINDOW;
    const ids = new Set(
      messages.filter(({ createdAt }) => Date.parse(createdAt) > since).map(({ id }) => id),
    );
    const tails = messages.flatMap(({ seq }) => [seq - 1, seq]);
    for (const tail of new Set([0, ...tails])) {
      for (let ordinal = 0; ordinal < MOST_AT_ONCE; ordinal++) {
        const seed = seedOf(digest, tail, ordinal);
        if (ids.has(uuidOf(seed, 0))) return seed;
      }
    }
    return undefined;
  };

  const tailOf = async ({ owner, conversationId }: Sending): Promise<number> =>
    (await history.listMessages(owner, conversationId, { limit: 1 })).messages.at(-1)?.seq ?? 0;

  return {
    async appendOnce(sending, messages, append) {
      if (messages.every(({ id }) => id !== undefined)) return append(messages);
      const digest = digestOf(sending);
      const isRetry = isRetried(sending.request);
      const before = isRetry ? await earlier(sending, digest) : undefined;
      if (before !== undefined) return append(named(messages, before));

      // A retry is the sending before it, so it takes no ordinal of its own.
      if (isRetry) return append(named(messages, seedOf(digest, await tailOf(sending), 0)));
      // Taken before the tail is read: who comes after this one is done finds another tail.
      const taken = underWay.get(digest) ?? new Set<number>();
      underWay.set(digest, taken);
      let ordinal = 0;
      while (taken.has(ordinal)) ordinal += 1;
      taken.add(ordinal);
      try {
        return await append(named(messages, seedOf(digest, await tailOf(sending), ordinal)));
      } finally {
        taken.delete(ordinal);
        if (taken.size === 0) underWay.delete(digest);
      }
    },

    async conversationOnce({ request, owner, body }, create) {
      const prefix = uuidOf(digestOf({ owner, conversationId: "", body }), 0).slice(0, 18);
      if (isRetried(request)) {
        const query = { sort: "createdAt", limit: 20 } as const;
        const { conversations } = await history.listConversations(owner, query);
        const since = Date.now() - WINDOW;
        const made = conversations.find(
          ({ id, createdAt }) => id.startsWith(prefix) && Date.parse(createdAt) > since,
        );
        if (made !== undefined) return made;
      }
      return create(prefix + randomUUID().slice(18));
    },
  };
}

function isRetried(request: Request): boolean {
  return Number(request.headers.get("x-stainless-retry-count") ?? 0) > 0;
}

function named(messages: readonly MessageInput[], seed: string): MessageInput[] {
  return messages.map((message, index) => ({ ...message, id: message.id ?? uuidOf(seed, index) }));
}

function seedOf(digest: string, tail: number, ordinal: number): string {
  return `${digest} ${tail} ${ordinal}`;
}

function digestOf({ owner, conversationId, body }: Omit<Sending, "request">): string {
  return createHash("sha256")
    .update(JSON.stringify([owner.kind, owner.id, conversationId, body]))
    .digest("hex");
}

/** A UUID (version 8, RFC 9562) of the seed and a message's place in the body. */
function uuidOf(seed: string, index: number): string {
  const hash = createHash("sha256").update(`${seed} ${index}`).digest().subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
