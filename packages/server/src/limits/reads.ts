import { ChatkeepError } from "@chatkeep/protocol";

/** Reads of one owner that are under way at once; the pool has ten connections by default. */
const AT_ONCE = 4;
/** Reads of one owner that wait for their turn. */
const WAITING = 100;

interface Queue {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Runs an owner's reads a few at a time, so that one owner's do not take every connection. The others wait in
 * order. Errors: `rate_limited` for more than wait.
 */
export function createReadQueue(): <T>(owner: string, read: () => Promise<T>) => Promise<T> {
  const queues = new Map<string, Queue>();

  return async (owner, read) => {
    let queue = queues.get(owner);
    if (queue === undefined) queues.set(owner, (queue = { running: 0, waiting: [] }));
    if (queue.running < AT_ONCE) queue.running += 1;
    else if (queue.waiting.length < WAITING) {
      const { waiting } = queue;
      // Who ends a read hands its place on.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      const detail = `${AT_ONCE + WAITING} reads of one person are under way. Try again in a second.`;
      throw new ChatkeepError("rate_limited", detail, { retryAfter: 1 });
    }
    try {
      return await read();
    } finally {
      const next = queue.waiting.shift();
      if (next !== undefined) next();
      else if (--queue.running === 0) queues.delete(owner);
    }
  };
}
