import type { Pool } from "pg";

/** What {@link watchLeases} takes; the times are milliseconds. */
export interface WatchOptions {
  readonly admin: Pool;
  readonly lease: number;
  /** Whether some node lives, so that there is somebody to settle. */
  readonly isServed: () => boolean;
  /** Told of a turn that stayed without a living node for longer than the lease allows. */
  readonly onViolation: (sentence: string) => void;
}

/** What the watch saw. */
export interface Watch {
  /** The longest that a turn was without a living node while somebody could have settled it, in milliseconds. */
  longest(): number;
  end(): Promise<void>;
}

/** Milliseconds between looks. */
const LOOK = 250;

/**
 * Looks for running turns whose node's lease has run out, or that have none. A lease ends 0.8 of itself
 * after the last renewal at the latest, so such a turn may stand for another 0.2 of it. If the database or
 * the last node was away, the clock begins anew when both are back, and a whole lease is allowed: nodes
 * give each other the time to renew first. To each is added what two cores under load are late by.
 */
export function watchLeases({ admin, lease, isServed, onViolation }: WatchOptions): Watch {
  const since = new Map<string, number>();
  const told = new Set<string>();
  let healthySince = performance.now();
  let longest = 0;
  let ended = false;
  let looking: Promise<void> = Promise.resolve();
  const LATE = 2000;
  const allowed = (first: number): number => (first - healthySince < lease ? lease : lease * 0.2) + LATE;

  const look = async (): Promise<void> => {
    try {
      if (!isServed()) throw new Error("nobody is there to settle");
      const { rows } = await admin.query<{ id: string }>(
        `select t.id from chatkeep.turns t left join chatkeep.nodes n on n.id = t.node_id
         where t.status = 'running' and (n.id is null or n.lease_until < clock_timestamp())`,
      );
      const now = performance.now();
      const orphans = new Set(rows.map((row) => row.id));
      for (const id of since.keys()) if (!orphans.has(id)) since.delete(id);
      for (const id of orphans) {
        const first = since.get(id) ?? now;
        const from = Math.max(first, healthySince);
        since.set(id, first);
        longest = Math.max(longest, now - from);
        if (now - from <= allowed(first) || told.has(id)) continue;
        told.add(id);
        onViolation(
          `Turn ${id} stood without a living node for ${Math.round(now - from)} ms beyond its lease.`,
        );
      }
    } catch {
      healthySince = performance.now();
    }
    if (!ended) schedule();
  };
  let timer: NodeJS.Timeout;
  const schedule = (): void => {
    timer = setTimeout(() => {
      looking = look();
    }, LOOK);
  };
  schedule();

  return {
    longest: () => longest,
    async end() {
      ended = true;
      clearTimeout(timer);
      await looking;
    },
  };
}
