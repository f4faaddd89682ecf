import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { type CoreHistory, createHistory, createPool, ownerId } from "@chatkeep/core";
import { type ExportLine, type Message, type Owner, contentOf } from "@chatkeep/protocol";
import { type ImportOptions, type ImportReport, importArchive } from "@chatkeep/server/import";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { zipSync } from "fflate";
import { describe, expect, it, onTestFinished } from "vitest";

import { callCommand, start } from "./command.ts";

const database = await fileDatabase();
const SAMPLES = fileURLToPath(new URL("import/", import.meta.url));
let people = 0;

function openHistory(): { history: CoreHistory; owner: Owner } {
  const pool = createPool(database.url, UNHURRIED.pool);
  const history = createHistory({ ...UNHURRIED.history, pool });
  onTestFinished(async () => {
    await history.close();
    await pool.end();
  });
  return { history, owner: { kind: "user", id: `importer-${++people}` } };
}

async function imported({
  isTrusted = true,
  ...options
}: Omit<ImportOptions, "isTrusted"> & { readonly isTrusted?: boolean }): Promise<ImportReport> {
  let last: ImportReport | undefined;
  for await (const report of importArchive({ ...options, isTrusted })) last = report;
  return last!;
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "chatkeep-import-test-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The conversations of an owner with the messages of all their branches, by title. */
async function stored(history: CoreHistory, owner: Owner): Promise<Map<string | null, Message[]>> {
  const found = new Map<string | null, Message[]>();
  let messages: Message[] = [];
  for await (const line of history.exportData(owner)) {
    if (line.type === "conversation") found.set(line.conversation.title, (messages = []));
    if (line.type === "message") messages.push(line.message);
  }
  return found;
}

function shown(messages: readonly Message[]): unknown[] {
  return messages.map(({ id, parentId, role, status, parts, createdAt, model }) => ({
    id,
    parentId,
    role,
    status,
    parts: parts.map((part) =>
      part.type === "file" ? { type: part.type, mime: part.mime, name: part.name } : part,
    ),
    createdAt,
    model,
  }));
}

describe("an export of ChatGPT", () => {
  it("comes with its branches, times, models, tools, sources and pictures, from a zip", async () => {
    const { history, owner } = openHistory();
    const path = join(await folder(), "export.zip");
    const json = await readFile(`${SAMPLES}chatgpt.json`);
    await writeFile(
      path,
      zipSync({ "conversations.json": json, "file-Abc123-sea.png": Buffer.from("PNG!") }),
    );
    const report = await imported({ history, owner, path });
    expect(report).toMatchObject({ from: ["ChatGPT"], conversations: 2, messages: 8, files: 1, known: 0 });
    expect(report.left).toEqual({
      "A conversation without a message": 1,
      "A file that the export does not hold": 1,
    });
    const all = await stored(history, owner);
    expect(shown(all.get("Notes on tides")!)).toEqual([
      {
        id: "n1",
        parentId: null,
        role: "user",
        status: "complete",
        parts: [
          { type: "file", mime: "image/png", name: "file-Abc123-sea.png" },
          { type: "data", name: "missing-file", data: { key: "file-Gone99", name: "lost.pdf" } },
          { type: "text", text: "What is in this picture?" },
        ],
        createdAt: "2023-11-14T22:13:21.500Z",
        model: null,
      },
      {
        id: "n2",
        parentId: "n1",
        role: "assistant",
        status: "complete",
        parts: [
          { type: "reasoning", text: "Looking\n\nIt shows water." },
          { type: "tool-call", id: "n3", name: "python", arguments: "print(2 + 2)", executor: "provider" },
          { type: "tool-result", id: "n3", result: "4" },
          { type: "text", text: "The sea at low tide." },
          {
            type: "source",
            id: "https://example.org/tides",
            url: "https://example.org/tides",
            title: "Tides",
          },
        ],
        createdAt: "2023-11-14T22:13:22.000Z",
        model: "o3",
      },
      {
        id: "n6",
        parentId: "n2",
        role: "user",
        status: "complete",
        parts: [{ type: "text", text: "When is high tide?" }],
        createdAt: "2023-11-14T22:15:00.000Z",
        model: null,
      },
      expect.objectContaining({ id: "n7", parentId: "n6", status: "complete" }),
      expect.objectContaining({ id: "n8", parentId: "n6", status: "interrupted" }),
      expect.objectContaining({ id: "n9", parentId: "n1", status: "complete" }),
    ]);
    const { conversations } = await history.listConversations(owner);
    expect(conversations).toHaveLength(1);
    const [tides] = conversations;
    expect(tides).toMatchObject({
      title: "Notes on tides",
      headId: "n8",
      createdAt: "2023-11-14T22:13:20.250Z",
      pinnedAt: expect.any(String),
      metadata: { imported: { from: "chatgpt", model: "gpt-4o" } },
    });
    const page = await history.listMessages(owner, tides!.id);
    expect(page.messages.map(({ id }) => id)).toEqual(["n1", "n2", "n6", "n8"]);
    const [moon] = (await history.listConversations(owner, { archived: true })).conversations;
    expect(moon).toMatchObject({ title: "Before my time", createdAt: "1969-12-31T00:00:00.000Z" });
  });
});

describe("feedback", () => {
  it("comes from ChatGPT's file of its own, and from the messages of Open WebUI and LibreChat", async () => {
    const { history, owner } = openHistory();
    const path = await folder();
    await copyFile(`${SAMPLES}chatgpt.json`, join(path, "conversations.json"));
    const ratings = [
      { message_id: "n5", rating: "thumbsDown", content: '{"text":"Too short.","tags":["lazy"]}' },
      { id: "b", rating: "thumbs_up", content: "{" },
      { id: "n6", rating: "thumbs_up" },
      { id: "gone", rating: "thumbs_up" },
      { id: "n9", rating: "sideways" },
      null,
    ];
    await writeFile(join(path, "message_feedback.json"), JSON.stringify(ratings));
    await imported({ history, owner, path });
    await imported({ history, owner, path: `${SAMPLES}open-webui.json` });
    await imported({ history, owner, path: `${SAMPLES}librechat.json` });
    const rated = [...(await stored(history, owner)).values()]
      .flat()
      .filter(({ feedback }) => feedback !== null);
    expect(rated.map(({ content, feedback }) => [content, feedback])).toEqual([
      [expect.any(String), { rating: "down", comment: "lazy\nToo short." }],
      [expect.any(String), { rating: "up", comment: null }],
      ["4", { rating: "up", comment: "accurate_information, maths\nRight." }],
      ["To Ber", { rating: "down", comment: "Not helpful\nWhere?" }],
    ]);
  });
});

describe.each([
  [
    "claude",
    "Claude",
    [
      ["user", "Write a poem about this.", ["file", "data", "text"].toSorted()],
      ["assistant", "Grey rain falls.", ["reasoning", "tool-call", "tool-result", "text"].toSorted()],
      ["assistant", "Grey falls the rain.", ["text"]],
    ],
  ],
  [
    "open-webui",
    "Open WebUI",
    [
      ["user", "2 + 2?", ["file", "text"]],
      ["assistant", "4", ["reasoning", "text"]],
      ["assistant", "Four.", ["text"]],
    ],
  ],
  [
    "librechat",
    "LibreChat",
    [
      ["user", "Where to?", ["text"]],
      ["assistant", "To Oslo at 08:15.", ["reasoning", "text", "tool-call", "tool-result"]],
      ["assistant", "To Ber", ["text"]],
    ],
  ],
] as const)("an export of %s", (file, name, expected) => {
  it("comes with its versions and parts", async () => {
    const { history, owner } = openHistory();
    const report = await imported({ history, owner, path: `${SAMPLES}${file}.json` });
    expect(report).toMatchObject({ from: [name], conversations: 1, messages: 3 });
    const [messages] = [...(await stored(history, owner)).values()];
    const kinds = messages!.map(({ role, parts }) => [
      role,
      contentOf(parts),
      parts.map(({ type }) => type).toSorted(),
    ]);
    expect(kinds).toEqual(expected);
    expect(messages!.map(({ versions }) => versions.count)).toEqual([1, 2, 2]);
    const [conversation] = (await history.listConversations(owner)).conversations;
    expect(conversation!.headId).toBe(messages!.at(-1)!.id);
  });
});

describe("an import", () => {
  it("adds nothing when it is run again, and keeps what was said since", async () => {
    const { history, owner } = openHistory();
    const path = `${SAMPLES}chatgpt.json`;
    await imported({ history, owner, path });
    const [tides] = (await history.listConversations(owner)).conversations;
    await history.appendMessages(owner, tides!.id, [{ id: "new", role: "user", content: "And now?" }]);
    const before = await stored(history, owner);
    expect(await imported({ history, owner, path })).toMatchObject({
      conversations: 0,
      messages: 0,
      known: 2,
    });
    expect(await stored(history, owner)).toEqual(before);
    expect(await history.getConversation(owner, tides!.id)).toMatchObject({ headId: "new" });
  });

  it("goes on where it broke off", async () => {
    const { history, owner } = openHistory();
    const path = `${SAMPLES}chatgpt.json`;
    for (let calls = 0; ; calls += 1) {
      let left = calls;
      const breaking: CoreHistory = Object.create(history, {
        appendMessages: {
          value: (...args: Parameters<CoreHistory["appendMessages"]>) =>
            left-- > 0
              ? history.appendMessages(...args)
              : Promise.reject(new Error("The process was ended.")),
        },
      });
      const ended = await imported({ history: breaking, owner, path }).catch((error: Error) => error.message);
      if (ended !== "The process was ended.") break;
    }
    const { history: other, owner: fresh } = openHistory();
    await imported({ history: other, owner: fresh, path });
    const withoutIds = async (store: CoreHistory, who: Owner): Promise<unknown> =>
      [...(await stored(store, who))].map(([title, messages]) => [title, shown(messages)]);
    expect(await withoutIds(history, owner)).toEqual(await withoutIds(other, fresh));
    const [tides] = (await history.listConversations(owner)).conversations;
    expect(tides!.headId).toBe("n8");
  });

  it("goes on after its process was killed", async () => {
    const { history, owner } = openHistory();
    const path = join(await folder(), "export.jsonl");
    const lines = Array.from({ length: 20 }, (_, chat) => [
      {
        type: "conversation",
        conversation: { id: `${owner.id}-${chat}`, title: `Chat ${chat}` },
        deleted_at: null,
      },
      ...Array.from({ length: 10 }, (__, place) => ({
        type: "message",
        message: {
          id: `m${place}`,
          parent_id: place === 0 ? null : `m${place - 1}`,
          role: "user",
          parts: [{ type: "text", text: `Message ${place} of ${chat}` }],
        },
      })),
    ]).flat();
    await writeFile(path, lines.map((line) => JSON.stringify(line)).join("\n"));
    await history.createConversation(owner, { title: "Of today" });
    // The process waits where another makes a conversation of the same id.
    const blocker = await database.pool.connect();
    await blocker.query("begin");
    await blocker.query("insert into chatkeep.conversations (owner_id, id) values ($1, $2)", [
      ownerId(owner),
      `${owner.id}-12`,
    ]);
    const child = start(["import", path, "--user", owner.id], { DATABASE_URL: database.url });
    const ended = once(child, "exit");
    const waiting =
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await expect.poll(async () => (await database.pool.query<{ n: number }>(waiting)).rows[0]!.n).toBe(1);
    child.kill("SIGKILL");
    await ended;
    await blocker.query("rollback");
    blocker.release();
    expect(await imported({ history, owner, path })).toMatchObject({ conversations: 8, known: 12, left: {} });
    const all = await stored(history, owner);
    expect([...all.keys()].length).toBe(21);
    all.delete("Of today");
    for (const messages of all.values())
      expect(messages.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, place) => `m${place}`));
  });

  it("is listed below what was said here, by the times of its last messages, on every page", async () => {
    const { history, owner } = openHistory();
    const { conversation } = await history.createConversation(owner, { title: "Of today" });
    await imported({ history, owner, path: `${SAMPLES}librechat.json` });
    await imported({ history, owner, path: `${SAMPLES}claude.json` });
    await imported({ history, owner, path: `${SAMPLES}chatgpt.json` });
    await imported({ history, owner, path: `${SAMPLES}open-webui.json` });
    const order = ["Of today", "A poem", "Sums", "A trip", "Notes on tides"];
    const read = async (direction: "asc" | "desc"): Promise<(string | null)[]> => {
      const titles: (string | null)[] = [];
      let cursor: string | undefined;
      do {
        const page = await history.listConversations(owner, { limit: 1, order: direction, cursor });
        titles.push(...page.conversations.map(({ title }) => title));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      return titles;
    };
    expect(await read("desc")).toEqual(order);
    expect(await read("asc")).toEqual(order.toReversed());
    const [, poem] = (await history.listConversations(owner)).conversations;
    await history.appendMessages(owner, poem!.id, [{ role: "user", content: "One more." }]);
    expect((await read("desc"))[0]).toBe("A poem");
    expect(await history.getConversation(owner, conversation.id)).toMatchObject({ title: "Of today" });
  });

  it("gives its first place up to what is said in it, also where nothing else was said", async () => {
    const { history, owner } = openHistory();
    await imported({ history, owner, path: `${SAMPLES}librechat.json` });
    const [trip] = (await history.listConversations(owner)).conversations;
    await history.appendMessages(owner, trip!.id, [{ role: "user", content: "And back?" }]);
    await imported({ history, owner, path: `${SAMPLES}claude.json` });
    const { conversations } = await history.listConversations(owner);
    expect(conversations.map(({ title }) => title)).toEqual(["A trip", "A poem"]);
  });

  it("of one's own export gives an equal export, for another person too", async () => {
    const { history, owner } = openHistory();
    await imported({ history, owner, path: `${SAMPLES}chatgpt.json` });
    const picture = `data:image/png;base64,${Buffer.from("a picture").toString("base64")}`;
    const { conversation } = await history.createConversation(owner, { scope: "intro", title: "Here" });
    await history.appendMessages(owner, conversation.id, [
      { role: "user", parts: [{ type: "file", url: picture, mime: "image/png" }], metadata: { a: 1 } },
      {
        role: "assistant",
        content: "A picture.",
        usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
      },
    ]);
    const { headId } = await history.getConversation(owner, conversation.id);
    await history.setFeedback(owner, conversation.id, headId!, { rating: "down", comment: "No \0 picture." });
    const path = join(await folder(), "export.jsonl");
    const { stdout } = await callCommand(["export", "--user", owner.id], { DATABASE_URL: database.url });
    await writeFile(path, stdout);
    const other: Owner = { kind: "user", id: `${owner.id}-other` };
    const { code, stdout: said } = await callCommand(["import", path, "--user", other.id], {
      DATABASE_URL: database.url,
    });
    expect([code, said]).toEqual([
      0,
      expect.stringContaining("3 conversations of Chatkeep with 10 messages"),
    ]);
    expect(await comparable(history, other)).toEqual(await comparable(history, owner));
    const again = await callCommand(["import", path, "--user", owner.id], { DATABASE_URL: database.url });
    expect(again.stdout).toContain("3 conversations were there already");
    const [here] = (await history.listConversations(other, { scope: "intro" })).conversations;
    const [question] = (await history.listMessages(other, here!.id)).messages;
    expect(question!.parts).toMatchObject([{ type: "file", url: picture }]);
  });

  it("opens circles, takes missing parents for none, and leaves only what it cannot store", async () => {
    const { history, owner } = openHistory();
    const node = (id: string, parent: string | null, content: object): object => ({
      id,
      parent,
      message: { id, author: { role: "user" }, create_time: 1e9, content, metadata: {}, recipient: "all" },
    });
    const text = (...parts: unknown[]): object => ({ content_type: "text", parts });
    const mapping = {
      a: node("a", "b", text("first")),
      b: node("b", "a", text("second")),
      c: node("c", "gone", text("third", null, 7, "DEEP", "\u0000\ud800")),
      "d d": node("d d", "c", text("fourth")),
      e: null,
      f: { id: "f", parent: 4, message: "no" },
      __proto__: node("g", null, text("fifth")),
    };
    const path = join(await folder(), "conversations.json");
    const hostile = [
      7,
      null,
      [],
      {},
      { mapping: 4 },
      { mapping, title: 5, create_time: "x", conversation_id: {} },
    ];
    const deep = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
    await writeFile(path, JSON.stringify(hostile).replace('"DEEP"', deep));
    const report = await imported({ history, owner, path });
    const [messages] = [...(await stored(history, owner)).values()];
    expect(messages!.map(({ content }) => content).toSorted()).toEqual([
      "first",
      "fourth",
      "second",
      "third\n\n\u0000\ud800",
    ]);
    expect(report.conversations).toBe(1);
  });

  it("imports a conversation of 3,000 messages, a long question and a branch a message", async () => {
    const { history, owner } = openHistory();
    const mapping: Record<string, object> = {};
    for (let i = 0; i < 3_000; i += 1) {
      const role = i % 2 === 0 ? "user" : "assistant";
      const said = i === 0 ? "x".repeat(100_000) : `message ${i}`;
      const message = {
        author: { role },
        create_time: 1e9 + i,
        content: { content_type: "text", parts: [said] },
      };
      mapping[`m${i}`] = { parent: i === 0 ? null : `m${i - 1}`, message };
    }
    const path = join(await folder(), "conversations.json");
    await writeFile(
      path,
      JSON.stringify([{ mapping, title: "Long", conversation_id: "x", current_node: "m2999" }]),
    );
    expect(await imported({ history, owner, path })).toMatchObject({ messages: 3_000, left: {} });
    const [long] = (await history.listConversations(owner)).conversations;
    expect(long).toMatchObject({ messageCount: 3_000, headId: "m2999" });
  });

  it.each([
    ["a bomb", () => zipSync({ "conversations.json": Buffer.alloc(200 * 1024 * 1024) }), /is no export/],
    [
      "a name that leads out of it",
      () => zipSync({ "../conversations.json": Buffer.from("[]") }),
      /zip cannot be read/,
    ],
    [
      "half of it",
      () => zipSync({ "conversations.json": Buffer.from("[]") }).slice(0, 60),
      /zip cannot be read/,
    ],
    ["no JSON", () => zipSync({ "conversations.json": Buffer.from("[{") }), /is not JSON/],
    ["no export in it", () => zipSync({ "other.json": Buffer.from("[1]") }), /No conversation was found/],
  ])("refuses a zip with %s by a sentence", async (_, make, sentence) => {
    const { history, owner } = openHistory();
    const path = join(await folder(), "export.zip");
    await writeFile(path, make());
    await expect(imported({ history, owner, path })).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(sentence),
    });
    expect(await stored(history, owner)).toEqual(new Map());
  });

  it("stores no message of a role that its caller may not write, and joins what followed it", async () => {
    const { history, owner } = openHistory();
    const path = join(await folder(), "conversations.json");
    const given = ["user", "system", "assistant"].map((role, place) => [
      `n${place}`,
      {
        parent: place === 0 ? null : `n${place - 1}`,
        message: { author: { role }, content: { content_type: "text", parts: [role] } },
      },
    ]);
    await writeFile(path, JSON.stringify([{ mapping: Object.fromEntries(given), conversation_id: "c" }]));
    const report = await imported({ history, owner, path, isTrusted: false });
    expect(report.left).toEqual({ "A message of the role system": 1 });
    const [messages] = [...(await stored(history, owner)).values()];
    expect(messages!.map(({ id, parentId }) => [id, parentId])).toEqual([
      ["n0", null],
      ["n2", "n0"],
    ]);
  });

  it("reads a folder, and follows no link out of it", async () => {
    const { history, owner } = openHistory();
    const path = await folder();
    await mkdir(join(path, "a"));
    await writeFile(join(path, "a", "conversations.json"), await readFile(`${SAMPLES}claude.json`));
    await writeFile(join(path, "cloud.jpg"), "JPG!");
    const report = await imported({ history, owner, path });
    expect(report).toMatchObject({ from: ["Claude"], files: 1, left: {} });
  });
});

/** An export without what belongs to one owner only: ids of conversations and files, and the times of the store. */
async function comparable(history: CoreHistory, owner: Owner): Promise<unknown[]> {
  const lines: ExportLine[] = [];
  for await (const line of history.exportData(owner)) lines.push(line);
  return lines.map((line) => {
    if (line.type === "conversation") {
      const {
        id: _id,
        userId: _user,
        updatedAt: _updated,
        pinnedAt,
        archivedAt,
        ...rest
      } = line.conversation;
      return { ...rest, pinned: pinnedAt !== null, archived: archivedAt !== null, isDefault: null };
    }
    if (line.type === "file") return { ...line.file, id: null, createdAt: null };
    if (line.type !== "message") return line;
    const { conversationId: _conversation, userId: _user, updatedAt: _updated, ...message } = line.message;
    return {
      ...message,
      parts: message.parts.map((part) => (part.type === "file" ? { ...part, file: null } : part)),
    };
  });
}
