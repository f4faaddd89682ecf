import { randomUUID } from "node:crypto";

import { type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import type { Owner, Responder } from "@chatkeep/protocol";
import { type Database, UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll } from "vitest";

/** A history of a test file's own, to be opened at its top level. */
export async function openHistory(responder: Responder, database?: Database): Promise<CoreHistory> {
  const pool = createPool((database ?? (await fileDatabase())).url, UNHURRIED.pool);
  const history = createHistory({ pool, ...UNHURRIED.history, responder });
  afterAll(async () => {
    await history.close();
    await pool.end();
  });
  return history;
}

/** Somebody who was never there before. */
export function newOwner(): Owner {
  return { kind: "user", id: randomUUID() };
}
