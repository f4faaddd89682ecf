import { ChatkeepError } from "@chatkeep/protocol";
import { expect, test } from "vitest";

import { explainDatabaseError } from "./database-fault.ts";

test.each([
  ["55P03", "canceling statement due to lock timeout"],
  ["40P01", "deadlock detected"],
])("a migration that met a table in use is tried again, and says what for: %s", (code, message) => {
  const fault = explainDatabaseError({ code, message }, "postgres://ada@db.example/chats");
  expect(fault).toMatchObject({ passing: true });
  expect(fault?.sentence).toContain('tables in "chats" are in use');
});

test.each([
  ["57014", "canceling statement due to statement timeout"],
  ["08P01", "no more connections allowed"],
])("what PostgreSQL or a pooler itself says is told in its own words: %s", (code, message) => {
  expect(explainDatabaseError({ code, message }, "postgres://ada@db.example/chats")).toEqual({
    passing: true,
    sentence: `PostgreSQL at db.example:5432 says: ${message}.`,
  });
});

test.each([
  Object.assign(new Error("write EPIPE"), { code: "EPIPE" }),
  new ChatkeepError("unavailable", "The conversations cannot be reached just now."),
  new ChatkeepError("unavailable", "The conversations cannot be reached just now.", {
    cause: Object.assign(new Error("write EPIPE"), { code: "EPIPE" }),
  }),
])("whatever counts as an outage passes by itself: %s", (error) => {
  const fault = explainDatabaseError(error, "postgres://ada@db.example/chats");
  expect(fault).toMatchObject({ passing: true });
  expect(fault?.sentence).toMatch(/^db\.example:5432 does not answer/);
});

test("an outage that a call of ours met is explained by its cause", () => {
  const cause = { code: "57P03", message: "the database system is starting up" };
  const error = new ChatkeepError("unavailable", "The conversations cannot be reached just now.", { cause });
  expect(explainDatabaseError(error, "postgres://ada@db.example/chats")?.sentence).toContain(
    "is starting up",
  );
});
