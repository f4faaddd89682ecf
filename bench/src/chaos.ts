import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

import { reportOf } from "./chaos/report.ts";
import { runChaos } from "./chaos/run.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    lease: { type: "string", default: "10" },
    people: { type: "string", default: "12" },
    seed: { type: "string", default: String(randomInt(1_000_000)) },
    minutes: { type: "string", default: "20" },
  },
});
const result = await runChaos({
  seed: values.seed,
  kills: Number(values.kills),
  lease: Number(values.lease) * 1000,
  people: Number(values.people),
  limit: Number(values.minutes) * 60_000,
  onLine: (line) => console.log(line),
});
console.log(`\nseed ${values.seed}: ${reportOf(result)}`);
const violations = result.violations.length + result.settling.late.length;
if (violations > 0) {
  console.log(
    `\n${violations} violations. The last lines of the nodes:\n${result.nodeLogs.map((log) => log.split("\n").slice(-200).join("\n")).join("\n---\n")}`,
  );
  process.exitCode = 1;
} else {
  console.log("No violation.");
}
