import { ChatkeepError } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { isFenced } from "../database/failure.ts";

/** This process among those that run turns; see {@link createNode}. */
export interface Node {
  /** Milliseconds of its lease. */
  readonly lease: number;
  /** Its id; `undefined` before it has one, and after it was taken for dead. */
  current(): number | undefined;
  /** The id that it has or had last; 0 before the first. */
  last(): number;
  /** Runs `work` under its id, which it gets when it first needs one, and once more under a new one when it was taken for dead. */
  run<T>(work: (id: number) => Promise<T>): Promise<T>;
  /** This id was taken for dead: the next {@link Node.run} gets another. */
  fenced(id: number): void;
  /** Renews the lease of its id, and writes nothing else. */
  renew(): Promise<void>;
  /** Lets the other nodes know of this one; false when they do already, and once it was released. */
  announce(): Promise<boolean>;
  /** Whether it was released: nothing is written under its id any more. */
  isReleased(): boolean;
  /** Gives its id back, when the database can be reached, and takes no other: what is still being begun is refused. */
  release(): Promise<void>;
}

/** A node: its id is the fencing number of all its turns; docs/decisions/0002 tells why. */
export function createNode(database: Database, lease: number): Node {
  let registered: Promise<number> | undefined;
  let nodeId = 0;
  /** The last id that was taken for dead. */
  let dead = 0;
  /** The time until which other nodes know of this one. */
  let announcedUntil = 0;
  let released = false;

  const register = (): Promise<number> => {
    if (released) return Promise.reject(goingDown());
    registered ??= database.call("register_node", { lease }).then(
      ([row]) => (nodeId = row?.register_node ?? 0),
      (error: unknown) => {
        registered = undefined;
        throw error;
      },
    );
    return registered;
  };

  const fenced = (id: number): void => {
    if (id <= dead) return;
    dead = id;
    registered = undefined;
  };

  const run = async <T>(work: (id: number) => Promise<T>): Promise<T> => {
    const id = await register();
    if (released) throw goingDown();
    try {
      return await work(id);
    } catch (error) {
      if (!isFenced(error)) throw error;
      fenced(id);
      return work(await register());
    }
  };

  const renew = (node: number): Promise<unknown> =>
    database.call("write_events", { node, lease, turn_ids: [], owner_ids: [], seqs: [], chunks: [] });

  return {
    lease,
    current: () => (registered === undefined || nodeId === 0 ? undefined : nodeId),
    last: () => nodeId,
    run,
    fenced,
    renew: async () => void (await renew(nodeId)),
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

/** The error of a node that takes no more turns. */
export function goingDown(): ChatkeepError {
  return new ChatkeepError("unavailable", "This server is going down. Try again in a moment.", {
    retryAfter: 1,
  });
}
