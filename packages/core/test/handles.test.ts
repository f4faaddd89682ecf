import { createHash } from "node:crypto";

import type { Owner } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { newSession, newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const { history, asRestarted } = openFixture(database.url, newUser);
afterAll(() => history.close());

async function handleOf(owner: Owner): Promise<{ handle: string; id: string }> {
  const { conversation } = await history.createConversation(owner);
  return { handle: await history.createHandle(owner, conversation.id), id: conversation.id };
}

describe("a handle", () => {
  it("names a conversation on every node, with 192 random bits of which only the hash is kept", async () => {
    const me = newUser();
    const { handle, id } = await handleOf(me);
    expect(handle).toMatch(/^sess_[A-Za-z0-9_-]{32}$/);
    const restarted = await asRestarted();
    expect(await restarted.findHandle(me, handle)).toEqual({ conversationId: id, active: true });
    await restarted.close();
    const { rows } = await database.pool.query<{ hash: Buffer }>(
      "select hash from chatkeep.handles where conversation_id = $1",
      [id],
    );
    expect(rows.map(({ hash }) => hash.toString("hex"))).toEqual([
      createHash("sha256").update(handle).digest("hex"),
    ]);
  });

  it("is good for nobody else, and tells who has none that there is none", async () => {
    const me = newUser();
    const { handle } = await handleOf(me);
    const other = newUser();
    await expect(history.findHandle(other, handle)).rejects.toMatchObject({ code: "forbidden" });
    await expect(history.endHandle(other, handle)).rejects.toMatchObject({ code: "forbidden" });
    const missing = `sess_${"x".repeat(32)}`;
    await expect(history.findHandle(me, missing)).rejects.toMatchObject({ code: "conversation_not_found" });
    await expect(history.findHandle(me, "1")).rejects.toMatchObject({ code: "conversation_not_found" });
    const { conversation } = await history.createConversation(me);
    await expect(history.createHandle(other, conversation.id)).rejects.toMatchObject({ code: "forbidden" });
  });

  it("is inactive once it was ended, and gone with its conversation", async () => {
    const me = newUser();
    const { handle, id } = await handleOf(me);
    await history.endHandle(me, handle);
    await history.endHandle(me, handle);
    expect(await history.findHandle(me, handle)).toEqual({ conversationId: id, active: false });
    await history.deleteConversation(me, id);
    await expect(history.findHandle(me, handle)).rejects.toMatchObject({ code: "conversation_not_found" });
  });

  it("goes with its conversation to the user who claims it", async () => {
    const session = newSession();
    const { handle, id } = await handleOf(session);
    const me = newUser();
    await history.claimSession(me, session);
    expect(await history.findHandle(me, handle)).toEqual({ conversationId: id, active: true });
    await expect(history.findHandle(session, handle)).rejects.toMatchObject({ code: "forbidden" });
  });
});
