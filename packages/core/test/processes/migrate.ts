import { once } from "node:events";

import { createPool, migrate } from "@chatkeep/core";

/** Migrates the database of the URL in its first argument, when it is told to by a line on its standard input. */
const pool = createPool(process.argv[2]!);
await pool.query("select 1");
process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdin.destroy();
process.stdout.write(`${JSON.stringify(await migrate(pool))}\n`);
await pool.end();
