/**
 * Milliseconds after which a test is taken for hung. This is the only limit of the suites: it ends what would never
 * end, and nothing is proved by it. The slowest test takes a quarter of a minute on a quiet machine.
 */
export const TEST_TIMEOUT = 300_000;

/** Milliseconds of a wait within a test: less than the test's, so that the wait says what it waited for. */
export const WAIT_TIMEOUT = 240_000;

/**
 * Options of a pool and of a history for tests. On a busy machine PostgreSQL may take seconds to answer, which is no
 * outage. An outage that a test makes is known at once: a connection is cut or refused.
 */
export const UNHURRIED = {
  pool: { connectTimeout: WAIT_TIMEOUT },
  history: { databaseTimeout: WAIT_TIMEOUT },
} as const;
