import { expect, test } from "vitest";

import { bookOf, openStore, write } from "./books.ts";

const { database, store } = await openStore();

const CHAPTERS = 220;
const SECTIONS = 50;

/** A chapter whose sections each name a thing that no other does. */
function chapter(number: number): string {
  const sections = Array.from(
    { length: SECTIONS },
    (_, section) =>
      `## Part ${section}\n\nThe valve v${number}x${section} is opened before the pump of hall ${section % 7}.`,
  );
  return [`# Machine ${number}`, ...sections].join("\n\n");
}

test("a book of 11,000 passages is read once, answers at once, and takes in a change alone", async () => {
  const files = Object.fromEntries(
    Array.from({ length: CHAPTERS }, (_, n) => [`machine-${n}.md`, chapter(n)]),
  );
  const { book, folder } = await bookOf(store, "large", files);
  const { rows } = await database.pool.query<{ count: number }>(
    "select count(*)::int as count from chatkeep.passages where book = 'large'",
  );
  expect(rows[0]?.count).toBe(CHAPTERS * SECTIONS);

  await book.search({ question: "warm up" });
  const began = performance.now();
  const [found] = await book.search({ question: "When is valve v113x17 opened?" });
  // 8 ms on an idle machine; a scan of the book takes 300.
  expect(performance.now() - began).toBeLessThan(250);
  expect(found).toMatchObject({ path: "machine-113.md", section: "Part 17" });

  expect(await book.ingest()).toEqual({ chapters: CHAPTERS, changed: 0, removed: 0 });
  await write(folder, "machine-7.md", `${chapter(7)}\n\n## New\n\nThe zeppelin is inflated.`);
  expect(await book.ingest()).toEqual({ chapters: CHAPTERS, changed: 1, removed: 0 });
  expect((await book.search({ question: "zeppelin" }))[0]).toMatchObject({
    path: "machine-7.md",
    section: "New",
  });
});
