import {
  type ContextRecord,
  type History,
  type Owner,
  type Responder,
  isChatkeepError,
} from "@chatkeep/protocol";

import { createBranches } from "./branches.ts";
import { type ContextSettings, createContexts } from "./context/context.ts";
import { createPreparation } from "./context/prepare.ts";
import { type Summarizer, createSummaries } from "./context/summaries.ts";
import { type TitleGenerator, createTitles } from "./context/titles.ts";
import { createTokenCounter } from "./context/tokens.ts";
import { createConversations } from "./conversations.ts";
import type { DatabaseHealth } from "./database/breaker.ts";
import { type Database, createDatabase } from "./database/database.ts";
import { conversationNotFound } from "./database/failure.ts";
import type { FunctionName } from "./database/functions.ts";
import type { ConnectionPool, Queryable } from "./database/pool.ts";
import { type Handles, createHandles } from "./handles.ts";
import { type IdempotencyKeys, createIdempotencyKeys } from "./idempotency-keys.ts";
import { type JanitorOptions, purge } from "./maintenance/janitor.ts";
import { DEFAULT_LIMITS, type Limits } from "./maintenance/limits.ts";
import { type Overview, readOverview } from "./maintenance/overview.ts";
import { createMessages } from "./messages.ts";
import { ownerId } from "./owners.ts";
import { type PersonalData, createPersonalData } from "./personal-data.ts";
import { indexBacklog } from "./search/backlog.ts";
import { type EmbeddingWorker, createEmbeddingWorker } from "./search/embedding-worker.ts";
import type { Embedding } from "./search/embedding.ts";
import type { Ranked } from "./search/rank.ts";
import { type RecallQuery, createRecall } from "./search/recall.ts";
import { createSearch } from "./search/search.ts";
import { createVectorSearch } from "./search/vector-search.ts";
import { type OutagePolicy, type UnsavedAnswers, createTurns } from "./turns/turns.ts";
import { type StoreCalls, createStoreCalls } from "./with-client.ts";

export interface HistoryOptions {
  /** The host's `pg` pool, or any with its shape. It is not closed with the history. */
  readonly pool: ConnectionPool;
  /**
   * Asks whether the database lives: a pool of one connection of its own, so that a full `pool` is told from an
   * outage (default: `pool`). It is not closed with the history.
   */
  readonly probe?: Queryable;
  /** The schema that `migrate` made (default `chatkeep`). */
  readonly schema?: string;
  /** The function that answers; without one, no turn can be started. */
  readonly responder?: Responder;
  readonly limits?: Partial<Limits>;
  /** How much of the history a responder is given. */
  readonly context?: ContextSettings;
  /** Sums up what is too old for the context, in the background (default: nothing is summed up). */
  readonly summarize?: Summarizer;
  /** Names conversations, in the background, once, and never over a person's title (default: the first question does). */
  readonly generateTitle?: TitleGenerator;
  /**
   * Finds by meaning too, where `migrate` made a place for vectors: messages are embedded in the background, and
   * recall and search join what is near with what holds the words (default: words alone).
   */
  readonly embedding?: Embedding;
  /** Milliseconds within which a dead node's turns are settled (default 10,000). */
  readonly lease?: number;
  /** Milliseconds that a settled turn's events are kept at least (default 10 minutes). */
  readonly eventsGrace?: number;
  /** Milliseconds without a word of the responder after which its answer has failed (default 120,000). */
  readonly idleTimeout?: number;
  /** What is done while the database is down (default: `required` for users, `best-effort` for sessions). */
  readonly outage?: Partial<Record<Owner["kind"], OutagePolicy>>;
  /**
   * Whether what is somebody else's is answered as if it were not there: `conversation_not_found` in the
   * place of `forbidden`, and an id that somebody else uses can be used anew (default `false`).
   */
  readonly hideExistence?: boolean;
  /** Default `auto`: prepared under names until a pooler turns out not to keep them. */
  readonly preparedStatements?: "auto" | "never";
  /** Told what went wrong where nobody waits for an answer, for the operator's log; default nobody. */
  readonly onError?: (error: unknown, turnId?: string) => void;
}

/** How the history is. */
export interface Health {
  /** `degraded`: the database is down and sessions are answered without saving; `down`: nobody is. */
  readonly status: "ok" | "degraded" | "down";
  readonly database: DatabaseHealth;
}

/** {@link History} on PostgreSQL. */
export interface CoreHistory
  extends Omit<History, keyof PersonalData>, PersonalData, Handles, IdempotencyKeys {
  /** Asks the database now. */
  health(): Promise<Health>;
  /** Deletes for good what its time is over for; see {@link JanitorOptions}. Resolves with the number of steps. */
  purge(options?: JanitorOptions, signal?: AbortSignal): Promise<number>;
  /**
   * Makes findable what an older release stored before messages were, in small transactions, and embeds what is
   * not embedded yet; any number of nodes may. Resolves with the number of steps when nothing is left.
   */
  indexBacklog(signal?: AbortSignal): Promise<number>;
  /**
   * Whether the owner's conversation holds messages with all of these ids, so that who sends them sends
   * them again. `false` where there is no such conversation.
   */
  holdsMessages(owner: Owner, conversationId: string, ids: readonly string[]): Promise<boolean>;
  /** The messages of a conversation that fit a question, best first: what the context recalls. Empty when it is not the owner's. */
  recallMessages(query: RecallQuery): Promise<Ranked[]>;
  /** The store's calls on a connection of the host's, in its own transaction; see {@link StoreCalls}. */
  withClient(client: Queryable): StoreCalls;
  /** How many turns run on this node. */
  runningTurns(): number;
  /** How many answers were given unsaved; see {@link UnsavedAnswers}. */
  unsavedAnswers(): UnsavedAnswers;
  /** What an operator is told of the store. Errors: `unavailable`. */
  overview(): Promise<Overview>;
  /**
   * Takes no more turns, lets the running ones finish for `grace` milliseconds (default 0), settles the
   * rest as `interrupted`, and lets go of what it holds. The pool stays open.
   */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/**
 * Conversation memory on PostgreSQL: see {@link History} for what every method promises. `migrate` must
 * have run. Opens no connection by itself.
 */
export function createHistory(options: HistoryOptions): CoreHistory {
  const onError = quietly(options.onError);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const outage = { user: "required", session: "best-effort", ...options.outage } as const;
  const { hideExistence = false } = options;
  const open = createDatabase({
    pool: options.pool,
    ...(options.probe === undefined ? {} : { probe: options.probe }),
    ...(options.schema === undefined ? {} : { schema: options.schema }),
    preparedStatements: options.preparedStatements ?? "auto",
    onConnectionError: onError,
  });
  const guard = (unguarded: Database): Database => (hideExistence ? withoutForbidden(unguarded) : unguarded);
  const { embedding } = options;
  const worker =
    embedding === undefined ? undefined : createEmbeddingWorker({ database: open, embedding, onError });
  const database = worker === undefined ? guard(open) : touching(guard(open), worker);
  const vectorSearch =
    embedding === undefined ? undefined : createVectorSearch({ database, embedding, onError });
  const recall = createRecall(database, vectorSearch);
  const tokens = createTokenCounter();
  const contexts = createContexts({ database, recall, tokens, settings: options.context ?? {} });
  const closing = new AbortController();
  const preparation = createPreparation({
    contexts,
    summaries:
      options.summarize === undefined
        ? undefined
        : createSummaries({ database, summarize: options.summarize, signal: closing.signal, onError }),
    titles:
      options.generateTitle === undefined
        ? undefined
        : createTitles({ database, generateTitle: options.generateTitle, signal: closing.signal, onError }),
    closing,
    onError,
  });
  const turns = createTurns({
    preparation,
    database,
    pool: options.pool,
    limits,
    responder: options.responder,
    lease: options.lease ?? 10_000,
    eventsGrace: options.eventsGrace ?? 600_000,
    idleTimeout: options.idleTimeout ?? 120_000,
    outage,
    onError,
  });
  const personal = createPersonalData(database);
  const close = async ({ grace = 0 } = {}): Promise<void> => {
    await turns.close(grace);
    await preparation.close(grace);
    await worker?.close();
    database.close();
  };
  const { startTurn, regenerate, importTurn, getTurn, followTurn, stopTurn, stopRunning } = turns;
  return {
    ...createConversations({ database, limits, hideExistence, stopRunning }),
    ...createMessages({ database, limits, answerSoFar: turns.answerSoFar }),
    ...createBranches(database, limits),
    ...personal,
    async claimSession(user, session, options) {
      const claimed = await personal.claimSession(user, session, options);
      turns.detachReaders(ownerId(session));
      return claimed;
    },
    ...createHandles(database),
    ...createIdempotencyKeys(database),
    ...createSearch({ database, vectorSearch }),
    getContext: (owner, conversationId, query) => contexts.read(owner, conversationId, query),
    recallMessages: recall,
    async getTurnContext(owner, conversation, turnId) {
      await getTurn(owner, conversation, turnId);
      const place = { owner: ownerId(owner), conversation, turn_id: turnId };
      const [row] = await database.call("get_turn_context", place);
      return (row?.get_turn_context ?? null) as ContextRecord | null;
    },
    withClient: (client) =>
      createStoreCalls(client, {
        schema: options.schema,
        limits,
        hideExistence,
        answerSoFar: turns.answerSoFar,
        database: open,
        guard,
      }),
    purge: (purged, signal) => purge(database, purged, signal),
    indexBacklog: async (signal) =>
      (await indexBacklog(database, signal)) + ((await worker?.run(signal)) ?? 0),
    async holdsMessages(owner, conversation, ids) {
      const [row] = await database.call("holds_messages", { owner: ownerId(owner), conversation, ids });
      return row?.holds_messages === true;
    },
    startTurn,
    regenerate,
    importTurn,
    getTurn,
    followTurn,
    stopTurn,
    async health() {
      const probed = await database.breaker.probe();
      const answering = Object.values(outage).includes("best-effort");
      return { status: probed.status === "ok" ? "ok" : answering ? "degraded" : "down", database: probed };
    },
    runningTurns: () => turns.running(),
    unsavedAnswers: () => turns.unsaved(),
    overview: () => readOverview(database),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** The operator's log, which cannot throw: what is told may be anything that a responder threw. */
function quietly(onError: HistoryOptions["onError"]): NonNullable<HistoryOptions["onError"]> {
  return (...told) => {
    try {
      onError?.(...told);
    } catch {
      // Nobody is left to tell.
    }
  };
}

/** The same functions, which do not tell what is somebody else's from what is not there. */
function withoutForbidden(database: Database): Database {
  return {
    ...database,
    call: async (name, args) => {
      try {
        return await database.call(name, args);
      } catch (error) {
        // The cause goes too: it names the difference, and a log may keep it.
        throw isChatkeepError(error, "forbidden") ? conversationNotFound() : error;
      }
    },
  };
}

/** What makes something findable that was not before. */
const FINDABLE: ReadonlySet<FunctionName> = new Set([
  "append_messages",
  "restore_messages",
  "fork_conversation",
  "begin_turn",
  "settle_turn",
  "import_unsaved_turn",
]);

/** The same functions, which tell the worker when there is something to embed. */
function touching(database: Database, worker: EmbeddingWorker): Database {
  return {
    ...database,
    call: async (name, args) => {
      const rows = await database.call(name, args);
      if (FINDABLE.has(name)) worker.touch();
      return rows;
    },
  };
}
