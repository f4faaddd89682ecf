import { type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import type { ImportReport, Message, Owner } from "@chatkeep/protocol";
import { importTables } from "@chatkeep/server/import";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import {
  AIMessage,
  HumanMessage,
  ToolMessage,
  mapChatMessagesToStoredMessages,
} from "@langchain/core/messages";
import { afterAll, expect, test } from "vitest";

import { callCommand } from "./command.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const history: CoreHistory = createHistory({ ...UNHURRIED.history, pool });
afterAll(async () => {
  await history.close();
  await pool.end();
});

let people = 0;
const newOwner = (): Owner => ({ kind: "user", id: `reader-${++people}` });

async function imported(owner: Owner, from: string, of?: string, table?: string): Promise<ImportReport> {
  let last: ImportReport | undefined;
  for await (const report of importTables({
    history,
    owner,
    isTrusted: true,
    tables: pool,
    from,
    of,
    table,
  })) {
    last = report;
  }
  return last!;
}

async function messagesOf(owner: Owner, title?: string | null): Promise<readonly Message[]> {
  const { conversations } = await history.listConversations(owner);
  const found = conversations.find((one) => title === undefined || one.title === title)!;
  return (await history.listMessages(owner, found.id)).messages;
}

test("LangChain's and n8n's tables are read as the library writes them, and once", async () => {
  const said = [
    new HumanMessage("What is the weather?"),
    new AIMessage({
      content: [{ type: "text", text: "I look." }],
      tool_calls: [{ id: "call1", name: "weather", args: { city: "Malmö" } }],
    }),
    new ToolMessage({ content: "Rain", tool_call_id: "call1" }),
    new AIMessage({ content: "It rains.", response_metadata: { model_name: "gpt-x" } }),
  ];
  for (const table of ["langchain_chat_histories", "n8n_chat_histories"]) {
    await pool.query(
      `create table ${table} (id serial primary key, session_id varchar(255) not null, message jsonb not null)`,
    );
    for (const { type, data } of mapChatMessagesToStoredMessages(said)) {
      // As PostgresChatMessageHistory writes them; releases before wrote `{ type, data }`.
      const message = table.startsWith("n8n") ? { type, data } : { ...data, type };
      await pool.query(`insert into ${table} (session_id, message) values ('s1', $1)`, [
        JSON.stringify(message),
      ]);
    }
    await pool.query(
      `insert into ${table} (session_id, message) values ('s2', '{"type":"human","content":"Hi"}')`,
    );
    const owner = newOwner();
    const from = table.startsWith("n8n") ? "n8n" : "langchain";
    expect(await imported(owner, from)).toMatchObject({ conversations: 2, messages: 5, left: {} });
    expect(await imported(owner, from)).toMatchObject({ conversations: 0, known: 2 });
    const messages = await messagesOf(owner, "What is the weather?");
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ["user", "What is the weather?"],
      ["assistant", "I look."],
      ["tool", "Rain"],
      ["assistant", "It rains."],
    ]);
    expect(messages[1]?.toolCalls).toMatchObject([
      { id: "call1", function: { name: "weather", arguments: '{"city":"Malmö"}' } },
    ]);
    expect(messages[3]?.model).toBe("gpt-x");
    const one = newOwner();
    expect(await imported(one, from, "s2", table)).toMatchObject({ conversations: 1, messages: 1 });
  }
});

test("vercel/chatbot's tables are read with parts, attachments, votes and times, of one person", async () => {
  await pool.query(`
    create table "Chat" (id uuid primary key, "createdAt" timestamp not null, title text not null, "userId" uuid not null,
      visibility varchar not null default 'private');
    create table "Message_v2" (id uuid primary key, "chatId" uuid not null references "Chat" (id), role varchar not null,
      parts json not null, attachments json not null, "createdAt" timestamp not null);
    create table "Vote_v2" ("chatId" uuid not null, "messageId" uuid not null, "isUpvoted" boolean not null,
      primary key ("chatId", "messageId"))`);
  const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  for (const n of [1, 2]) {
    await pool.query(`insert into "Chat" values ($1, '2025-05-01 10:00:00', $2, $3)`, [
      id(n),
      `Chat ${n}`,
      id(n),
    ]);
  }
  const add = (n: number, role: string, parts: object[], attachments: object[] = []): Promise<unknown> =>
    pool.query(`insert into "Message_v2" values ($1, $2, $3, $4, $5, $6)`, [
      id(10 + n),
      id(1),
      role,
      JSON.stringify(parts),
      JSON.stringify(attachments),
      `2025-05-01 10:00:0${n}`,
    ]);
  await add(
    1,
    "user",
    [{ type: "text", text: "Look" }],
    [{ url: "https://example.org/a.png", name: "a.png", contentType: "image/png" }],
  );
  await add(2, "assistant", [
    { type: "step-start" },
    { type: "reasoning", text: "Hm" },
    {
      type: "tool-getWeather",
      toolCallId: "c1",
      state: "output-available",
      input: { a: 1 },
      output: { b: 2 },
    },
    { type: "text", text: "A cloud." },
  ]);
  await pool.query(`insert into "Vote_v2" values ($1, $2, false)`, [id(1), id(12)]);
  await expect(imported(newOwner(), "chatbot")).rejects.toMatchObject({ code: "invalid_request" });
  const owner = newOwner();
  expect(await imported(owner, "chatbot", id(1))).toMatchObject({ conversations: 1, messages: 2, left: {} });
  const [question, answer] = await messagesOf(owner, "Chat 1");
  expect(question).toMatchObject({ content: "Look", createdAt: "2025-05-01T10:00:01.000Z" });
  expect(question?.parts[0]).toMatchObject({ type: "file", url: "https://example.org/a.png", name: "a.png" });
  expect(answer?.parts.map(({ type }) => type)).toEqual([
    "step",
    "reasoning",
    "tool-call",
    "tool-result",
    "text",
  ]);
  expect(answer?.feedback).toMatchObject({ rating: "down" });
});

test("Chainlit's tables are read with tools, tags and feedback, by the command too", async () => {
  await pool.query(`
    create table threads (id uuid primary key, "createdAt" text, name text, "userId" uuid, "userIdentifier" text,
      tags text[], metadata jsonb);
    create table steps (id uuid primary key, name text not null, type text not null, "threadId" uuid not null,
      "parentId" uuid, streaming boolean not null, "isError" boolean, metadata jsonb, input text, output text,
      "createdAt" text, start text, "end" text);
    create table feedbacks (id uuid primary key, "forId" uuid not null, "threadId" uuid not null, value int not null, comment text)`);
  const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  await pool.query(
    `insert into threads values ($1, '2025-06-01T09:00:00.000Z', 'A thread', null, 'ada', '{red,blue}', '{}')`,
    [id(1)],
  );
  const steps: [string, string, string][] = [
    ["user_message", "", "Count the files"],
    ["run", "", ""],
    ["tool", '{"path":"/"}', "7"],
    ["assistant_message", "", "There are 7."],
  ];
  for (const [n, [type, input, output]] of steps.entries()) {
    await pool.query(
      `insert into steps (id, name, type, "threadId", streaming, input, output, "createdAt")
       values ($1, 'count', $2, $3, false, $4, $5, $6)`,
      [id(10 + n), type, id(1), input, output, `2025-06-01T09:00:0${n}.000Z`],
    );
  }
  await pool.query(`insert into feedbacks values ($1, $2, $3, 1, 'Right')`, [id(50), id(13), id(1)]);
  const { stdout } = await callCommand(["import", database.url, "--from", "chainlit", "--user", "ada"], {
    DATABASE_URL: database.url,
  });
  const missing = await callCommand(
    ["import", database.url, "--from", "n8n", "--table", "none", "--user", "ada"],
    {
      DATABASE_URL: database.url,
    },
  );
  expect(missing.stderr).toContain('relation "none" does not exist');
  expect(stdout).toContain("1 conversations of Chainlit with 3 messages.");
  const owner: Owner = { kind: "user", id: "ada" };
  const messages = await messagesOf(owner, "A thread");
  expect(messages.map(({ role, content }) => [role, content])).toEqual([
    ["user", "Count the files"],
    ["assistant", "7"],
    ["assistant", "There are 7."],
  ]);
  expect(messages[2]).toMatchObject({ feedback: { rating: "up", comment: "Right" } });
  expect((await history.listConversations(owner)).conversations[0]?.tags).toEqual(["red", "blue"]);
});
