import type { Owner } from "@chatkeep/protocol";
import { type Database, createDatabase, startPostgres } from "@chatkeep/testing";
import { afterAll, beforeEach, expect } from "vitest";

import { type CoreFixture, newUser, openFixture } from "./fixture.ts";

/** A database server of a test file's own, and a history on it. */
interface Outage extends CoreFixture {
  readonly database: Database;
  /** The database server's own. */
  readonly serverUrl: string;
  /** Ends the database server as a crash does. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Begins a conversation; its id. */
  begin(owner: Owner): Promise<string>;
}

/** Makes one for the tests of this file; each of them finds the server started. */
export async function openOutage(): Promise<Outage> {
  const server = await startPostgres();
  const database = await createDatabase({ server: server.url("postgres") });
  const fixture = openFixture(database.url, newUser);
  const { history } = fixture;
  let down = false;

  const start = async (): Promise<void> => {
    await server.start();
    down = false;
    // A live probe: it finds the database back, and so does every call from then on.
    await expect.poll(async () => (await history.health()).status).toBe("ok");
  };
  beforeEach(async () => {
    if (down) await start();
  });
  afterAll(async () => {
    await fixture.close();
    await server.remove();
  });

  return {
    ...fixture,
    database,
    serverUrl: server.url("postgres"),
    async stop() {
      await server.stop("immediate");
      down = true;
    },
    start,
    begin: async (owner) => (await history.createConversation(owner)).conversation.id,
  };
}
