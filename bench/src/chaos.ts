import { parseArgs } from "node:util";

import { runChaos } from "./chaos/run.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "200" },
    seed: { type: "string" },
    lease: { type: "string", default: "10" },
    people: { type: "string", default: "8" },
    minutes: { type: "string", default: "15" },
  },
});
const result = await runChaos({
  kills: Number(values.kills),
  lease: Number(values.lease),
  people: Number(values.people),
  minutes: Number(values.minutes),
  ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
  tell: (line) => console.log(line),
});
console.log(`\nseed ${result.seed}`);
for (const [name, times] of [...result.counts].sort(([a], [b]) => a.localeCompare(b))) {
  console.log(`${String(times).padStart(7)}  ${name}`);
}
console.log(
  `${String(Math.round(result.longestOrphan)).padStart(7)}  ms that a turn stood without a living node, at the longest`,
);
if (result.violations.length > 0) {
  console.error(`\n${result.violations.length} violations:\n${result.violations.join("\n")}`);
  process.exit(1);
}
console.log(
  "\nNo acknowledged message lost, none stored twice, every event shown is stored, every turn settled, no gap.",
);
