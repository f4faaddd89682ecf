import { randomInt } from "node:crypto";

import { expect, it, onTestFailed } from "vitest";

import { reportOf } from "../src/chaos/report.ts";
import { runChaos } from "../src/chaos/run.ts";

// A8 with a tenth of the kills of `npm run chaos`.
it("keeps every promise while servers and their database are killed, paused and restarted", async () => {
  const seed = String(randomInt(1_000_000));
  const lines: string[] = [];
  // Also when it never ends, so that it can be done again.
  onTestFailed(() => void process.stderr.write(`seed ${seed}\n${lines.join("\n")}\n`));
  const result = await runChaos({
    seed,
    kills: 20,
    lease: 4000,
    people: 8,
    limit: 60_000,
    onLine: (line) => lines.push(line),
  });
  // How soon a turn is taken over depends on the machine: `npm run chaos` measures it, lease.test.ts proves that it is.
  expect(result.violations, `seed ${seed}: ${reportOf(result)}`).toHaveLength(0);
  // It was no quiet run.
  expect(result.stored.turns.length).toBeGreaterThan(20);
}, 180_000);
