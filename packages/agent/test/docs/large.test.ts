import { createDocsStore, createPool } from "@chatkeep/core";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, expect, test } from "vitest";

import { docsOf, write } from "./fixture.ts";

const database = await fileDatabase();
// One connection: it tells PostgreSQL's counters what it has read when it is asked to.
const pool = createPool(database.url, { ...UNHURRIED.pool, max: 1 });
const store = createDocsStore({ ...UNHURRIED.history, pool });
afterAll(async () => {
  store.close();
  await pool.end();
});

/** How often the table of passages was read as a whole, and how often the index of their words was. */
async function reads(): Promise<{ scans: number; indexed: number }> {
  await pool.query("select pg_stat_force_next_flush()");
  const { rows } = await pool.query<{ scans: number; indexed: number }>(
    `select t.seq_scan::int as scans, i.idx_scan::int as indexed
     from pg_stat_user_tables t join pg_stat_user_indexes i using (relid)
     where indexrelname = 'passages_search'`,
  );
  return rows[0]!;
}

const DOCUMENTS = 220;
const SECTIONS = 50;

/** A document whose sections each name a thing that no other does. */
function document(number: number): string {
  const sections = Array.from(
    { length: SECTIONS },
    (_, section) =>
      `## Part ${section}\n\nThe valve v${number}x${section} is opened before the pump of hall ${section % 7}.`,
  );
  return [`# Machine ${number}`, ...sections].join("\n\n");
}

test("docs of 11,000 passages are read once, answers at once, and takes in a change alone", async () => {
  const files = Object.fromEntries(
    Array.from({ length: DOCUMENTS }, (_, n) => [`machine-${n}.md`, document(n)]),
  );
  const { docs, folder } = await docsOf(store, "large", files);
  const { rows } = await database.pool.query<{ count: number }>(
    "select count(*)::int as count from chatkeep.passages where docs = 'large'",
  );
  expect(rows[0]?.count).toBe(DOCUMENTS * SECTIONS);

  await database.pool.query("analyze chatkeep.passages");
  const before = await reads();
  const [found] = await docs.search({ question: "When is valve v113x17 opened?" });
  expect(found).toMatchObject({ path: "machine-113.md", section: "Part 17" });
  const { scans, indexed } = await reads();
  expect([scans, indexed > before.indexed]).toEqual([before.scans, true]);

  expect(await docs.ingest()).toEqual({ documents: DOCUMENTS, changed: 0, removed: 0 });
  await write(folder, "machine-7.md", `${document(7)}\n\n## New\n\nThe zeppelin is inflated.`);
  expect(await docs.ingest()).toEqual({ documents: DOCUMENTS, changed: 1, removed: 0 });
  expect((await docs.search({ question: "zeppelin" }))[0]).toMatchObject({
    path: "machine-7.md",
    section: "New",
  });
});
