import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { createPool } from "@chatkeep/core";
import { seedApis } from "@chatkeep/seeds";
import { createChatkeep, createLog } from "@chatkeep/server";
import { UNHURRIED, createDatabase } from "@chatkeep/testing";
import { newPerson, startApiServer } from "@chatkeep/testing/people";
import * as ai from "ai7";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";

import { type OpenChat, openChat } from "./ai-sdk-chat.ts";

const GUIDE = readFileSync(new URL("../../../../docs/guide/apis.md", import.meta.url), "utf8");

/** The blocks of code by the headings over them. */
const blocks = new Map(
  [...GUIDE.matchAll(/^## (.+)$([\s\S]*?)(?=^## |$(?![\s\S]))/gm)].flatMap(([, heading = "", text = ""]) => {
    const [, language, code] = /```(sh|ts)\n([\s\S]*?)```/.exec(text) ?? [];
    return code === undefined ? [] : [[heading, { language, code }] as const];
  }),
);

const { url, history } = await startApiServer({
  async *answers({ question, history: earlier }) {
    yield `${earlier.length} before “${question.content}”.`;
  },
});
const ada = await newPerson("ada");
const TOKEN = ada.headers["authorization"]?.slice("Bearer ".length) ?? "";

/** A block as it is written, but for where the server is. */
function codeOf(heading: string): string {
  const { code = "" } = blocks.get(heading) ?? {};
  expect(code).not.toBe("");
  return code.replaceAll("http://localhost:3000", url);
}

/** The replies of a block of commands, one JSON after the other. */
async function shell(heading: string): Promise<unknown[]> {
  const { stdout } = await promisify(execFile)("bash", ["-euc", codeOf(heading)], {
    env: { ...process.env, TOKEN },
  });
  return stdout
    .replaceAll(/\}\s*\{/g, "}\n{")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

/** Runs a block within a function that has these names, and gives what it calls `result`. */
async function evaluate(heading: string, names: Record<string, unknown>, result: string): Promise<unknown> {
  const code = stripTypeScriptTypes(`async () => { ${codeOf(heading)}\nreturn ${result}; }`);
  // oxlint-disable-next-line no-implied-eval, typescript/no-implied-eval -- it is what the guide says
  const run = new Function(...Object.keys(names), `return (${code})();`) as (...given: unknown[]) => unknown;
  return run(...Object.values(names));
}

const asked = (before: number, question: string): string => `${before} before “${question}”.`;
const QUESTION = "What is a turn?";

describe("the guide's chapter of the APIs", () => {
  it("a book's assistant", async () => {
    expect(await shell("A book's assistant")).toMatchObject([
      { answer: asked(0, QUESTION), persisted: true },
    ]);
  });

  it("AG-UI", async () => {
    const [threadId, sessionId] = [randomUUID(), randomUUID()];
    const { HttpAgent } = await import("@ag-ui/client");
    const messages = await evaluate("AG-UI", { HttpAgent, threadId, sessionId }, "agent.messages");
    expect(messages).toMatchObject([{ content: QUESTION }, { content: asked(0, QUESTION) }]);
  });

  it("a book widget", async () => {
    expect(await shell("A book widget")).toMatchObject([
      { response: asked(0, "What does this mean?"), history: [{ context_text: "a lease a node" }, {}] },
    ]);
  });

  it("chat sessions", async () => {
    expect(await shell("Chat sessions")).toMatchObject([
      { response: asked(0, QUESTION) },
      { messages: [{ sender: "user", content: QUESTION }, { sender: "ai" }], totalCount: 2 },
    ]);
  });

  it("a user's conversations", async () => {
    const [answer, list] = await shell("A user's conversations");
    expect(answer).toMatchObject({ response: expect.stringContaining(QUESTION) as string });
    const { conversation_id } = answer as { conversation_id: string };
    expect(list).toMatchObject({ user_id: "ada", conversations: [{ conversation_id }] });
  });

  it("the AI SDK", async () => {
    const sessionId = randomUUID();
    const conversationId = randomUUID();
    // What the hook does, without React.
    const useChat = async (options: Pick<OpenChat, "transport" | "sendAutomaticallyWhen">) =>
      (await openChat({ ai, url, session: sessionId, chat: conversationId, history, ...options })).chat;
    const names = { ...ai, useChat, sessionId, conversationId };
    const chat = (await evaluate("AI SDK", names, "chat")) as ai.AbstractChat<ai.UIMessage>;
    await chat.sendMessage({ text: QUESTION });
    expect(chat.messages.at(-1)?.parts).toMatchObject([{ type: "text", text: asked(0, QUESTION) }]);
  });

  it("OpenAI's client", async () => {
    const code = codeOf("OpenAI's client");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module-typescript", "--eval", code],
      { env: { ...process.env, TOKEN }, cwd: fileURLToPath(new URL(".", import.meta.url)) },
    );
    expect(stdout.trim()).toBe("true");
  });

  it("an app of one's own", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const pool = createPool(database.url, UNHURRIED.pool);
    const app = new Hono();
    const names = {
      createChatkeep: (options: Parameters<typeof createChatkeep>[0]) =>
        createChatkeep({ ...options, ...UNHURRIED.history, log: createLog({ level: "fatal" }) }),
      seedApis,
      pool,
      app,
      userOf: (request: Request) => request.headers.get("x-user") ?? "",
      responder: async function* () {
        yield "Yes.";
      },
    };
    const chatkeep = (await evaluate("In an app of your own", names, "chatkeep")) as ReturnType<
      typeof createChatkeep
    >;
    const reply = await app.request("/api/bob/chat", {
      method: "POST",
      headers: { "content-type": "application/json", "x-user": "bob" },
      body: JSON.stringify({ message: "Hello?" }),
    });
    expect(await reply.json()).toMatchObject({ response: "Yes." });
    await chatkeep.close();
    await pool.end();
  });

  it("has no block beside these", () => {
    expect([...blocks.keys()]).toEqual([
      "A book's assistant",
      "A book widget",
      "Chat sessions",
      "A user's conversations",
      "AI SDK",
      "OpenAI's client",
      "AG-UI",
      // Run by copilotkit.packed.test.ts of `chatkeep`.
      "CopilotKit",
      // The examples' tests run it.
      "LangGraph",
      // Run by tanstack-ai.test.ts of the adapters.
      "TanStack AI",
      "In an app of your own",
    ]);
    expect([...GUIDE.matchAll(/^```/gm)].length).toBe(2 * blocks.size);
  });
});
