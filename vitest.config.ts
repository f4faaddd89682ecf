import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

import { defineConfig } from "vitest/config";

import { writeSqlModules } from "./packages/core/build/sql.ts";
import { LongestFirst } from "./packages/testing/src/sequencer.ts";
import { TEST_TIMEOUT, WAIT_TIMEOUT } from "./packages/testing/src/timeout.ts";

// Before any suite loads them: a changed .sql file needs no step by hand.
writeSqlModules();

// Processes that tests start compile our sources once a checkout, not once a start.
process.env["NODE_COMPILE_CACHE"] ??= fileURLToPath(new URL("node_modules/.cache/node", import.meta.url));

const conditions = ["@chatkeep/source", "node"];

/** The contract on further set-ups: the oldest PostgreSQL, forced row-level security, other credentials. */
const MATRIX = "**/*.matrix.test.ts";

/** Tests of the packages as npm packs them: they need `npm run build`. */
const PACKED = "**/*.packed.test.ts";

const isPacked = process.env["TEST_PACKED"] === "1";

/** One configuration for every suite: sources are run as they are, so nothing has to be built before. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  // The global setup runs in an environment of Vitest's own.
  environments: { __vitest__: { resolve: { conditions } } },
  test: {
    include: ["packages/*/{src,test}/**/*.test.{ts,tsx}", "{bench,examples}/**/*.test.ts"],
    exclude: [
      "**/node_modules/**",
      // `npm run test:all` and `npm run test:packed` run these.
      ...(process.env["TEST_MATRIX"] === "1" ? [] : [MATRIX]),
      ...(isPacked ? [] : [PACKED]),
    ],
    globalSetup: [
      "packages/testing/src/setup.ts",
      ...(isPacked ? ["packages/chatkeep/test/packed-setup.ts"] : []),
    ],
    // The children that tests start and the modules that Node loads itself resolve to sources too.
    execArgv: ["--conditions=@chatkeep/source"],
    pool: "forks",
    // Files share a process one after another, which loads the sources once: 0.5 s of CPU less a file.
    isolate: false,
    // Suites wait for PostgreSQL, browsers and timers a third of their time: with three processes a sixth of two cores is idle.
    // The builds in packed tests use more than a core and a gigabyte each.
    maxWorkers: isPacked ? 2 : availableParallelism() + 2,
    sequence: { sequencer: LongestFirst },
    testTimeout: TEST_TIMEOUT,
    hookTimeout: TEST_TIMEOUT,
    teardownTimeout: TEST_TIMEOUT,
    expect: { poll: { timeout: WAIT_TIMEOUT } },
    reporters: ["default", ["json", { outputFile: "test-results/vitest.json" }]],
  },
});
