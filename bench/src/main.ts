import { parseArgs } from "node:util";

import { type Measure, toJson, toLine } from "./measure.ts";

/** The suites, each loaded when it is run. */
const SUITES: Record<string, (file?: string) => Promise<AsyncIterable<Measure>>> = {
  store: async () => (await import("./store.ts")).measureStore(),
  isolation: async () => (await import("./isolation.ts")).measureIsolation(),
  turns: async () => (await import("./turns.ts")).measureTurns(),
  recall: async (file) => (await import("./recall.ts")).measureRecall(file),
  context: async () => (await import("./context.ts")).measureContext(),
  tree: async () => (await import("./tree.ts")).measureTree(),
  touched: async (file) => (await import("./touched.ts")).measureTouched(file === "list"),
  files: async () => (await import("./files.ts")).measureFiles(),
  hostile: async (file) => (await import("./hostile.ts")).measureHostile(file === "list"),
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, file: { type: "string" } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(SUITES, name));
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(", ")}: the suites are ${Object.keys(SUITES).join(", ")}.`);
  process.exit(2);
}
for (const name of positionals.length > 0 ? positionals : Object.keys(SUITES)) {
  if (!values.json) console.log(`\n${name}`);
  for await (const measure of await SUITES[name]!(values.file)) {
    console.log(values.json ? toJson(measure) : toLine(measure));
  }
}
