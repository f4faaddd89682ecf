import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { createClient, decodeFrames, type TurnEvent } from "@chatkeep/protocol";
import { fileDatabase, startChatkeep, startModel, temporaryHome } from "@chatkeep/testing";
import { expect, test } from "vitest";

import { runCommand, startServe } from "./command.ts";

const database = await fileDatabase();

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
const owner = { kind: "session", id: "0b3f6e0a-6d0e-4b7e-9d60-0a4c6b7a2f10" } as const;

/** Asks, and gives the stream behind its first text. */
async function ask(url: string, id: string): Promise<AsyncGenerator<TurnEvent, void, void>> {
  const headers = {
    "content-type": "application/json",
    "x-session-id": owner.id,
    accept: "text/event-stream",
  };
  await fetch(`${url}/api/conversations`, { method: "POST", headers, body: JSON.stringify({ id }) });
  const body = JSON.stringify({ id: "q1", content: "What now?" });
  const response = await fetch(`${url}/api/conversations/${id}/turns`, { method: "POST", headers, body });
  const events = decodeFrames(response.body!);
  for (;;) {
    const { value } = await events.next();
    if (value!.chunk.type === "text-delta") return events;
  }
}

test("answers from its own guide with sources, and a restart keeps the conversation", async () => {
  await using home = temporaryHome();
  const first = await startChatkeep({ env: { CHATKEEP_HOME: home.path } });
  const client = createClient({ baseUrl: first.url });
  const { conversation } = await client.createConversation(owner);
  const { events } = await client.startTurn(owner, conversation.id, { content: "How do I resume a stream?" });
  let last = "";
  for await (const { chunk } of events) last = chunk.type;
  expect(last).toBe("finish");
  const before = await client.listMessages(owner, conversation.id);
  expect(before.messages.at(-1)?.citations).not.toBeNull();
  const link = before.messages.at(-1)?.citations?.[0]?.url ?? "";
  const document = await fetch(first.url + link);
  expect(await document.text()).toContain(`id="${new URL(link, first.url).hash.slice(1)}"`);
  expect(await first.stop()).toBe(0);

  const second = await startChatkeep({ env: { CHATKEEP_HOME: home.path } });
  expect(await createClient({ baseUrl: second.url }).listMessages(owner, conversation.id)).toEqual(before);
  expect(await second.stop()).toBe(0);
});

test("a second server on the same home says who holds it", async () => {
  await using held = await startChatkeep();
  const home = /"directory":"([^"]+)\/postgres"/.exec(held.stdout())?.[1] ?? "";
  const { code, stderr } = await runCommand(["serve"], { PORT: "0", CHATKEEP_HOME: home });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`^${home} is in use by another Chatkeep, process ${held.pid}, .*CHATKEEP_HOME\\.\n$`),
  );
  const doctor = await runCommand(["doctor"], { CHATKEEP_HOME: home });
  expect(doctor).toMatchObject({ code: 0 });
  expect(doctor.stdout).toMatch(/^note +URL +.* is in use by another Chatkeep/);
});

test("a start that fails leaves no PostgreSQL behind, and the home free", async () => {
  await using home = temporaryHome();
  const env = { PORT: "0", CHATKEEP_HOME: home.path };
  const failed = await runCommand(["serve"], { ...env, CHATKEEP_RESPONDER: fixture("wordless") });
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain("must have a default export");
  const data = join(home.path, "postgres/data");
  expect(existsSync(data)).toBe(true);
  expect(existsSync(join(data, "postmaster.pid"))).toBe(false);
});

test("SIGTERM lets a turn finish within the grace period, to its readers too", async () => {
  const serving = startServe({ DATABASE_URL: database.url, CHATKEEP_RESPONDER: fixture("patient") });
  const { url } = (await serving.logged("listening")) as { url: string };
  const events = await ask(url, "finishes");
  serving.signal("SIGTERM");
  const rest: TurnEvent[] = [];
  for await (const event of events) rest.push(event);
  expect(rest.at(-1)?.chunk).toMatchObject({ type: "finish", messageMetadata: { status: "complete" } });
  expect(await serving.ended).toBe(0);

  await using next = await startChatkeep({ env: { DATABASE_URL: database.url } });
  const page = await createClient({ baseUrl: next.url }).listMessages(owner, "finishes");
  expect(page.messages.at(-1)).toMatchObject({ content: "First, then.", status: "complete" });
});

test("after the grace period a turn is settled as interrupted, its text kept", async () => {
  const env = { DATABASE_URL: database.url, CHATKEEP_RESPONDER: fixture("endless"), CHATKEEP_GRACE: "0.1" };
  const serving = startServe(env);
  const { url } = (await serving.logged("listening")) as { url: string };
  const events = await ask(url, "interrupted");
  serving.signal("SIGINT");
  let last: TurnEvent | undefined;
  for await (const event of events) last = event;
  expect(last?.chunk.type).toBe("error");
  expect(await serving.ended).toBe(0);

  await using next = await startChatkeep({ env: { DATABASE_URL: database.url } });
  const page = await createClient({ baseUrl: next.url }).listMessages(owner, "interrupted");
  expect(page.messages.at(-1)).toMatchObject({ content: "Half", status: "interrupted" });
});

test("a second signal ends at once", async () => {
  const env = { DATABASE_URL: database.url, CHATKEEP_RESPONDER: fixture("endless"), CHATKEEP_GRACE: "600" };
  const serving = startServe(env);
  const { url } = (await serving.logged("listening")) as { url: string };
  const events = await ask(url, "abandoned");
  serving.signal("SIGTERM");
  await serving.logged("ending");
  // The same one at once would be npm's, which passes signals on.
  serving.signal("SIGINT");
  expect(await serving.ended).toBe(1);
  await expect(events.next()).rejects.toThrow("cut off");
});

test("when the shell that npm started for it ends, it ends as at a signal", async () => {
  const env = { DATABASE_URL: database.url, npm_lifecycle_event: "start" };
  const serving = startServe(env, "npm");
  await serving.logged("listening");
  serving.signal("SIGTERM");
  expect(await serving.ended).toBe("SIGTERM");
  expect(await serving.logged("ending")).toMatchObject({ signal: "npm ended" });
  await serving.logged("ended");
});

test("a model answers in place of the docs, with the key and the conversation so far", async () => {
  await using model = await startModel();
  await using serving = await startChatkeep({
    env: {
      DATABASE_URL: database.url,
      CHATKEEP_MODEL: "openai-compatible/small",
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: "a-key",
    },
  });
  const client = createClient({ baseUrl: serving.url });
  const { conversation } = await client.createConversation(owner);
  for (const content of ["Say this.", "And that."]) {
    const { events } = await client.startTurn(owner, conversation.id, { content });
    for await (const _ of events);
  }
  const { messages } = await client.listMessages(owner, conversation.id);
  expect(messages.map((message) => message.content)).toEqual([
    "Say this.",
    "You said: Say this.",
    "And that.",
    "You said: And that.",
  ]);
  const { headers, body } = await model.request(1);
  expect(headers.authorization).toBe("Bearer a-key");
  expect(body.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
  expect(serving.stdout()).not.toContain("a-key");
});

test("the page and the API's page are served under the policy, and the widget to pages of any site", async () => {
  await using serving = await startChatkeep({ env: { DATABASE_URL: database.url } });
  const docs = await fetch(`${serving.url}/docs`);
  expect(docs.headers.get("content-security-policy")).toContain("require-trusted-types-for 'script'");
  const widget = await fetch(`${serving.url}/widget.js`, { headers: { origin: "https://docs.example" } });
  expect([widget.status, widget.headers.get("access-control-allow-origin")]).toEqual([200, "*"]);
  const nothing = await fetch(`${serving.url}/nothing-here`);
  expect(nothing.status).toBe(404);
});
