import { ChatkeepError } from "@chatkeep/protocol";

import type { Database } from "../database/database.ts";
import { isFenced } from "../database/failure.ts";

/** This process among those that run turns; see {@link createNode}. */
export interface Node {
  /** Milliseconds of its lease. */
  readonly lease: number;
  /** Its id, which it gets when it first needs one. Errors: `unavailable`. */
  register(): Promise<number>;
  /** Its id; `undefined` before it has one, and after it was taken for dead. */
  current(): number | undefined;
  /** The id that it has or had last; 0 before the first. */
  last(): number;
  /** Runs `work` under its id, and once more under a new one when it was taken for dead. */
  run<T>(work: (id: number) => Promise<T>): Promise<T>;
  /** Told that this id was taken for dead. */
  fenced(id: number): void;
  /** Lets the other nodes know of this one; false when they do already. */
  announce(): Promise<boolean>;
  /** Gives its id back, when the database can be reached, and takes no other: what is still being begun is refused. */
  release(): Promise<void>;
}

/** What {@link createNode} takes. */
export interface NodeOptions {
  readonly database: Database;
  /** Milliseconds of a lease. */
  readonly lease: number;
  /** Done with the registration, while the database answers. */
  readonly prepare: () => Promise<void>;
  /** Told, once for each id, that it was taken for dead: its turns are others' now. */
  readonly onFenced: () => void;
}

/** A node: its id is the fencing number of all its turns; docs/decisions/0002 tells why. */
export function createNode({ database, lease, prepare, onFenced }: NodeOptions): Node {
  let registered: Promise<number> | undefined;
  let nodeId = 0;
  /** The last id that was taken for dead. */
  let dead = 0;
  /** The time until which other nodes know of this one. */
  let announcedUntil = 0;
  let released = false;

  const register = (): Promise<number> => {
    if (released) return Promise.reject(goingDown());
    registered ??= Promise.all([database.call("register_node", { lease }), prepare()]).then(
      ([[row]]) => (nodeId = row?.register_node ?? 0),
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
    onFenced();
  };

  const run = async <T>(work: (id: number) => Promise<T>): Promise<T> => {
    const id = await register();
    try {
      return await work(id);
    } catch (error) {
      if (!isFenced(error)) throw error;
      fenced(id);
      return work(await register());
    }
  };

  return {
    lease,
    register,
    current: () => (registered === undefined || nodeId === 0 ? undefined : nodeId),
    last: () => nodeId,
    run,
    fenced,
    async announce() {
      if (performance.now() < announcedUntil) return false;
      announcedUntil = performance.now() + lease / 2;
      await run((node) => database.call("write_events", { node, lease, turn_ids: [], seqs: [], chunks: [] }));
      return true;
    },
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
