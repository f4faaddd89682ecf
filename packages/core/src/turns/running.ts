import type { Responder } from "@chatkeep/protocol";

import type { Preparation } from "../context/prepare.ts";
import type { Database } from "../database/database.ts";
import type { Limits } from "../maintenance/limits.ts";
import type { NewTurn } from "./begin.ts";
import { type TurnKey, isSameTurn } from "./key.ts";
import { type LiveTurn, createLiveTurn } from "./live.ts";
import { createLog } from "./log.ts";
import type { Node } from "./node.ts";
import { TurnEnded } from "./respond.ts";
import { type Task, createRun } from "./run.ts";
import { INTERRUPTED } from "./settle.ts";
import type { Tokens } from "./token.ts";
import { settleIfBegun } from "./unsaved.ts";

/** The turns that run on this node; see {@link createRunning}. */
export interface Running {
  /** Runs a turn to its end; not `persisted`: the database is down, and it is shown without being saved. */
  run(turn: NewTurn, begun: Task["begun"], persisted: boolean): void;
  /** The turn, when it runs here and is still its owner's. */
  find(key: TurnKey): RunningTurn | undefined;
  /** The turn that runs here unsaved for a question of this id: the database has heard nothing of it. */
  findUnsaved(turn: NewTurn): RunningTurn | undefined;
  /** The ids of turns that run here or are about to be settled here. */
  known(): string[];
  count(): number;
  /** Lets what runs finish for `grace` milliseconds, and settles the rest. */
  close(grace: number): Promise<void>;
}

/** A turn that runs here. */
export interface RunningTurn {
  readonly turn: NewTurn;
  readonly live: LiveTurn;
  readonly done: Promise<void>;
}

/** What {@link createRunning} needs. */
export interface RunningOptions {
  readonly database: Database;
  readonly node: Node;
  readonly tokens: Tokens;
  readonly limits: Limits;
  readonly responder: Responder | undefined;
  readonly preparation: Preparation;
  readonly idleTimeout: number;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Milliseconds that a node that goes down waits for its turns to be settled. */
const CLOSE_TIMEOUT = 5000;

/** Keeps the turns of this node while they run. */
export function createRunning(options: RunningOptions): Running {
  const { database, node, responder, limits, onError } = options;
  const turns = new Map<string, RunningTurn>();
  /** Turns that were answered unsaved, and may have been begun in the database all the same. */
  const unconfirmed = new Set<string>();
  const runTurn =
    responder === undefined ? undefined : createRun({ ...options, responder, log: createLog(options) });

  /** Resolves when nothing runs here, or after some milliseconds. */
  const allDone = async (timeout: number): Promise<void> => {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, timeout);
    await Promise.race([Promise.all([...turns.values()].map(({ done }) => done)), over.promise]);
    clearTimeout(timer);
  };

  return {
    run(turn, begun, persisted) {
      const id = turn.key.turnId;
      const live = createLiveTurn(turn, persisted, limits.answerLength);
      // It is there before the work begins: a responder may end at once.
      const { promise: done, resolve } = Promise.withResolvers<void>();
      turns.set(id, { turn, live, done });
      const work = async (): Promise<void> => {
        try {
          await runTurn!({ turn, live, begun });
        } catch (error) {
          onError(error, id);
          live.close("lost");
        }
        turns.delete(id);
        resolve();
        if (persisted) return;
        unconfirmed.add(id);
        // Where that fails it is an untracked turn, and settled as interrupted.
        await settleIfBegun(database, node.last, live).catch((error: unknown) => onError(error, id));
        unconfirmed.delete(id);
      };
      void work();
    },
    find(key) {
      const found = turns.get(key.turnId);
      if (found === undefined || found.live.state() === "lost") return undefined;
      return isSameTurn(found.turn.key, key) ? found : undefined;
    },
    findUnsaved: ({ key, question }) =>
      turns.values().find(({ turn, live }) => {
        const isHere = turn.key.ownerId === key.ownerId && turn.key.conversationId === key.conversationId;
        return !live.persisted && isHere && turn.question.id === question.id;
      }),
    known: () => [...turns.keys(), ...unconfirmed],
    count: () => turns.size,
    async close(grace) {
      await allDone(Math.max(1, grace));
      for (const { live } of turns.values()) live.stopping.abort(new TurnEnded("interrupted", INTERRUPTED));
      // A database that is down is not waited for: another node settles these when their lease is over.
      await allDone(CLOSE_TIMEOUT);
    },
  };
}
