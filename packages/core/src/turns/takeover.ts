import { type Failure, type TurnEvent, createFold, settledChunks } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { settleTurn } from "./settle.ts";

/** What a person is told of an answer whose node died. */
export const INTERRUPTED: Failure = {
  code: "interrupted",
  detail: "The answer was cut off when the server stopped. What was shown is kept; ask again for the rest.",
};

/** Settles turns of dead nodes; see {@link createTakeover}. */
export interface Takeover {
  /** Somebody uses this node: look for dead nodes for the next minute. */
  touch(): void;
  close(): Promise<void>;
}

/** What {@link createTakeover} takes. */
export interface TakeoverOptions {
  readonly database: Database;
  /** Milliseconds of a lease. */
  readonly lease: number;
  /** Milliseconds that the events of a settled turn are kept at least. */
  readonly grace: number;
  /** This node's id; `undefined` before it has one. */
  readonly node: () => number | undefined;
  /** The turns that this node runs, or is about to settle. */
  readonly known: () => readonly string[];
  /** Told what went wrong, for the operator's log. */
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Milliseconds between looks. */
const LOOK = 1000;
/** Turns that are taken over at once. */
const PAGE = 100;
/** Turns that are settled at the same time. */
const AT_ONCE = 8;
/** Milliseconds without use after which the looking ends, so that a database may sleep. */
const IDLE = 60_000;

type Row = Readonly<Record<"owner_id" | "conversation_id" | "turn_id", string | null>>;

/** A turn that nobody runs. */
interface Orphan {
  readonly owner: string;
  readonly conversation: string;
  readonly turn: string;
  /** The node that it is of, when that lives: this one. */
  readonly node: number | null;
}

/**
 * Looks for nodes whose lease has run out and settles their turns as `interrupted` with the text that is
 * committed; any number of nodes may do so at once. Does the same for turns of this node that it does not
 * know of. Empties the log of old events along with it.
 */
export function createTakeover(options: TakeoverOptions): Takeover {
  const { database, lease } = options;
  let until = 0;
  let healthySince = 0;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let closed = false;
  let nextRotation = 0;
  /** Turns of this node that it did not know of at the last look. */
  let strays = new Set<string>();

  const look = async (): Promise<void> => {
    const now = performance.now();
    if (database.breaker.isOpen()) {
      healthySince = Number.POSITIVE_INFINITY;
      await database.breaker.whenClosed();
      healthySince = performance.now();
      return;
    }
    // After an outage all leases have run out: give the living time to renew theirs.
    if (now - healthySince < lease * 0.4) return;
    for (let full = true; full;) {
      const rows = await database.call("take_over_turns", { page_limit: PAGE });
      full = (await settleAll(orphansOf(rows, null))) > 0 && rows.length === PAGE;
    }
    await settleAll(await ownStrays());
    if (now < nextRotation) return;
    nextRotation = now + options.grace / 4;
    await database.call("rotate_events", { grace: options.grace });
  };

  /** Those that were strays at the last look too: one that is just being begun is none at the next. */
  const ownStrays = async (): Promise<Orphan[]> => {
    const node = options.node();
    if (node === undefined) return [];
    const found = orphansOf(await database.call("stray_turns", { node, known: options.known() }), node);
    const before = strays;
    strays = new Set(found.map(({ turn }) => turn));
    return found.filter(({ turn }) => before.has(turn));
  };

  /** Settles what can be settled, and says how many that were: one that cannot holds up none of the others. */
  const settleAll = async (orphans: readonly Orphan[]): Promise<number> => {
    const waiting = [...orphans];
    let settled = 0;
    const work = async (): Promise<void> => {
      for (let orphan = waiting.shift(); orphan !== undefined; orphan = waiting.shift()) {
        try {
          await settle(orphan);
          settled += 1;
        } catch (error) {
          options.onError(error, orphan.turn);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return settled;
  };

  const settle = async ({ owner, conversation, turn, node }: Orphan): Promise<void> => {
    const fold = createFold();
    let last = 0;
    for (;;) {
      const [page] = await database.call("read_events", {
        owner,
        conversation,
        turn_id: turn,
        after_seq: last,
        page_limit: 1000,
      });
      const events = page?.events as TurnEvent[];
      if (events.length === 0) break;
      for (const { chunk } of events) fold.push(chunk);
      last = events.at(-1)!.seq;
    }
    const ends = settledChunks("interrupted", INTERRUPTED);
    await settleTurn(database, {
      ownerId: owner,
      conversationId: conversation,
      turnId: turn,
      node,
      status: "interrupted",
      error: INTERRUPTED,
      answer: fold.answer(),
      events: ends.map((chunk, index) => ({ seq: last + 1 + index, chunk })),
    });
  };

  const tick = async (): Promise<void> => {
    try {
      await look();
    } catch (error) {
      options.onError(error);
    }
    if (closed) return;
    if (performance.now() < until) schedule();
    else timer = undefined;
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      looking = tick();
    }, LOOK);
    timer.unref();
  };

  return {
    touch() {
      until = performance.now() + IDLE;
      if (timer === undefined && !closed) schedule();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      if (!database.breaker.isOpen()) await looking;
    },
  };
}

function orphansOf(rows: readonly Row[], node: number | null): Orphan[] {
  return rows.map((row) => ({
    owner: row.owner_id as string,
    conversation: row.conversation_id as string,
    turn: row.turn_id as string,
    node,
  }));
}
