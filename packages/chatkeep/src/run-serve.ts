import { once } from "node:events";

import type { Log } from "@chatkeep/server";

import type { Environment } from "./environment.ts";
import type { Output } from "./log.ts";
import { serve } from "./serve.ts";

/** What {@link runServe} takes besides the environment. */
export interface RunOptions {
  readonly log: Log;
  /** Where a person is told; only a terminal is. */
  readonly output: Output;
}

/** The signals that end the command: a supervisor's, Ctrl+C, and a terminal that was closed. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Milliseconds that ending may take after the grace period, before the process ends all the same. */
const LAST_RESORT = 10_000;

/**
 * `chatkeep serve`: serves until a signal, then lets turns finish within the grace period, settles the
 * rest and ends with 0. A second signal ends at once.
 */
export async function runServe(environment: Environment, { log, output }: RunOptions): Promise<number> {
  const signalled = Promise.race(SIGNALS.map((signal) => once(process, signal).then(() => signal)));
  const serving = await serve(environment, log);
  log.info({ url: serving.url, database: serving.database }, "listening");
  if (output.isTTY === true) output.write(`\n  Chatkeep is ready: open ${serving.url} (Ctrl+C ends it).\n\n`);

  const signal = await signalled;
  log.info({ signal, graceMs: environment.grace }, "ending; a second signal ends at once");
  for (const again of SIGNALS) process.once(again, () => process.exit(1));
  setTimeout(() => process.exit(1), environment.grace + LAST_RESORT).unref();
  await serving.close(environment.grace);
  log.info({}, "ended");
  return 0;
}
