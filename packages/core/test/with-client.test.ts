import { fileDatabase } from "@chatkeep/testing";
import { Pool } from "pg";
import { afterAll, describe, expect, it } from "vitest";

import { newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const { history } = openFixture(database.url, newUser);
const hosts = new Pool({ connectionString: database.url });
await hosts.query("create table orders (id text primary key, conversation text not null)");
afterAll(async () => {
  await history.close();
  await hosts.end();
});

describe("withClient", () => {
  it("writes in the host's transaction: seen by others when it commits", async () => {
    const me = newUser();
    const client = await hosts.connect();
    await client.query("begin");
    const store = history.withClient(client);
    const { conversation } = await store.createConversation(me, { title: "Order 1" });
    await store.appendMessages(me, conversation.id, [{ role: "user", content: "I ordered \u0000 it" }]);
    await client.query("insert into orders values ('1', $1)", [conversation.id]);
    expect((await store.listMessages(me, conversation.id)).total).toBe(1);
    await expect(history.getConversation(me, conversation.id)).rejects.toMatchObject({
      code: "conversation_not_found",
    });
    await client.query("commit");
    client.release();
    expect((await history.listMessages(me, conversation.id)).messages[0]?.content).toBe(
      "I ordered \u0000 it",
    );
  });

  it("leaves nothing when the host rolls back", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(me);
    const client = await hosts.connect();
    await client.query("begin");
    await history.withClient(client).appendMessages(me, conversation.id, [{ role: "user", content: "no" }]);
    await client.query("rollback");
    client.release();
    expect((await history.getConversation(me, conversation.id)).messageCount).toBe(0);
    const [first] = await history.appendMessages(me, conversation.id, [{ role: "user", content: "yes" }]);
    expect(first?.seq).toBe(1);
  });

  it("refuses what is somebody else's, and prepares nothing on the host's connection", async () => {
    const me = newUser();
    const { conversation } = await history.createConversation(newUser());
    const client = await hosts.connect();
    const store = history.withClient(client);
    await expect(store.getConversation(me, conversation.id)).rejects.toMatchObject({ code: "forbidden" });
    const { rows } = await client.query("select name from pg_prepared_statements");
    expect(rows).toEqual([]);
    client.release();
  });
});
