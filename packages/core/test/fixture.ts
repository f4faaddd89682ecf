import { randomUUID } from "node:crypto";

import { type CoreHistory, type HistoryOptions, createHistory, createPool } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import { type Database, type ScriptedResponder, UNHURRIED, createScriptedResponder } from "@chatkeep/testing";
import type { HistoryFixture } from "@chatkeep/testing/contract";
import { onTestFinished } from "vitest";

/** A fixture of the contract whose histories are core's own. */
export interface CoreFixture extends HistoryFixture {
  readonly history: CoreHistory;
  readonly asRestarted: (options?: Partial<HistoryOptions>) => Promise<CoreHistory>;
}

/** A user who was never there before. */
export function newUser(): Owner {
  return { kind: "user", id: randomUUID(), issuer: "https://issuer.example" };
}

/** A session that was never there before. */
export function newSession(): Owner {
  return { kind: "session", id: randomUUID() };
}

/** Histories over the database of this URL; each node has a pool of its own, as processes have. */
export function openFixture(
  url: string,
  owner: () => Owner,
  options: Partial<HistoryOptions> = {},
  responder: ScriptedResponder = createScriptedResponder(),
): CoreFixture {
  const history = openNode(url, { responder: responder.responder, ...options });
  return {
    history,
    responder,
    owner,
    asRestarted: (more = {}) =>
      Promise.resolve(openNode(url, { responder: responder.responder, ...options, ...more })),
    // Nothing listens on port 1.
    asUnreachable: () =>
      Promise.resolve(openNode("postgres://nobody@127.0.0.1:1/nothing", { responder: responder.responder })),
    close: () => history.close(),
  };
}

/** A node: a history whose pool is closed with it. */
function openNode(url: string, options: Partial<HistoryOptions>): CoreHistory {
  const pool = createPool(url, UNHURRIED.pool);
  const history = createHistory({ pool, ...UNHURRIED.history, ...options });
  const close: CoreHistory["close"] = async (how) => {
    await history.close(how);
    await pool.end();
  };
  return { ...history, close, [Symbol.asyncDispose]: () => close() };
}

/** A function that opens nodes with these options and its own; each is closed with its test. */
export function nodeOpener(
  options: Pick<HistoryOptions, "pool" | "responder">,
): (more?: Partial<HistoryOptions>) => CoreHistory {
  return (more = {}) => {
    const node = createHistory({ ...UNHURRIED.history, ...options, ...more });
    onTestFinished(() => node.close());
    return node;
  };
}

/** A role that may log in to the database and has no other right. */
export async function createLogin(
  database: Database,
): Promise<AsyncDisposable & { name: string; url: string }> {
  const name = `${database.name}_login`;
  await database.pool.query(`create role ${name} login password 'secret' nosuperuser nocreaterole`);
  const url = new URL(database.url);
  url.username = name;
  url.password = "secret";
  return {
    name,
    url: url.href,
    async [Symbol.asyncDispose]() {
      await database.pool.query(`drop owned by ${name} cascade`);
      await database.pool.query(`drop role ${name}`);
    },
  };
}

/** The names of the two roles of a migrated database. */
export async function rolesOf(database: Database): Promise<{ store: string; engine: string }> {
  const { rows } = await database.pool.query<{ engine: string }>(
    "select nspowner::regrole::text as engine from pg_namespace where nspname = 'chatkeep'",
  );
  const { engine } = rows[0]!;
  return { engine, store: engine.replace("engine", "store") };
}
