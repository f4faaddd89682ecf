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
