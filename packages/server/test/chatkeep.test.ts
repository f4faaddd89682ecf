import type * as Protocol from "@chatkeep/protocol";
import { ChatkeepError, type Owner } from "@chatkeep/protocol";
import { seedApis } from "@chatkeep/seeds";
import { createChatkeep, createLog } from "@chatkeep/server";
import { UNHURRIED, createDatabase } from "@chatkeep/testing";
import { Hono } from "hono";
import { afterAll, describe, expect, it } from "vitest";

const database = await createDatabase({ contents: "empty" });
const chatkeep = createChatkeep({
  pool: database.pool,
  ...UNHURRIED.history,
  basePath: "/assistant",
  apis: [seedApis()],
  log: createLog({ level: "fatal" }),
  authenticate(request): Owner {
    const user = /(?:^|; )login=(\w+)/.exec(request.headers.get("cookie") ?? "")?.[1];
    if (user === undefined) throw new ChatkeepError("unauthenticated", "Sign in first.");
    return { kind: "user", id: user };
  },
  async *responder({ question, owner }) {
    yield `${owner.id} asked: ${question.content}`;
  },
});
await chatkeep.migrate();
afterAll(async () => {
  await chatkeep.close();
  await database.close();
});

function ask(path: string, user: string | null, body?: object): Request {
  return new Request(`https://host.example${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(user === null ? {} : { cookie: `theme=dark; login=${user}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

describe("createChatkeep", () => {
  it("answers a host's requests below its path, as the person whom the host's login names", async () => {
    const response = await chatkeep.fetch(ask("/assistant/api/ada/chat", "ada", { message: "Hi" }));
    expect(await response.json()).toMatchObject({ response: "ada asked: Hi" });
    expect((await chatkeep.fetch(ask("/assistant/api/ada/chat", "bob", { message: "Hi" }))).status).toBe(403);
    expect((await chatkeep.fetch(ask("/assistant/api/conversations", null))).status).toBe(401);
    expect((await chatkeep.fetch(ask("/api/conversations", "ada"))).status).toBe(404);
    expect((await chatkeep.fetch(ask("/assistants/api/conversations", "ada"))).status).toBe(404);
  });

  it("shares its history with the host's own code and transactions", async () => {
    const client = await database.pool.connect();
    await client.query("begin");
    const owner: Owner = { kind: "user", id: "carol" };
    const { conversation } = await chatkeep.history
      .withClient(client)
      .createConversation(owner, { title: "Order" });
    await client.query("commit");
    client.release();
    const response = await chatkeep.fetch(ask("/assistant/api/conversations", "carol"));
    expect(await response.json()).toMatchObject({ conversations: [{ id: conversation.id, title: "Order" }] });
  });

  it("mounts in Hono", async () => {
    const app = new Hono();
    app.get("/", (context) => context.text("the host"));
    app.all("/assistant/*", (context) => chatkeep.fetch(context.req.raw));
    expect(await (await app.request("/")).text()).toBe("the host");
    const response = await app.request(ask("/assistant/api/dan/chat", "dan", { message: "Hi" }));
    expect(await response.json()).toMatchObject({ response: "dan asked: Hi" });
  });

  it("knows the errors of a second copy of @chatkeep/protocol", async () => {
    const second = (file: string): Promise<typeof Protocol> => import(`../../protocol/src/${file}.ts?second`);
    const protocol = { ...(await second("errors")), ...(await second("responder")) };
    expect(protocol.ChatkeepError).not.toBe(ChatkeepError);
    await using other = createChatkeep({
      pool: database.pool,
      log: createLog({ level: "fatal" }),
      authenticate(request): Owner {
        if (request.headers.has("cookie")) return { kind: "user", id: "erin" };
        throw new protocol.ChatkeepError("unauthenticated", "Sign in first.");
      },
      async *responder() {
        yield "I am ";
        throw new protocol.ResponderError({ code: "tired", detail: "I have to sleep." });
      },
    });
    const response = await other.fetch(ask("/api/conversations", null));
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ detail: "Sign in first." });

    const owner: Owner = { kind: "user", id: "erin" };
    const { conversation } = await other.history.createConversation(owner);
    const { turn } = await other.history.startTurn(owner, conversation.id, {
      id: "q",
      content: "How are you?",
    });
    for await (const _ of other.history.followTurn(owner, conversation.id, turn.id));
    await expect(other.history.getTurn(owner, conversation.id, turn.id)).resolves.toMatchObject({
      turn: { status: "failed", error: { code: "tired", detail: "I have to sleep." } },
    });

    class Stricter extends ChatkeepError {}
    expect(new ChatkeepError("conflict", "x")).not.toBeInstanceOf(Stricter);
    expect(new Stricter("conflict", "x")).toBeInstanceOf(ChatkeepError);
    expect(new Error("x")).not.toBeInstanceOf(ChatkeepError);
  });

  it("says how a base path is written", () => {
    const options = { pool: database.pool, authenticate: () => ({ kind: "user", id: "x" }) as const };
    const responder = async function* () {
      yield "";
    };
    expect(() => createChatkeep({ ...options, responder, basePath: "chat/" })).toThrow(TypeError);
  });
});
