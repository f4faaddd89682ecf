import {
  type BudgetLimits,
  type CheckpointStore,
  type ContextRecord,
  type History,
  type Owner,
  type Responder,
  type Turn,
  isChatkeepError,
} from "@chatkeep/protocol";

import { ownerId } from "./arguments.ts";
import { type Branches, type BranchesOptions, createBranches } from "./branches.ts";
import { budgetDefaults } from "./budgets.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { type ContextSettings, createContexts } from "./context/context.ts";
import { createPreparation } from "./context/prepare.ts";
import { type Summarizer, createSummaries } from "./context/summaries.ts";
import { type TitleGenerator, createTitles } from "./context/titles.ts";
import { createTokenCounter } from "./context/tokens.ts";
import { createConversations } from "./conversations.ts";
import { type Database, createClientDatabase, createDatabase } from "./database/database.ts";
import { conversationNotFound } from "./database/failure.ts";
import type { FunctionName } from "./database/functions.ts";
import type { ConnectionPool, Queryable } from "./database/pool.ts";
import { inTransaction } from "./database/transaction.ts";
import { createWriteTrial } from "./database/write-trial.ts";
import { createFileParts, givenFiles, withFiles } from "./file-parts.ts";
import { createFiles } from "./files.ts";
import { type Handles, createHandles } from "./handles.ts";
import { type IdempotencyKeys, createIdempotencyKeys } from "./idempotency-keys.ts";
import { type JanitorOptions, purge } from "./maintenance/janitor.ts";
import { DEFAULT_LIMITS, type Limits } from "./maintenance/limits.ts";
import { renewParts } from "./maintenance/old-parts.ts";
import { type Overview, readOverview } from "./maintenance/overview.ts";
import { createMessages } from "./messages.ts";
import { type ObjectStore, deleteDueObjects } from "./objects.ts";
import { type PersonalData, createPersonalData } from "./personal-data.ts";
import { indexBacklog } from "./search/backlog.ts";
import { type EmbeddingWorker, createEmbeddingWorker } from "./search/embedding-worker.ts";
import type { Embedding } from "./search/embedding.ts";
import { type Ranked, type RecallQuery, createRecall } from "./search/recall.ts";
import { createSearch } from "./search/search.ts";
import { createVectorSearch } from "./search/vector-search.ts";
import { type Shares, createShares } from "./shares.ts";
import { type OutagePolicy, type UnsavedAnswers, createTurns } from "./turns/turns.ts";
import { type UsageCounters, createUsage } from "./usage.ts";
import { type StoreCalls, createStoreCalls } from "./with-client.ts";

export interface HistoryOptions {
  /** The host's `pg` pool, or one of its shape. The history does not close it. */
  readonly pool: ConnectionPool;
  /**
   * A pool of one connection for health probes. Default: `pool`; then a full pool looks like an outage, and `onError` says
   * so. The history does not close it.
   */
  readonly probe?: Queryable;
  /** Milliseconds without an answer after which the database counts as down. Default 1,800. */
  readonly databaseTimeout?: number;
  /** The schema that `migrate` created. Default `chatkeep`. */
  readonly schema?: string;
  /** The function that answers. Without it, no turn can be started. */
  readonly responder?: Responder;
  readonly limits?: Partial<Limits>;
  /** Tokens and cost of one owner's answers a day and month; `setBudgets` sets an owner's own. Default: no limits. */
  readonly budgets?: Partial<BudgetLimits>;
  /**
   * Where the bytes of files are kept: `createS3Store` of `chatkeep/s3`. Default: PostgreSQL. Files that are in PostgreSQL
   * already stay there.
   */
  readonly objects?: ObjectStore | undefined;
  /** The size of the context that a responder gets. */
  readonly context?: ContextSettings;
  /** Summarizes messages that no longer fit the context, in the background. Default: no summaries. */
  readonly summarize?: Summarizer;
  /** Generates titles once, in the background, and never replaces a person's title. Default: the first question is the title. */
  readonly generateTitle?: TitleGenerator;
  /**
   * Embeds messages in the background and adds vector search to recall and search. Requires the vector tables of
   * `migrate`. Default: words only.
   */
  readonly embedding?: Embedding;
  /** Milliseconds until a dead node's turns are continued, or settled as `interrupted`. Default 10,000. */
  readonly lease?: number;
  /**
   * Milliseconds for which a turn whose node died or ended waits for a node that continues it. Then it is settled as
   * `interrupted`. Default 60,000.
   */
  readonly handover?: number;
  /** Minimum time in milliseconds that a settled turn's events are kept. Default 600,000. */
  readonly eventsGrace?: number;
  /** Milliseconds without an event of the responder after which its turn fails. Default 120,000. */
  readonly idleTimeout?: number;
  /**
   * Keeps a function's instance alive until the promise is settled: `waitUntil` of a platform, `after` of Next.js. Called
   * with each turn and its background work. Default: not called, because a server stays alive.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
  /**
   * Milliseconds after which the platform ends an invocation. A turn that still runs 2 s before that is handed over, and
   * goes on where its reader comes back; if its responder does not continue answers, it is settled as `interrupted` with
   * the text so far. Default: no limit.
   */
  readonly deadline?: number;
  /** The policy while the database is down. Default: `required` for users, `best-effort` for sessions. */
  readonly outage?: Partial<Record<Owner["kind"], OutagePolicy>>;
  /**
   * Hides other owners' data: `conversation_not_found` replaces `forbidden`, and an id that another owner uses can be
   * used again. Default `false`.
   */
  readonly hideExistence?: boolean;
  /** Default `auto`: named prepared statements, until a pooler turns out to lose them. */
  readonly preparedStatements?: "auto" | "never";
  /** Called with errors of background work, for the operator's log. */
  readonly onError?: (error: unknown, turnId?: string) => void;
}

/** The health of a database. */
export interface DatabaseHealth {
  /** `unwritable`: it can be read only. */
  readonly status: "ok" | "unwritable" | "down";
  /** The probe's duration in milliseconds; `null` when it failed. */
  readonly latencyMs: number | null;
  /** Why it is not `ok`, in a sentence. */
  readonly reason: string | null;
}

/** The health of a history. */
export interface Health {
  /** `degraded`: nothing is saved, and sessions get unsaved answers. `down`: nobody gets an answer. */
  readonly status: "ok" | "degraded" | "down";
  readonly database: DatabaseHealth;
}

/** {@link History} on PostgreSQL. */
export interface CoreHistory
  extends
    Omit<History, keyof PersonalData | keyof Shares | "forkConversation">,
    PersonalData,
    Shares,
    Handles,
    IdempotencyKeys,
    CheckpointStore,
    UsageCounters,
    Pick<Branches, "forkConversation"> {
  /** Probes the database now, and tries a write if that is ten seconds ago. */
  health(): Promise<Health>;
  /**
   * Permanently deletes expired data (see {@link JanitorOptions}), and brings messages of older releases to the present
   * version of parts. Returns the number of steps.
   */
  purge(options?: JanitorOptions, signal?: AbortSignal): Promise<number>;
  /**
   * Does once what a server does in the background: continues or settles turns of dead nodes, drops expired events, and runs
   * {@link purge} and {@link indexBacklog}. For hosts that are frozen between requests, from a scheduled request. Returns
   * the number of steps.
   */
  maintain(options?: JanitorOptions, signal?: AbortSignal): Promise<number>;
  /**
   * Indexes messages of older releases that had no search index, and embeds messages without vectors, in small
   * transactions. Any number of nodes may run it. Returns the number of steps when nothing is left.
   */
  indexBacklog(signal?: AbortSignal): Promise<number>;
  /**
   * Whether the owner's conversation holds messages with all of these ids, which marks a request as a retry. `false`
   * when the conversation does not exist.
   */
  holdsMessages(owner: Owner, conversationId: string, ids: readonly string[]): Promise<boolean>;
  /** The messages of a conversation that match a question, best first, as the context recalls them. Empty for another owner's conversation. */
  recallMessages(query: RecallQuery): Promise<Ranked[]>;
  /** The store's methods on the host's connection, within its transaction; see {@link StoreCalls}. */
  withClient(client: Queryable): StoreCalls;
  /**
   * Continues turns whose node died or ended, or settles them as `interrupted`; again every second for the next minute.
   * For a process that starts, and for a platform's cron. Errors: `unavailable`.
   */
  continueTurns(): Promise<void>;
  /**
   * Stops the running turn of a conversation, and returns it. Without one, it returns `null`, and a turn whose question
   * arrived before this call is stopped as it begins, on any node.
   */
  stopBeginning(owner: Owner, conversationId: string): Promise<Turn | null>;
  /** The number of turns that run on this node. */
  runningTurns(): number;
  /** Counts of unsaved answers; see {@link UnsavedAnswers}. */
  unsavedAnswers(): UnsavedAnswers;
  /** The operator's numbers. Errors: `unavailable`. */
  overview(): Promise<Overview>;
  /**
   * Refuses new turns, lets running turns finish for `grace` milliseconds (default 0), hands the rest over to other nodes,
   * and releases everything it holds. Settles as `interrupted` what cannot be continued. The pool stays open.
   */
  close(options?: { readonly grace?: number }): Promise<void>;
}

/** Milliseconds for a fork or deletion of a branch, which takes as long as the branch: a million messages take minutes. */
const BRANCH_TIMEOUT = 600_000;

/**
 * Creates conversation memory on PostgreSQL. {@link History} states what each method promises. `migrate` must have run.
 * Opens no connection until the first call. Errors: `TypeError` for a time of more than 24 days.
 */
export function createHistory(options: HistoryOptions): CoreHistory {
  checkTimes(options);
  const onError = quietly(options.onError);
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const outage = { user: "required", session: "best-effort", ...options.outage } as const;
  const { hideExistence = false, objects } = options;
  const open = createDatabase({
    pool: options.pool,
    ...(options.probe === undefined ? {} : { probe: options.probe }),
    timeout: options.databaseTimeout,
    ...(options.schema === undefined ? {} : { schema: options.schema }),
    preparedStatements: options.preparedStatements ?? "auto",
    onConnectionError: onError,
  });
  const client = options.probe ?? options.pool;
  const tryWrite = createWriteTrial({
    write: () => createClientDatabase({ client, schema: options.schema }).call("try_write", {}),
    timeout: open.breaker.timeout,
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
  const budgets = budgetDefaults(options.budgets);
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
  const fileParts = createFileParts({ database, limits, objects });
  const turns = createTurns({
    preparation,
    fileParts,
    database,
    pool: options.pool,
    limits,
    responder: options.responder && givenFiles(options.responder, fileParts),
    lease: options.lease ?? 10_000,
    eventsGrace: options.eventsGrace ?? 600_000,
    handover: options.handover ?? 60_000,
    idleTimeout: options.idleTimeout ?? 120_000,
    deadline: options.deadline,
    waitUntil: options.waitUntil,
    outage,
    budgets,
    onError,
  });
  const atomically: BranchesOptions["atomically"] = async (work) => {
    const result = await inTransaction(options.pool, open.breaker, (client) =>
      work(
        guard({
          ...open,
          ...createClientDatabase({ client, schema: options.schema, timeout: BRANCH_TIMEOUT }),
        }),
      ),
    );
    // A restored or copied message has text to embed.
    worker?.touch();
    return result;
  };
  const close = async ({ grace = 0 } = {}): Promise<void> => {
    await turns.close(grace);
    await preparation.close(grace);
    await worker?.close();
    database.close();
  };
  const indexAll: CoreHistory["indexBacklog"] = async (signal) =>
    (await indexBacklog(database, signal)) + ((await worker?.run(signal)) ?? 0);
  const purgeAll: CoreHistory["purge"] = async (purged, signal) =>
    (await purge(database, purged, signal)) +
    (await renewParts(database, fileParts, signal)) +
    (await deleteDueObjects(database, objects, signal));
  const { importTurn, stopTurn, stopRunning, listQueuedQuestions, deleteQueuedQuestion } = turns;
  const calls = withFiles({ ...turns, getContext: contexts.read }, fileParts);
  const conversations = createConversations({ database, limits, hideExistence, stopRunning });
  const messages = createMessages({ database, limits, objects, answerSoFar: turns.answerSoFar });
  return {
    ...conversations,
    ...messages,
    ...createBranches({ database, limits, atomically }),
    ...createPersonalData({ database, objects }),
    ...createFiles({ database, limits, objects }),
    ...createShares({ database, limits, objects, history: { ...conversations, ...messages } }),
    ...createHandles(database),
    ...createIdempotencyKeys(database),
    ...createCheckpoints(database),
    ...createUsage({ database, defaults: budgets }),
    ...createSearch({ database, vectorSearch }),
    ...calls,
    recallMessages: recall,
    async getTurnContext(owner, conversation, turnId) {
      await turns.getTurn(owner, conversation, turnId);
      const place = { owner: ownerId(owner), conversation, turn_id: turnId };
      const [row] = await database.call("get_turn_context", place);
      return (row?.get_turn_context ?? null) as ContextRecord | null;
    },
    withClient: (client) =>
      createStoreCalls(client, {
        schema: options.schema,
        limits,
        hideExistence,
        objects,
        answerSoFar: turns.answerSoFar,
        database: open,
        guard,
      }),
    purge: purgeAll,
    indexBacklog: indexAll,
    async maintain(purged, signal) {
      await turns.continueTurns();
      return (await purgeAll(purged, signal)) + (await indexAll(signal));
    },
    async holdsMessages(owner, conversation, ids) {
      const [row] = await database.call("holds_messages", { owner: ownerId(owner), conversation, ids });
      return row?.holds_messages === true;
    },
    importTurn,
    stopTurn,
    stopBeginning: turns.stopBeginning,
    listQueuedQuestions,
    deleteQueuedQuestion,
    async health() {
      const { status: reached, latencyMs } = await open.breaker.probe();
      const reason = reached === "ok" ? await tryWrite() : "The database cannot be reached.";
      const answering = Object.values(outage).includes("best-effort");
      return {
        status: reason === null ? "ok" : answering ? "degraded" : "down",
        database: { status: reason !== null && reached === "ok" ? "unwritable" : reached, latencyMs, reason },
      };
    },
    continueTurns: turns.continueTurns,
    runningTurns: () => turns.running(),
    unsavedAnswers: () => turns.unsaved(),
    overview: () => readOverview(database),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** Milliseconds that a timer takes. Node fires one of more, or of NaN, at once: `Infinity` would end every turn. */
const MOST_TIME = 2 ** 31 - 1;

function checkTimes(options: HistoryOptions): void {
  for (const name of ["databaseTimeout", "lease", "idleTimeout", "deadline"] as const) {
    const { [name]: time = 0 } = options;
    if (!(time <= MOST_TIME))
      throw new TypeError(`\`${name}\` must be at most ${MOST_TIME} milliseconds, not ${time}.`);
  }
}

/** Makes `onError` safe to call: a responder can throw any value, and the log must not throw again. */
function quietly(onError: HistoryOptions["onError"]): NonNullable<HistoryOptions["onError"]> {
  return (...told) => {
    try {
      onError?.(...told);
    } catch {
      // There is nowhere to report this.
    }
  };
}

/** Wraps the methods so that another owner's data looks like missing data. */
function withoutForbidden(database: Database): Database {
  return {
    ...database,
    call: async (name, args) => {
      try {
        return await database.call(name, args);
      } catch (error) {
        // Without the cause, which names the difference and may be logged.
        throw isChatkeepError(error, "forbidden") ? conversationNotFound() : error;
      }
    },
  };
}

/** Methods that store text to embed. */
const FINDABLE: ReadonlySet<FunctionName> = new Set([
  "append_messages",
  "begin_turn",
  "settle_turn",
  "import_unsaved_turn",
]);

/** Wraps the methods so that they wake the worker when there is text to embed. */
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
