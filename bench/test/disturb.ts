import { onTestFailed } from "vitest";

import { reportOf } from "../src/chaos/report.ts";
import { runChaos } from "../src/chaos/run.ts";

/**
 * A8: a run in which this many processes are killed, and what of the promises it found broken. How soon a turn is taken
 * over depends on the machine: `npm run chaos` measures it.
 */
export async function disturb(seed: string, kills: number) {
  const lines: string[] = [];
  // Also when it never ends, so that it can be done again.
  onTestFailed(() => void process.stderr.write(`seed ${seed}\n${lines.join("\n")}\n`));
  const options = { seed, kills, lease: 4000, people: 8, limit: Infinity };
  const result = await runChaos({ ...options, onLine: (line) => lines.push(line) });
  return {
    /** Empty, or all that is known of them. */
    violations: result.violations.length === 0 ? "" : `seed ${seed}: ${reportOf(result)}`,
    /** It was no quiet run. */
    isEventful: result.kills >= kills && result.stored.turns.length > 0,
  };
}
