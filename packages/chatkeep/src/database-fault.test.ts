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
