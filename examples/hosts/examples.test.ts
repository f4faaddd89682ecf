import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createLog } from "@chatkeep/server";
import { fileDatabase, startModel } from "@chatkeep/testing";
import { checkMount, startHost } from "@chatkeep/testing/host";
import { authenticateSession, createChatkeep, createNodeHandler } from "chatkeep";
import fastify from "fastify";
import { describe, expect, it } from "vitest";

const database = await fileDatabase({ contents: "empty" });
const env = { ...process.env, DATABASE_URL: database.url };
const CONDITION = "--conditions=@chatkeep/source";

function pathOf(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Runs an example to its end and gives what it says. */
async function run(name: string, question: string): Promise<string> {
  const args = [CONDITION, pathOf(name), question];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return stdout.trim();
}

describe("the examples", () => {
  it("a LangChain chain remembers from one start to the next", async () => {
    expect(await run("langchain.ts", "one")).toBe("I was given 1 messages; the last is “one”.");
    expect(await run("langchain.ts", "two")).toBe("I was given 3 messages; the last is “two”.");
  });

  it("a graph of LangGraph remembers from one start to the next, as the guide shows it", async () => {
    expect(await run("langgraph.ts", "one")).toBe("I was given 1 messages.");
    expect(await run("langgraph.ts", "two")).toBe("I was given 3 messages.");
    const [, ...lines] = readFileSync(pathOf("langgraph.ts"), "utf8").split("\n");
    const guide = readFileSync(pathOf("../../docs/guide/apis.md"), "utf8");
    expect(guide).toContain(`\`\`\`ts\n${lines.join("\n")}\`\`\``);
  });

  it("an OpenAI agent remembers from one start to the next", async () => {
    expect(await run("openai-agents.ts", "one")).toBe("I was given 1 items.");
    expect(await run("openai-agents.ts", "two")).toBe("I was given 3 items.");
  });

  it("a chat of the AI SDK goes on where it ended", async () => {
    const first = ["user: one", "assistant: You said “one”, after 0 messages."];
    expect((await run("ai-sdk-chat.ts", "one")).split("\n")).toEqual(first);
    expect((await run("ai-sdk-chat.ts", "two")).split("\n")).toEqual([
      ...first,
      "user: two",
      "assistant: You said “two”, after 2 messages.",
    ]);
  });

  it.each([
    ["express.ts", "/assistant"],
    ["fastify.ts", ""],
    ["hono.ts", ""],
    ["node.ts", ""],
  ])("%s serves its own page and Chatkeep, and ends by itself", async (name, path) => {
    await using host = await startHost([process.execPath, CONDITION, pathOf(name)], {
      env: { DATABASE_URL: database.url },
    });
    expect(host.page).toBe("The host's own page");
    await checkMount(host.url + path);
    expect(await host.stop()).toBe(0);
  });

  it("a route that keeps its own streamText call is stored, and shown in the guide", async () => {
    await using model = await startModel();
    await using host = await startHost([process.execPath, CONDITION, pathOf("own-route.ts")], {
      env: { DATABASE_URL: database.url, OPENAI_BASE_URL: model.url },
    });
    const [id, session] = [randomUUID(), randomUUID()];
    const headers = { "content-type": "application/json", "x-session-id": session };
    const messages = [{ id: randomUUID(), role: "user", parts: [{ type: "text", text: "Hello there" }] }];
    const ask = async (): Promise<string> =>
      (
        await fetch(`${host.url}/api/chat`, {
          method: "POST",
          headers,
          body: JSON.stringify({ id, messages }),
        })
      ).text();
    expect(await ask()).toContain("Hello");
    expect(await ask()).toContain("Hello");
    expect(model.requests).toHaveLength(1);
    const listed = await fetch(`${host.url}/api/conversations/${id}/messages`, { headers });
    expect(await listed.json()).toMatchObject({
      messages: [{ content: "Hello there" }, { role: "assistant" }],
    });
    const guide = readFileSync(pathOf("../../docs/guide/responders.md"), "utf8");
    expect(guide).toContain(readFileSync(pathOf("own-route.ts"), "utf8"));
  });

  it("a Fastify app that reads bodies itself passes them on, as the guide says", async () => {
    await using chatkeep = createChatkeep({
      database: database.url,
      authenticate: authenticateSession,
      log: createLog({ level: "warn" }),
      async *responder({ question }) {
        yield `You said “${question.content}”.`;
      },
    });
    await chatkeep.migrate();
    // Fastify takes 1 MB by default, and refuses the key `__proto__`.
    const app = fastify({ bodyLimit: 8 * 1024 * 1024, onProtoPoisoning: "ignore" });
    const handle = createNodeHandler(chatkeep);
    app.all("/api/*", (request, reply) => {
      reply.hijack();
      handle(Object.assign(request.raw, { body: request.body }), reply.raw);
    });
    await expect(checkMount(await app.listen({ port: 0, host: "127.0.0.1" }))).resolves.toBeUndefined();
    await app.close();
  });

  it("are what the guide shows, character for character", () => {
    const guide = readFileSync(pathOf("../../docs/guide/frameworks.md"), "utf8");
    const blocks = [...guide.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
    const hosts = ["chatkeep", "express", "fastify", "hono", "node", "bun"].map((name) => `${name}.ts`);
    const files = [...hosts, "../next/app/api/[...chatkeep]/route.ts", "../nuxt/server/api/[...].ts"];
    expect(blocks).toEqual(files.map((name) => readFileSync(pathOf(name), "utf8")));
  });

  it("a web-standard route handler answers", async () => {
    // In a process of its own: its log is written to standard output.
    const host = `
      const { POST, close } = await import(process.argv[1]);
      for (const cookie of ["user=bob", ""]) {
        const headers = { "content-type": "application/json", cookie };
        const body = JSON.stringify({ message: "Hello" });
        const response = await POST(new Request("https://host.example/api/bob/chat", { method: "POST", headers, body }));
        console.log(JSON.stringify({ status: response.status, ...(await response.json()) }));
      }
      await close();`;
    const args = [CONDITION, "--input-type=module", "--eval", host, pathOf("route-handler.ts")];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    const lines = stdout.trim().split("\n");
    expect(
      lines.map((line) => JSON.parse(line) as object).filter((line) => !("level" in line)),
    ).toMatchObject([{ status: 200, response: "You said “Hello”, after 0 messages." }, { status: 401 }]);
  });
});
