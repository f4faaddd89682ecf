import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

import { reportOf } from "./chaos/report.ts";
import { runChaos } from "./chaos/run.ts";
import { median } from "./measure.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    lease: { type: "string", default: "10" },
    people: { type: "string", default: "12" },
    seed: { type: "string", default: String(randomInt(1_000_000)) },
    minutes: { type: "string", default: "20" },
    beside: { type: "string" },
  },
});
const result = await runChaos({
  seed: values.seed,
  kills: Number(values.kills),
  lease: Number(values.lease) * 1000,
  people: Number(values.people),
  limit: Number(values.minutes) * 60_000,
  beside: values.beside,
  onLine: (line) => console.log(line),
});
console.log(`\nseed ${values.seed}: ${reportOf(result)}`);
const { violations, settling, kills } = result;
/** What keeps the run from being a proof. */
const short = [
  ...(violations.length > 0 ? [`${violations.length} violations`] : []),
  ...(settling.late.length > 0 ? [`${settling.late.length} turns were late`] : []),
  ...(kills < Number(values.kills) ? [`time was up after ${kills} of ${values.kills} kills`] : []),
  ...(settling.silence.length > 0 && median(settling.silence) > settling.lease + 1
    ? ["the median death added more than one lease and 1 s"]
    : []),
];
if (violations.length > 0)
  console.log(
    `\nThe last lines of the nodes:\n${result.nodeLogs.map((log) => linesOf(log)).join("\n---\n")}`,
  );
console.log(`\n${short.length === 0 ? "No violation." : `NOT PROVEN: ${short.join("; ")}.`}`);
if (short.length > 0) process.exitCode = 1;

/** The last lines of a log, and before them those of errors that are not told to anybody. */
function linesOf(log: string): string {
  const lines = log.split("\n");
  const errors = lines.slice(0, -200).filter((line) => line.includes('"a request failed"'));
  return [...errors.slice(-50), ...lines.slice(-200)].join("\n");
}
