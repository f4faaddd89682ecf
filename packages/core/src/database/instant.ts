/** Formats a time of the database as ISO 8601 with milliseconds, in UTC. */
export function instant<T extends string | null>(time: T): T {
  if (time === null) return time;
  // The format of a server in UTC. Parsing it took a third of our share of a page's time.
  const inUtc = time.length === MICROSECONDS_IN_UTC && time.endsWith("+00:00");
  return (inUtc ? `${time.slice(0, 23)}Z` : new Date(time).toISOString()) as T;
}

/** The length of `2026-11-20T09:43:25.934354+00:00`. */
const MICROSECONDS_IN_UTC = 32;
