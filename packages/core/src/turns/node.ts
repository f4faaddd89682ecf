import type { Database } from "../database/database.ts";
import { goingDown, isFenced } from "../database/failure.ts";
import { INTERRUPTED, STOPPED, settleFromLog } from "./settle.ts";
import type { Ending, TurnKey } from "./turn.ts";

/** This process among those that run turns; see {@link createNode}. */
export interface Node {
  /** Milliseconds of its lease. */
  readonly lease: number;
  /** Whether its responder continues what another attempt began. */
  readonly continues: boolean;
  /** Its id; `undefined` before it has one, and after it was fenced. */
  current(): number | undefined;
  /** Its latest id, fenced or not; 0 before the first. */
  last(): number;
  /** Runs `work` under its id. Registers first if it has none, and again each time it was fenced: it may sleep at any moment. */
  run<T>(work: (id: number) => Promise<T>): Promise<T>;
  /** Called when this id was fenced: the next {@link Node.run} registers again. */
  fenced(id: number): void;
  /** Renews the lease and writes nothing else. */
  renew(): Promise<void>;
  /** Leaves a running turn to whoever continues it. Errors: `unavailable`. */
  handOver(turnId: string): Promise<void>;
  /** Makes this node known to the others. Returns `false` if it is, and once it was released. */
  announce(): Promise<boolean>;
  /** Whether it was released: nothing is written under its id any more. */
  isReleased(): boolean;
  /** Releases its id if the database can be reached, and registers no more: turns that are beginning are refused. */
  release(): Promise<void>;
}

/** Creates a node. Its id is the fencing number of all its turns; docs/decisions/0002 gives the reasons. */
export function createNode(database: Database, lease: number, continues: boolean): Node {
  let registered: Promise<number> | undefined;
  let nodeId = 0;
  let lastFenced = 0;
  /** The time until which other nodes know of this one. */
  let announcedUntil = 0;
  let released = false;

  const register = (): Promise<number> => {
    if (released) return Promise.reject(goingDown());
    registered ??= database.call("register_node", { lease, continues }).then(
      ([row]) => (nodeId = row?.register_node ?? 0),
      (error: unknown) => {
        registered = undefined;
        throw error;
      },
    );
    return registered;
  };

  const fenced = (id: number): void => {
    if (id <= lastFenced) return;
    lastFenced = id;
    registered = undefined;
  };

  const run = async <T>(work: (id: number) => Promise<T>): Promise<T> => {
    for (;;) {
      const id = await register();
      if (released) throw goingDown();
      try {
        return await work(id);
      } catch (error) {
        if (!isFenced(error)) throw error;
        fenced(id);
      }
    }
  };

  const renew = async (node: number): Promise<void> => {
    await database.call("write_events", { node, lease, turn_ids: [], owner_ids: [], seqs: [], chunks: [] });
  };

  return {
    lease,
    continues,
    current: () => (registered === undefined || nodeId === 0 ? undefined : nodeId),
    last: () => nodeId,
    run,
    fenced,
    renew: () => renew(nodeId),
    handOver: async (turnId) =>
      void (await database.call("hand_over_turn", { node: nodeId, turn_id: turnId })),
    async announce() {
      if (released || performance.now() < announcedUntil) return false;
      announcedUntil = performance.now() + lease / 2;
      await run(renew);
      return true;
    },
    isReleased: () => released,
    async release() {
      released = true;
      if (registered === undefined || database.breaker.isOpen()) return;
      await database.call("release_node", { node: await registered });
    },
  };
}

/** Continues or settles turns that no node runs; see {@link createOrphans}. */
export interface Orphans {
  /** Called when this node is used: it looks for dead nodes for the next minute. */
  touch(): void;
  /** Looks now, continues turns wherever this runs, and drops expired events. Errors: `unavailable`. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface OrphansOptions {
  readonly database: Database;
  readonly node: Node;
  /** Minimum time in milliseconds that the events of a settled turn are kept. */
  readonly grace: number;
  /** Milliseconds for which a turn that can be continued waits for a node that can. */
  readonly handover: number;
  /** The ids of turns that this node runs or is about to settle. */
  readonly known: () => readonly string[];
  /** Continues a turn here; resolves with `false` if it cannot. */
  readonly continueTurn: (key: TurnKey) => Promise<boolean>;
  /** Begins the next question of a conversation here; resolves with `false` if it does not. */
  readonly beginNext: (key: TurnKey) => Promise<boolean>;
  /** Whether it continues turns without being asked to. Not in a function: its instance may end at any moment. */
  readonly continuesUnasked: boolean;
  readonly onError: (error: unknown, turnId?: string) => void;
}

/** Milliseconds between looks. */
const LOOK = 1000;
/** Turns of dead nodes in one read. */
const PAGE = 100;
/** Turns continued or settled at the same time. */
const AT_ONCE = 8;
/** Leases without use after which the looking ends, so that a serverless database can sleep: a minute by default. */
const IDLE = 7.5;

/**
 * Fences nodes whose lease ran out. Continues turns that nobody runs where the responder can; else settles them as `interrupted` with
 * the committed text: those of dead nodes, and those of this node that it does not know of. Any number of nodes may do so at
 * once. Also begins
 * questions that wait although no answer is given, and drops expired events.
 */
export function createOrphans(options: OrphansOptions): Orphans {
  const { database, node, grace, handover, known, continueTurn, beginNext, continuesUnasked, onError } =
    options;
  let until = 0;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let isClosed = false;
  let nextRotation = 0;
  /** Turns of this node that it did not know of at the last look. */
  let untracked = new Set<string>();

  const look = async (continues: boolean): Promise<void> => {
    await database.breaker.whenClosed();
    // Only a node that holds a lease itself fences others.
    await node.announce();
    await leaveUntracked();
    for (let isFull = true; isFull;) {
      const found = await database.call("fence_dead_nodes", {
        node: node.last(),
        handover,
        page_limit: PAGE,
      });
      const { open = [], stopped = [], left = [] } = Object.groupBy(found, stateOf);
      const settled =
        (await doAll(keysOf(stopped), (key) => settle(key, null, STOPPED))) +
        (await doAll(keysOf(left), (key) => settle(key, null, INTERRUPTED)));
      const continued = continues ? await doAll(keysOf(open), continueTurn) : 0;
      isFull = settled + continued > 0 && found.length === PAGE;
    }
    if (continues) {
      await doAll(keysOf(await database.call("due_queued_questions", { page_limit: PAGE })), beginNext);
    }
    const now = performance.now();
    if (now < nextRotation) return;
    nextRotation = now + grace / 4;
    await database.call("rotate_events", { grace });
  };

  /** Gives up what was untracked at the last look too: a turn that is just beginning is tracked at the next. */
  const leaveUntracked = async (): Promise<void> => {
    const id = node.current();
    if (id === undefined) return;
    const found = keysOf(await database.call("untracked_turns", { node: id, known: known() }));
    const again = found.filter(({ turnId }) => untracked.has(turnId));
    untracked = new Set(found.map(({ turnId }) => turnId));
    await doAll(again, async (key) => {
      if (!node.continues) return settle(key, id, INTERRUPTED);
      await node.handOver(key.turnId);
      return true;
    });
  };

  const settle = async (key: TurnKey, by: number | null, ending: Ending): Promise<boolean> => {
    await settleFromLog(database, key, by, ending);
    return true;
  };

  /** Returns how often the work was done. One that fails does not hold up the others. */
  const doAll = async (
    keys: readonly TurnKey[],
    work: (key: TurnKey) => Promise<boolean>,
  ): Promise<number> => {
    let done = 0;
    const one = async (key: TurnKey): Promise<void> => {
      try {
        if (await work(key)) done += 1;
      } catch (error) {
        onError(error, key.turnId);
      }
    };
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      await Promise.all(keys.slice(from, from + AT_ONCE).map(one));
    }
    return done;
  };

  const schedule = (): void => {
    timer = setTimeout(() => {
      looking = look(continuesUnasked)
        .catch(onError)
        .then(() => {
          timer = undefined;
          if (!isClosed && performance.now() < until) schedule();
        });
    }, LOOK);
    timer.unref();
  };

  return {
    look() {
      nextRotation = 0;
      return look(true);
    },
    touch() {
      until = performance.now() + IDLE * node.lease;
      if (timer === undefined && !isClosed) schedule();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      if (!database.breaker.isOpen()) await looking;
    },
  };
}

function stateOf(row: {
  readonly is_open: boolean | null;
  readonly is_stopped: boolean | null;
}): "open" | "stopped" | "left" {
  if (row.is_open === true) return "open";
  return row.is_stopped === true ? "stopped" : "left";
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
