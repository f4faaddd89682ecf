import { createDatabase, startPostgres } from "@chatkeep/testing";
import { afterAll, expect, test } from "vitest";

import { openFixture, state } from "./fixture.ts";

// A PostgreSQL of its own, because it is stopped.
const postgres = await startPostgres();
const database = await createDatabase({ server: postgres.url("postgres") });
const fixture = await openFixture(database.url);
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  await database.pool.end();
  await postgres.remove();
});

test("an answer given while nothing can be saved says so, outlives a reload, and is saved once as it was shown", async () => {
  const owner = fixture.owner();
  const browser = new Map<string, string>();
  const before = fixture.page(owner, browser);
  const thread = before.chat.newThread();
  await postgres.stop("immediate");
  thread.send("Do you work?");
  const run = await fixture.script.started(thread.conversationId);
  await run.emit("I do, unsaved.");
  run.finish();
  const unsaved = await state(
    thread,
    ({ running, entries }) => running === null && entries[1]?.status === "complete",
  );
  expect(unsaved.entries.map(({ delivery }) => delivery)).toEqual(["unsaved", "unsaved"]);
  before.chat.close();

  const { chat } = fixture.page(owner, browser);
  const again = chat.thread(thread.conversationId);
  const reloaded = await state(again, ({ entries }) => entries.length === 2);
  expect(reloaded.entries.map(({ id, delivery, parts }) => ({ id, delivery, parts }))).toEqual(
    unsaved.entries.map(({ id, delivery, parts }) => ({ id, delivery, parts })),
  );

  await postgres.start();
  chat.refresh();
  const saved = await state(again, ({ entries }) => entries.every(({ delivery }) => delivery === "saved"));
  const stored = await fixture.history.listMessages(owner, thread.conversationId);
  expect(stored.messages.map(({ id, parts }) => ({ id, parts }))).toEqual(
    unsaved.entries.map(({ id, parts }) => ({ id, parts })),
  );
  expect(saved.entries.map(({ id }) => id)).toEqual(unsaved.entries.map(({ id }) => id));
  expect(fixture.script.calls(thread.conversationId)).toBe(1);
  expect([...browser.keys()]).toEqual([]);
});
