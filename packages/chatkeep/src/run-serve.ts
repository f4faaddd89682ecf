import { flushCompileCache } from "node:module";

import type { Log } from "@chatkeep/server";

import type { Environment } from "./environment.ts";
import type { Output } from "./log.ts";
import { serve } from "./serve.ts";

/** Options of {@link runServe}. */
export interface RunOptions {
  readonly log: Log;
  /** Where a person is told; only a terminal is. */
  readonly output: Output;
}

/** The signals that end the command: a supervisor's, Ctrl+C, and a terminal that was closed. */
const SIGNALS = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/** Milliseconds within which the same signal again is npm's: it passes on what the terminal has sent us already. */
const ECHO = 500;

/** Milliseconds that ending may take after the grace period, before the process ends all the same. */
const LAST_RESORT = 10_000;

/**
 * `chatkeep serve`: serves until a signal, then lets turns finish within the grace period, settles the
 * rest and ends with 0. A second signal ends at once, with 1.
 */
export async function runServe(environment: Environment, { log, output }: RunOptions): Promise<number> {
  const signalled = Promise.race([catchSignals(), ...(environment.underNpm ? [parentEnded()] : [])]);
  const serving = await serve(environment, log);
  log.info({ url: serving.url, database: serving.database }, "listening");
  if (output.isTTY === true) output.write(`\n  Chatkeep is ready: open ${serving.url} (Ctrl+C ends it).\n\n`);

  // Else written at the end only, which a kill would skip.
  flushCompileCache();

  const signal = await signalled;
  log.info({ signal, graceMs: environment.grace }, "ending; a second signal ends at once");
  setTimeout(() => process.exit(1), environment.grace + LAST_RESORT).unref();
  await serving.close(environment.grace);
  log.info({}, "ended");
  return 0;
}

/** The first signal; another one ends the process. */
function catchSignals(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let first: { readonly signal: string; readonly at: number } | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const now = performance.now();
      if (first === undefined) {
        first = { signal, at: now };
        resolve(signal);
      } else if (signal !== first.signal || now - first.at > ECHO) process.exit(1);
    });
  }
  return promise;
}

/** Milliseconds between looks whether the parent is still there. */
const LOOK = 100;

/**
 * Resolves when the shell that npm started for us has ended. npm passes SIGTERM on to that shell only, and
 * the shell dies of it without telling us: we would go on holding the port and the home.
 */
function parentEnded(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    resolve("npm ended");
  }, LOOK);
  timer.unref();
  return promise;
}
