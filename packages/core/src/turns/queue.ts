import {
  type Owner,
  type Question,
  type QueuedQuestion,
  type Turn,
  isChatkeepError,
} from "@chatkeep/protocol";

import { askerOf, ownerFrom, ownerId } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import { parentArgument } from "../database/rows.ts";
import { beginTurn } from "./begin.ts";
import type { Node } from "./node.ts";
import { type QueuedRow, placedQuestion, queuedQuestion, queuedTurn } from "./queued.ts";
import type { Running } from "./running.ts";
import { type NewTurn, type TurnKey, argsOf } from "./turn.ts";

/** The questions that wait for an answer to end; see {@link createQueue}. */
export interface Queue {
  /**
   * Stores a question behind those that wait, unless it waits already. `busyId` is the turn that kept it from beginning.
   * `undefined` if none waits and no answer is given: it can begin. Errors: `turn_in_progress`, `idempotency_mismatch`, `unavailable`.
   */
  add(turn: NewTurn, whenBusy: Question["whenBusy"], busyId: string): Promise<Turn | undefined>;
  /**
   * Begins the next question of a conversation here, if it can begin now. Of several nodes one does. Resolves with
   * `false` if this one did not. Errors: `unavailable`; `rate_limited` when a budget is used up: the question is held.
   */
  beginNext(key: Omit<TurnKey, "turnId">): Promise<boolean>;
  /** Begins the next question, for no caller that waits: resolves with `false` if a budget is used up. Errors: `unavailable`. */
  beginUnasked(key: Omit<TurnKey, "turnId">): Promise<boolean>;
  /** Called when a turn has ended here: begins the question that follows it, if one may. */
  ended(key: TurnKey): Promise<void>;
  list(owner: Owner, conversationId: string): Promise<QueuedQuestion[]>;
  delete(owner: Owner, conversationId: string, messageId: string): Promise<void>;
}

export interface QueueOptions {
  readonly database: Database;
  readonly node: Node;
  readonly running: Running;
  readonly isClosing: () => boolean;
  /** The default budgets; see `budgetDefaults`. A question over a budget is held. */
  readonly budgets: object | null;
  /** Called when a question began here, to wake its readers. */
  readonly onBegin: () => void;
}

/** Questions that wait in one conversation. */
const MOST = 20;
/** Characters of their parts as JSON. */
const MOST_LENGTH = 1_000_000;

/** A question waits as a row, and `begin_turn` deletes the row as it stores the message; docs/decisions/0085. */
export function createQueue({ database, node, running, isClosing, budgets, onBegin }: QueueOptions): Queue {
  /** Conversations with a turn here that a question may follow. All other questions are found by a look. */
  const followed = new Set<string>();
  const beginning = new Map<string, Promise<boolean>>();
  const nameOf = ({ ownerId: owner, conversationId }: Omit<TurnKey, "turnId">): string =>
    `${owner} ${conversationId}`;

  const begin = async (key: Omit<TurnKey, "turnId">): Promise<boolean> => {
    const place = { owner: key.ownerId, conversation: key.conversationId };
    const [found] = await database.call("next_queued_question", place);
    const row = (found?.next_queued_question ?? null) as QueuedRow | null;
    if (row === null || running.known().includes(row.turn_id)) return false;
    const turn: NewTurn = {
      key: { ...key, turnId: row.turn_id },
      owner: ownerFrom(row.asker, key.ownerId),
      question: placedQuestion(row),
      isStored: false,
      replyId: row.reply_id,
      createdAt: new Date().toISOString(),
    };
    try {
      const begun = await beginTurn(database, node, turn, { budgets, expectedHead: null });
      if (!begun.isNew) return false;
      running.run(turn, begun, true);
      followed.add(nameOf(key));
    } catch (error) {
      // Another question began, or it was deleted with its conversation.
      if (isChatkeepError(error, "turn_in_progress") || isChatkeepError(error, "conversation_not_found"))
        return false;
      if (isChatkeepError(error, "unavailable")) throw error;
      // A question that cannot begin would block those after it.
      await database.call("hold_queued_question", { ...place, message_id: row.message_id });
      if (isChatkeepError(error, "internal") || isChatkeepError(error, "rate_limited")) throw error;
      return false;
    }
    onBegin();
    return true;
  };

  const beginNext: Queue["beginNext"] = async (key) => {
    if (isClosing()) return false;
    const name = nameOf(key);
    const begun = beginning.get(name) ?? begin(key).finally(() => beginning.delete(name));
    beginning.set(name, begun);
    return begun;
  };

  const beginUnasked: Queue["beginUnasked"] = async (key) => {
    try {
      return await beginNext(key);
    } catch (error) {
      if (isChatkeepError(error, "rate_limited")) return false;
      throw error;
    }
  };

  return {
    async add({ key, owner, question, replyId }, whenBusy = "reject", busyId) {
      const [row] = await database.call("queue_question", {
        ...argsOf(key),
        message_id: question.id,
        reply_id: replyId,
        parent: parentArgument(question.parent),
        body: question.parts,
        context_text: question.contextText ?? null,
        metadata: question.metadata ?? null,
        asker: askerOf(owner),
        steers: whenBusy === "steer",
        is_new: whenBusy !== "reject",
        most: MOST,
        most_length: MOST_LENGTH,
      });
      const stored = (row?.queue_question ?? null) as QueuedRow | null;
      if (stored === null) return undefined;
      const live = running.find({ ...key, turnId: busyId });
      if (live !== undefined) followed.add(nameOf(key));
      // Another node reads it with its next flush.
      if (whenBusy === "steer") live?.steer();
      return queuedTurn(stored);
    },

    beginNext,
    beginUnasked,

    async ended(key) {
      const name = nameOf(key);
      if (followed.delete(name)) await beginUnasked(key);
    },

    async list(owner, conversationId) {
      const place = { owner: ownerId(owner), conversation: conversationId };
      const [found] = await database.call("list_queued_questions", place);
      return (found!.list_queued_questions as QueuedRow[]).map(queuedQuestion);
    },

    async delete(owner, conversationId, messageId) {
      const place = { owner: ownerId(owner), conversation: conversationId, message_id: messageId };
      await database.call("delete_queued_question", place);
    },
  };
}
