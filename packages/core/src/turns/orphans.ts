import type { Database } from "../database/database.ts";
import type { TurnKey } from "./key.ts";
import type { Node } from "./node.ts";
import { settleFromLog } from "./settle.ts";

/** Settles turns that nobody runs; see {@link createOrphans}. */
export interface Orphans {
  /** Somebody uses this node: look for dead nodes for the next minute. */
  touch(): void;
  close(): Promise<void>;
}

export interface OrphansOptions {
  readonly database: Database;
  readonly node: Node;
  /** Milliseconds that the events of a settled turn are kept at least. */
  readonly grace: number;
  /** The turns that this node runs, or is about to settle. */
  readonly known: () => readonly string[];
  /** Told what went wrong, for the operator's log. */
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Milliseconds between looks. */
const LOOK = 1000;
/** Turns of dead nodes that are read at once. */
const PAGE = 100;
/** Turns that are settled at the same time. */
const AT_ONCE = 8;
/** Milliseconds without use after which the looking ends, so that a database may sleep. */
const IDLE = 60_000;

/**
 * Looks for nodes whose lease has run out and settles their turns as `interrupted` with the text that is
 * committed; any number of nodes may do so at once. Does the same for turns of this node that it does not
 * know of. Empties the log of old events along with it.
 */
export function createOrphans({ database, node, grace, known, onError }: OrphansOptions): Orphans {
  let until = 0;
  let healthySince = 0;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let closed = false;
  let nextRotation = 0;
  /** Turns of this node that it did not know of at the last look. */
  let untracked = new Set<string>();

  const look = async (): Promise<void> => {
    const now = performance.now();
    if (database.breaker.isOpen()) {
      healthySince = Number.POSITIVE_INFINITY;
      await database.breaker.whenClosed();
      healthySince = performance.now();
      return;
    }
    // After an outage all leases have run out: give the living time to renew theirs.
    if (now - healthySince < node.lease * 0.4) return;
    for (let full = true; full;) {
      const keys = keysOf(await database.call("fence_dead_nodes", { page_limit: PAGE }));
      full = (await settleAll(keys, null)) > 0 && keys.length === PAGE;
    }
    await settleUntracked();
    if (now < nextRotation) return;
    nextRotation = now + grace / 4;
    await database.call("rotate_events", { grace });
  };

  /** Those that were untracked at the last look too: one that is just being begun is tracked at the next. */
  const settleUntracked = async (): Promise<void> => {
    const id = node.current();
    if (id === undefined) return;
    const found = keysOf(await database.call("untracked_turns", { node: id, known: known() }));
    const before = untracked;
    untracked = new Set(found.map(({ turnId }) => turnId));
    await settleAll(
      found.filter(({ turnId }) => before.has(turnId)),
      id,
    );
  };

  /** Settles what can be settled, and says how many that were: one that cannot holds up none of the others. */
  const settleAll = async (keys: readonly TurnKey[], by: number | null): Promise<number> => {
    const waiting = [...keys];
    let settled = 0;
    const work = async (): Promise<void> => {
      for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
        try {
          await settleFromLog(database, key, by);
          settled += 1;
        } catch (error) {
          onError(error, key.turnId);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return settled;
  };

  const tick = async (): Promise<void> => {
    await look().catch(onError);
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

function keysOf(
  rows: readonly Readonly<Record<"owner_id" | "conversation_id" | "turn_id", string | null>>[],
): TurnKey[] {
  return rows.map((row) => ({
    ownerId: row.owner_id!,
    conversationId: row.conversation_id!,
    turnId: row.turn_id!,
  }));
}
