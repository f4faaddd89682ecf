import { randomUUID } from "node:crypto";

import { createLimitStore } from "@chatkeep/core";
import { createRequestLimits } from "@chatkeep/server";
import { fileDatabase } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { makeThings } from "./matrix.ts";
import { newSession, newUser, startPeopleServer } from "./people.ts";

const database = await fileDatabase();
const { call, history, logged } = await startPeopleServer(database.url);

describe("a link", () => {
  it("is read without a credential, and kept by no cache, no search engine and no log", async () => {
    const { owner } = newSession();
    const things = await makeThings(history, owner);
    const file = await history.putFile(owner, { name: "a", mediaType: "text/plain" }, Buffer.from("bytes"));
    await history.appendMessages(owner, things.conversation, [
      { role: "user", parts: [{ type: "file", url: "", mime: "", file: file.id }] },
    ]);
    const { token } = await history.createShare(owner, things.conversation);
    for (const path of ["", "/messages", `/files/${file.id}`, `/files/${file.id}/info`]) {
      const response = await call("GET", `/api/shared/${token}${path}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("x-robots-tag")).toBe("noindex, nofollow");
      expect(response.headers.get("referrer-policy")).toBe("no-referrer");
      expect(response.headers.get("cache-control")).toContain("no-store");
      const text = await response.text();
      for (const secret of [owner.id, things.conversation, things.turn, things.file])
        expect(text).not.toContain(secret);
    }
    expect(JSON.stringify(logged())).not.toContain(token);
  });

  it("opens nothing else of its owner: its token is no credential, no id and no handle", async () => {
    const { owner } = newSession();
    const things = await makeThings(history, owner);
    const { token, share } = await history.createShare(owner, things.conversation);
    const stranger = await newUser();
    for (const path of [
      `/api/conversations/${things.conversation}`,
      `/api/conversations/${token}`,
      `/api/conversations/${share.id}`,
      `/api/files/${things.file}`,
      `/api/chat/${token}`,
    ]) {
      const { status } = await call("GET", path, { credentials: stranger.credentials });
      expect([403, 404]).toContain(status);
    }
    for (const credentials of [{ authorization: `Bearer ${token}` }, { "x-session-id": token }]) {
      const { status } = await call("GET", "/api/conversations", { credentials });
      expect([400, 401]).toContain(status);
    }
    // Not a file of the branch.
    expect((await call("GET", `/api/shared/${token}/files/${things.file}`)).status).toBe(404);
    // The id of a link is no token.
    expect((await call("GET", `/api/shared/${share.id}`)).status).toBe(404);
  });

  it("is continued by whoever is somebody, as their own", async () => {
    const { owner } = newSession();
    const things = await makeThings(history, owner);
    const { token } = await history.createShare(owner, things.conversation);
    expect((await call("POST", `/api/shared/${token}/fork`, { body: {} })).status).toBe(401);
    const reader = await newUser();
    const response = await call("POST", `/api/shared/${token}/fork`, {
      credentials: reader.credentials,
      body: {},
    });
    expect(response.status).toBe(201);
    const copy = (await response.json()) as { id: string; metadata: unknown; message_count: number };
    expect(copy).toMatchObject({ metadata: null, message_count: 2 });
    expect((await history.listConversations(reader.owner)).total).toBe(1);
  });

  it("that does not exist may be tried 60 times a minute by one address", async () => {
    const limits = createRequestLimits({ store: createLimitStore({ pool: database.pool }) });
    const { url } = await startPeopleServer(database.url, { server: { limits } });
    const guess = async (): Promise<number> =>
      (
        await fetch(
          `${url}/api/shared/${Buffer.from(randomUUID() + randomUUID())
            .toString("base64url")
            .slice(0, 43)}`,
        )
      ).status;
    for (let tried = 0; tried < 61; tried++) expect(await guess()).toBe(404);
    expect(await guess()).toBe(429);
  });
});
