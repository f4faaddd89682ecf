import { readFileSync } from "node:fs";

import { createDatabase, oldestPostgres, startPostgres } from "@chatkeep/testing";
import { ask } from "@chatkeep/testing/contract";
import { expect, it } from "vitest";

import { newSession, openFixture } from "./fixture.ts";
import { SCHEMA_FILE, dumpSchema } from "./schema.ts";

/** PostgreSQL 15, which npm brings for Linux on x64. `npm run test:all` runs the whole contract on it. */
it.runIf(oldestPostgres !== undefined)(
  "the oldest PostgreSQL has the schema that is checked in, and keeps, pages and finds a conversation",
  async () => {
    await using postgres = await startPostgres({ package: oldestPostgres!, settings: { fsync: "off" } });
    const database = await createDatabase({ server: postgres.url("postgres") });
    const { rows } = await database.pool.query("show server_version");
    expect(rows).toMatchObject([{ server_version: /^15\./ }]);
    expect(await dumpSchema(database.pool)).toBe(readFileSync(SCHEMA_FILE, "utf8"));

    const fixture = openFixture(database.url, newSession);
    const { history } = fixture;
    const me = newSession();
    const { conversation } = await history.createConversation(me);
    const { answer } = await ask(fixture, me, conversation.id, { content: "Where is the heron?" }, [
      "At the pond.",
    ]);
    expect(answer.status).toBe("complete");
    expect(await history.listMessages(me, conversation.id)).toMatchObject({
      total: 2,
      messages: [{ content: "Where is the heron?" }, { content: "At the pond." }],
    });
    expect((await history.searchMessages(me, { text: "heron" })).hits).toHaveLength(1);
    await history.deleteConversation(me, conversation.id);
    await history.restoreConversation(me, conversation.id);
    expect(await history.eraseData(me)).toMatchObject({ conversations: 1, messages: 2 });
    await fixture.close();
    await database.close();
  },
);
