import { type Part, type Responder, type ResponderEvent, settledChunks } from "@chatkeep/protocol";

import type { Preparation, Prepared } from "../context/prepare.ts";
import type { Database } from "../database/database.ts";
import type { FileParts } from "../file-parts.ts";
import type { Limits } from "../maintenance/limits.ts";
import { readAnswer } from "../streams.ts";
import { type Begun, askedOf } from "./begin.ts";
import { type Earlier, type LiveTurn, createLiveTurn } from "./live.ts";
import { createLog } from "./log.ts";
import { watchModels } from "./model-failure.ts";
import type { Node } from "./node.ts";
import { respond } from "./respond.ts";
import { INTERRUPTED, STOPPED, settleFromLog, settleOwn, settleTurn } from "./settle.ts";
import { type Ending, type NewTurn, type TurnKey, isSameTurn } from "./turn.ts";
import { type Tokens, settlingOf, unsavedOf } from "./unsaved.ts";

/** The turns that run on this node; see {@link createRunning}. */
export interface Running {
  /** Runs a turn to its end. `persisted` is `false` if the database is down: the answer is shown without being saved. */
  run(turn: NewTurn, begun: Described, persisted: boolean, earlier?: Earlier): void;
  /** Finds a turn that runs here and is still its owner's. */
  find(key: TurnKey): LiveTurn | undefined;
  /** Finds the unsaved turn that runs here for a question with this id, which the database does not know. */
  findUnsaved(turn: NewTurn): LiveTurn | undefined;
  /** The ids of turns that run here or are about to be settled here. */
  known(): string[];
  count(): number;
  /** Whether a turn that may have killed its node runs here and has said nothing since. */
  hasSuspect(): boolean;
  /** Lets turns finish for `grace` milliseconds, and hands over or settles the rest. */
  close(grace: number): Promise<void>;
}

/** A begun turn as its responder sees it; `history` is empty if it cannot be read. */
type Described = Pick<Begun, "conversation" | "question" | "history" | "summary"> &
  Partial<Pick<Begun, "isStopped">>;

export interface RunningOptions {
  readonly database: Database;
  readonly node: Node;
  readonly tokens: Tokens;
  readonly limits: Limits;
  readonly responder: Responder | undefined;
  readonly preparation: Preparation;
  readonly fileParts: FileParts;
  /** Milliseconds without an event of the responder after which the answer fails. */
  readonly idleTimeout: number;
  /** Milliseconds from the beginning of a turn until the platform ends the process; `undefined`: it does not. */
  readonly deadline: number | undefined;
  /** Called when a saved turn has ended here. */
  readonly ended: (key: TurnKey) => Promise<void>;
  /** Called with the work of each turn, background work after it included. */
  readonly waitUntil: ((work: Promise<unknown>) => void) | undefined;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Milliseconds that a closing node waits for its turns to be settled. */
const CLOSE_TIMEOUT = 5000;
/** Milliseconds before the deadline at which a turn is handed over or settled, at most half of it. */
const DEADLINE_MARGIN = 2000;

/** Ends an attempt, and not its turn, which another node continues. */
const HANDED_OVER: Ending = { ...INTERRUPTED };

/** The ending of an answer that takes longer than its platform allows. */
const OUT_OF_TIME: Ending = {
  status: "interrupted",
  error: {
    code: "interrupted",
    detail:
      "The answer was cut off at the server's time limit. What was shown is kept; ask again for the rest.",
  },
};

/** The ending of an answer of which the database refuses a piece. */
const REFUSED: Ending = {
  status: "failed",
  error: {
    code: "model_error",
    detail: "The assistant gave something that cannot be stored. What was shown is kept.",
  },
};

interface Run {
  readonly live: LiveTurn;
  readonly done: Promise<void>;
  readonly earlier: Earlier | undefined;
}

export function createRunning(options: RunningOptions): Running {
  const {
    database,
    node,
    tokens,
    limits,
    responder,
    preparation,
    fileParts,
    idleTimeout,
    deadline,
    ended,
    onError,
  } = options;
  const log = createLog({ database, node, onError });
  const turns = new Map<string, Run>();
  /** Turns that were answered unsaved, and may have begun in the database all the same. */
  const unconfirmed = new Set<string>();

  /** Calls the responder, commits what it yields, shows what is committed, and settles. */
  const answer = async (live: LiveTurn, described: Described): Promise<void> => {
    const { turn, persisted, attempt, signal } = live;
    const tell = (error: unknown): void => onError(error, turn.key.turnId);
    /** Before the responder adds to it. */
    const answered: readonly Part[] = live.answer().parts;
    const { begun, said } = askedOf(described);
    let prepared: Prepared | undefined;
    const open = async (): Promise<AsyncIterator<ResponderEvent>> => {
      const { conversation, question, history, summary } = begun;
      const request = {
        owner: turn.owner,
        conversation,
        turnId: turn.key.turnId,
        question,
        history: [],
        recalled: [],
        summary: null,
        answer: [...said, ...answered],
        attempt,
        committed: live.committed,
        steered: live.steered,
        signal,
      };
      if (persisted) prepared = await preparation.build(request, history, summary);
      const events = readAnswer(responder!(prepared?.request ?? request));
      return persisted
        ? fileParts.movedOut(turn.owner, turn.key.conversationId, turn.replyId, events)
        : events;
    };
    const mayBeEmpty = said.length > 0;
    const responded = watchModels(() => respond({ live, log, open, mayBeEmpty, idleTimeout, onError: tell }));
    if (!persisted) {
      const ending = await responded;
      live.end((given) => {
        const token = tokens.sign(unsavedOf(turn, given, ending));
        return settledChunks(ending.status, ending.error, { token });
      });
      return live.close("settled");
    }
    void responded.then(async (ending) => {
      // What was said and not committed would be said again, in other words, and a tool's result would be lost.
      if (ending === HANDED_OVER) await live.flushed();
      log.leave(live);
    });
    for (let written = await log.next(live); written !== undefined; written = await log.next(live)) {
      if (written.state === "refused") {
        tell(written.error);
        live.abort(REFUSED);
        return endFromLog(live, REFUSED);
      }
      if (written.state !== "written") {
        live.close("lost");
        return live.abort(written.state === "gone" ? STOPPED : INTERRUPTED);
      }
      // The new owner's readers follow the log. The responder goes on.
      if (written.isMoved) live.close("lost");
      live.show(written.events);
      if (written.isStopped) live.abort(STOPPED);
      if (written.isSteered) live.steer();
    }
    const ending = await responded;
    if (ending === HANDED_OVER) {
      await node.handOver(turn.key.turnId);
      return live.close("left");
    }
    const ended = live.end(() => settledChunks(ending.status, ending.error));
    const settling = { ...ending, ...ended, context: prepared?.record ?? null };
    const settle = (key: TurnKey, id: number): Promise<boolean> =>
      settleTurn(database, { ...settling, key, node: id });
    const settled = await settleOwn(database, turn.key, node.last, settle, tell);
    if (settled === "refused") return endFromLog(live, REFUSED);
    if (settled === "settled") live.show(ended.events);
    live.close(settled);
    if (ending.status === "complete") prepared?.followUp();
  };

  /** Ends a turn with what is committed; its readers follow the log. */
  const endFromLog = async (live: LiveTurn, ending: Ending): Promise<void> => {
    const { key } = live.turn;
    const settle = (own: TurnKey, id: number): Promise<boolean> => settleFromLog(database, own, id, ending);
    await settleOwn(database, key, node.last, settle, (error) => onError(error, key.turnId));
    live.close("lost");
  };

  /** The ending of a turn that this node cannot finish. */
  const unfinished = (live: LiveTurn, otherwise: Ending): Ending =>
    live.persisted && node.continues ? HANDED_OVER : otherwise;

  const run = async (live: LiveTurn, begun: Described): Promise<void> => {
    const id = live.turn.key.turnId;
    const timer =
      deadline === undefined
        ? undefined
        : setTimeout(
            () => live.abort(unfinished(live, OUT_OF_TIME)),
            Math.max(0, deadline - Math.min(DEADLINE_MARGIN, deadline / 2)),
          );
    try {
      await answer(live, begun);
    } catch (error) {
      onError(error, id);
      live.close("lost");
    }
    clearTimeout(timer);
    turns.delete(id);
  };

  /** Settles an unsaved answer whose beginning was committed all the same: nobody else is to give another. */
  const confirm = async (live: LiveTurn): Promise<void> => {
    const { key } = live.turn;
    const settling = settlingOf(live);
    if (settling === undefined) return;
    unconfirmed.add(key.turnId);
    await database.breaker.whenClosed();
    const settle = (own: TurnKey, id: number): Promise<boolean> =>
      settleTurn(database, { ...settling, key: own, node: id });
    await settleOwn(database, key, node.last, settle, (error) => onError(error, key.turnId));
    unconfirmed.delete(key.turnId);
  };

  /** Resolves when nothing runs here, or after some milliseconds. */
  const allDone = async (timeout: number): Promise<void> => {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, timeout);
    await Promise.race([Promise.all([...turns.values()].map(({ done }) => done)), over.promise]);
    clearTimeout(timer);
  };

  return {
    run(turn, begun, persisted, earlier) {
      const live = createLiveTurn(turn, persisted, limits.answerLength, database.breaker, earlier);
      if (begun.isStopped === true) live.abort(STOPPED);
      // Registered before the work begins, because a responder may end at once.
      const { promise: done, resolve } = Promise.withResolvers<void>();
      turns.set(turn.key.turnId, { live, done, earlier });
      const work = run(live, begun)
        .then(resolve)
        .then(async () => {
          if (!persisted) return confirm(live);
          await ended(turn.key).catch((error: unknown) => onError(error, turn.key.turnId));
          await preparation.done();
        });
      // It may throw or return a promise that rejects, which nobody else handles.
      void new Promise<void>((resolve) => resolve(options.waitUntil?.(work))).catch((error: unknown) =>
        onError(error, turn.key.turnId),
      );
    },
    find(key) {
      const live = turns.get(key.turnId)?.live;
      return live !== undefined &&
        live.state() !== "lost" &&
        live.state() !== "left" &&
        isSameTurn(live.turn.key, key)
        ? live
        : undefined;
    },
    findUnsaved: ({ key, question }) =>
      turns
        .values()
        .map(({ live }) => live)
        .find(({ turn, persisted }) => {
          const isHere = turn.key.ownerId === key.ownerId && turn.key.conversationId === key.conversationId;
          return !persisted && isHere && turn.question.id === question.id;
        }),
    known: () => [...turns.keys(), ...unconfirmed],
    count: () => turns.size,
    hasSuspect: () =>
      turns
        .values()
        .some(
          ({ live, earlier }) =>
            earlier?.isSuspect === true && live.shownAfter(earlier.events.at(-1)!.seq)?.length === 0,
        ),
    async close(grace) {
      await allDone(Math.max(1, grace));
      for (const { live } of turns.values()) live.abort(unfinished(live, INTERRUPTED));
      // Not for a database that is down: another node settles these when the lease is over.
      await allDone(CLOSE_TIMEOUT);
    },
  };
}
