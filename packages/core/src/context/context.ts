import type { Context, ContextMessage, ContextQuery, Message, Owner, Summary } from "@chatkeep/protocol";

import { checkLength, ownerId } from "../arguments.ts";
import type { Database } from "../database/database.ts";
import { type MessageRow, type MessageRows, messageOf, messagesOf } from "../database/rows.ts";
import { unescapeText } from "../database/values.ts";
import type { Recall, RecallQuery } from "../search/recall.ts";
import type { TokenCounter } from "./tokens.ts";
import { turnsOf, validTurn } from "./turns.ts";

/** The number of latest messages that a context considers. */
export const CONTEXT_MESSAGES = 60;

/** The size of a context. */
export interface ContextSettings {
  /** Maximum tokens, without the question. Default 8,000. */
  readonly tokenBudget?: number | undefined;
  /** The share reserved for recalled turns when there are older turns. Default 0.3. */
  readonly recalledShare?: number | undefined;
}

export interface ContextsOptions {
  readonly database: Database;
  readonly recall: Recall;
  readonly tokens: TokenCounter;
  readonly settings: ContextSettings;
}

/** The input of a context. */
interface ContextMaterial {
  readonly owner: Owner;
  readonly conversationId: string;
  /** The question's text; `undefined` recalls nothing. */
  readonly question: string | undefined;
  /** The latest messages of the conversation, oldest first, without the question. */
  readonly latest: readonly Message[];
  readonly summary: Summary | null;
}

/** Builds contexts. */
export interface Contexts {
  /** Errors: the store's. It is called only when older turns are recalled. */
  build(material: ContextMaterial): Promise<Context>;
  /** See `History.getContext`. */
  read(owner: Owner, conversationId: string, query?: ContextQuery): Promise<Context>;
}

/** Builds contexts from the latest whole turns and older turns that match the question. */
export function createContexts({ database, recall, tokens, settings }: ContextsOptions): Contexts {
  const { tokenBudget = 8000, recalledShare = 0.3 } = settings;

  const build = async ({
    owner,
    conversationId,
    question,
    latest,
    summary: given,
  }: ContextMaterial): Promise<Context> => {
    const turns = turnsOf(latest);
    const surelyFit = latest.reduce((most, message) => most + tokens.atMost(message), 0) <= tokenBudget;
    const mayBeOlder =
      latest.length >= CONTEXT_MESSAGES || (!surelyFit && fits(turns, tokenBudget, tokens) < turns.length);
    const summary = mayBeOlder && given !== null ? { ...given, text: unescapeText(given.text) } : null;
    const summarized = summary === null ? 0 : tokens.countText(summary.text);
    const summed = summarized <= tokenBudget / 2 ? summary : null;
    const taken = summed === null ? 0 : summarized;
    const room = tokenBudget - taken;
    const recalling = mayBeOlder && question !== undefined && question.trim() !== "";

    const count = mayBeOlder
      ? fits(turns, recalling ? room * (1 - recalledShare) : room, tokens)
      : turns.length;
    const newest = turns.slice(turns.length - count).flatMap((turn) => weigh(validTurn(turn), false));
    const first = turns[turns.length - count]?.[0];
    const below = first?.seq ?? (latest.at(-1)?.seq ?? 0) + 1;
    const before = (first === undefined ? latest.at(-1)?.id : first.parentId) ?? null;
    const recalled: ContextMessage[][] = [];
    // Of this branch, also when the head has moved since.
    const leaf = latest.at(-1)?.seq;
    if (recalling && leaf !== undefined) {
      let left = room - sum(newest);
      for (const turn of await recalledTurns({ owner, conversationId, question, below, before, leaf })) {
        const weighed = weigh(validTurn(turn), true);
        const cost = sum(weighed);
        if (weighed.length === 0 || cost > left) continue;
        left -= cost;
        recalled.push(weighed);
      }
    }
    const messages = [...recalled.flat().sort((a, b) => a.message.seq - b.message.seq), ...newest];
    return {
      messages,
      summary: summed,
      get tokens() {
        return taken + sum(messages);
      },
      tokenBudget,
    };
  };

  /** Counted on demand: when everything fits, nobody waits for it. */
  const weigh = (turn: readonly Message[], recalled: boolean): ContextMessage[] =>
    turn.map((message) => ({
      message,
      recalled,
      get tokens() {
        return tokens.count(message);
      },
    }));

  /** Older turns that match a question, best first, then the neighbours of the best; each once. */
  const recalledTurns = async (
    query: RecallQuery & { below: number; before: string | null; leaf: number },
  ): Promise<Message[][]> => {
    const { owner, conversationId, below, before, leaf } = query;
    const ranked = await recall({ ...query, limit: RECALLED });
    if (ranked.length === 0) return [];
    const [row] = await database.call("recalled_messages", {
      owner: ownerId(owner),
      conversation: conversationId,
      leaf,
      below_seq: below,
      seqs: ranked.map(({ seq }) => seq),
      reach: REACH,
    });
    const messages = ((row?.recalled_messages ?? []) as MessageRow[]).map((one) => messageOf(one, owner));
    return inOrderOf(ranked, completeTurns(messages, before));
  };

  return {
    build,
    async read(owner, conversationId, { question } = {}) {
      checkLength(question, "question", 10_000);
      await tokens.ready();
      const [row] = await database.call("get_context", {
        owner: ownerId(owner),
        conversation: conversationId,
        parent: null,
        context_limit: CONTEXT_MESSAGES,
      });
      const latest = messagesOf(
        row?.history as MessageRows | undefined,
        owner,
        conversationId,
        CONTEXT_MESSAGES,
      );
      return build({
        owner,
        conversationId,
        question,
        latest,
        summary: (row?.summary ?? null) as Summary | null,
      });
    },
  };
}

/** Maximum recalled messages. */
const RECALLED = 10;
/** Messages read around each recalled one, to find its whole turn. */
const REACH = 4;
/** The number of best turns whose neighbours are included. */
const WITH_NEIGHBOURS = 2;

/** The number of latest turns that fit a budget. */
function fits(turns: readonly (readonly Message[])[], budget: number, tokens: TokenCounter): number {
  let left = budget;
  let count = 0;
  for (const turn of turns.toReversed()) {
    left -= validTurn(turn).reduce((cost, message) => cost + tokens.count(message), 0);
    if (left < 0) break;
    count += 1;
  }
  return count;
}

function sum(messages: readonly ContextMessage[]): number {
  return messages.reduce((cost, one) => cost + one.tokens, 0);
}

/** The complete turns of each run of messages that follow each other. The last turn of a run may be cut off, unless `before` ends it. */
function completeTurns(messages: readonly Message[], before: string | null): Message[][] {
  const runs: Message[][] = [];
  for (const message of messages) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && message.parentId === last.id) runs.at(-1)?.push(message);
    else runs.push([message]);
  }
  return runs.flatMap((run) => {
    const turns = turnsOf(run);
    const end = run.at(-1);
    return end?.id === before || end?.role === "system" ? turns : turns.slice(0, -1);
  });
}

/** Orders turns by their best message, followed by the neighbours of the best. */
function inOrderOf(ranked: readonly { readonly seq: number }[], turns: readonly Message[][]): Message[][] {
  const places = new Map(turns.flatMap((turn, index) => turn.map(({ seq }) => [seq, index] as const)));
  const hits = ranked.flatMap(({ seq }) => places.get(seq) ?? []);
  const beside = hits.slice(0, WITH_NEIGHBOURS).flatMap((index) => [index + 1, index - 1]);
  return [...new Set([...hits, ...beside])].flatMap((index) => {
    const turn = turns[index];
    return turn === undefined ? [] : [turn];
  });
}
