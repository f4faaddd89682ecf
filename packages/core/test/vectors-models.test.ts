import {
  type CoreHistory,
  type Embedding,
  EmbeddingRefused,
  createDocsStore,
  createHistory,
  createPool,
  migrate,
} from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import {
  type Database,
  type Postgres,
  PGVECTOR_SETTINGS,
  UNHURRIED,
  createDatabase,
  hasPgvector,
  meaningOf,
  startPostgres,
} from "@chatkeep/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { newSession } from "./fixture.ts";

type Embed = Embedding["embed"];
const SAME = { automobile: "car" };
const embed: Embed = (texts) => Promise.resolve(texts.map((text) => meaningOf(text, SAME)));

describe.runIf(hasPgvector())("an embedding model that", () => {
  let postgres: Postgres;
  let database: Database;
  beforeAll(async () => {
    postgres = await startPostgres({ settings: { ...PGVECTOR_SETTINGS, fsync: "off" } });
    database = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
    await migrate(database.pool, { vectors: true });
  });
  // Each test has the queue for itself.
  beforeEach(() => database.pool.query("truncate chatkeep.message_vectors"));
  afterAll(async () => {
    await database.close();
    await postgres.remove();
  });

  /** A node whose model does what `how` says, at every call anew. */
  const openNode = (how: {
    embed: Embed;
  }): { history: CoreHistory; embedding: Embedding; errors: unknown[] } => {
    const pool = createPool(database.url, UNHURRIED.pool);
    const errors: unknown[] = [];
    const embedding: Embedding = {
      model: "own",
      embed: (texts, signal) => how.embed(texts, signal),
      leastSimilarity: 0.2,
    };
    const history = createHistory({
      ...UNHURRIED.history,
      pool,
      embedding,
      onError: (error) => errors.push(error),
    });
    onTestFinished(async () => {
      await history.close();
      await pool.end();
    });
    return { history, embedding, errors };
  };

  const say = async (history: CoreHistory, owner: Owner, ...texts: string[]): Promise<string> => {
    const { conversation } = await history.createConversation(owner);
    const messages = texts.map((content) => ({ role: "user" as const, content }));
    await history.appendMessages(owner, conversation.id, messages);
    return conversation.id;
  };
  /** Of each message of a conversation whether it has its vector, and whether it is still to have one. */
  const vectors = async (id: string): Promise<{ embedded: boolean; due: boolean }[]> => {
    const { rows } = await database.pool.query<{ embedded: boolean; due: boolean }>(
      `select embedding is not null as embedded, due_at is not null as due
       from chatkeep.message_vectors where conversation_id = $1 order by seq`,
      [id],
    );
    return rows;
  };
  const becomeDue = (id: string): Promise<unknown> =>
    database.pool.query(
      "update chatkeep.message_vectors set due_at = now() where conversation_id = $1 and due_at is not null",
      [id],
    );
  const search = async (history: CoreHistory, owner: Owner, text: string): Promise<string[]> =>
    (await history.searchMessages(owner, { text })).hits.map(({ message }) => message.content);
  const [DONE, LEFT, DUE] = [
    { embedded: true, due: false },
    { embedded: false, due: false },
    { embedded: false, due: true },
  ];

  it.each([
    ["no number", (vector: number[]) => vector.map(() => Number.NaN)],
    ["no direction", (vector: number[]) => vector.map(() => 0)],
    ["what no vector can hold", (vector: number[]) => vector.map(() => 1e30)],
    ["nothing", () => []],
  ])(
    "gives %s for a text keeps no other from its vector, and a question from its words",
    async (_, spoil) => {
      const { history, errors } = openNode({
        embed: async (texts, signal) =>
          (await embed(texts, signal)).map((vector, index) =>
            texts[index]?.includes("bad") === true ? spoil([...vector]) : vector,
          ),
      });
      const owner = newSession();
      const id = await say(history, owner, "An automobile.", "It is bad.", "A cake.");
      await history.indexBacklog();
      expect(await vectors(id)).toEqual([DONE, LEFT, DONE]);
      expect(await search(history, owner, "bad")).toEqual(["It is bad."]);
      // It was this question's fault alone.
      expect(await search(history, owner, "car")).toEqual(["An automobile."]);
      expect(errors.length).toBeGreaterThan(1);
      expect(errors.filter((error) => !(error instanceof EmbeddingRefused))).toEqual([]);
    },
  );

  it("fails at one text whenever it is asked is asked for the others without it", async () => {
    const { history, errors } = openNode({
      embed: (texts, signal) =>
        texts.some((text) => text.includes("bad"))
          ? Promise.reject(new Error("500 unsupported value: NaN"))
          : embed(texts, signal),
    });
    const owner = newSession();
    const id = await say(history, owner, "An automobile.", "It is bad.", "A cake.");
    for (let round = 0; round < 8; round += 1) {
      await history.indexBacklog();
      await becomeDue(id);
    }
    await expect.poll(() => vectors(id)).toEqual([DONE, DUE, DONE]);
    expect(String(errors[0])).toContain("500");
  });

  it("gives fewer vectors than texts is asked again, and none is kept under another text", async () => {
    const how: { embed: Embed } = { embed: async (...given) => (await embed(...given)).slice(1) };
    const { history, errors } = openNode(how);
    const owner = newSession();
    const id = await say(history, owner, "An automobile.", "A cake.");
    await history.indexBacklog();
    expect(await vectors(id)).toEqual([DUE, DUE]);
    expect(String(errors[0])).toBe("Error: The embedding model gave 1 vectors for 2 texts.");
    how.embed = embed;
    await becomeDue(id);
    await history.indexBacklog();
    await expect.poll(() => vectors(id)).toEqual([DONE, DONE]);
  });

  it("has embedded a passage is not given it again where a document changes behind it", async () => {
    const asked: string[] = [];
    const { history, embedding } = openNode({
      embed: (texts, signal) => {
        asked.push(...texts);
        return embed(texts, signal);
      },
    });
    const pool = createPool(database.url, UNHURRIED.pool);
    const store = createDocsStore({ pool, embedding });
    onTestFinished(async () => {
      store.close();
      await pool.end();
    });
    const put = async (hash: string, ...texts: string[]): Promise<string[]> => {
      const passages = texts.map((text) => ({ section: null, anchor: null, context: "A", text }));
      await store.putDocuments("kept", [
        { path: "a.md", position: 1, title: "A", hash, source: hash, passages },
      ]);
      await history.indexBacklog();
      return asked.splice(0);
    };
    expect(await put("1", "One.", "Two.", "Three.")).toHaveLength(3);
    expect(await put("2", "One.", "Two.", "Three.")).toEqual([]);
    expect(await put("3", "One.", "Two and more.")).toEqual(["A\nTwo and more."]);
    const found = await store.search("kept", { question: "one" });
    expect(found.map(({ text }) => text)).toContain("One.");
    expect(await store.search("kept", { question: "three" })).toEqual([]);
  });

  it("gives vectors of another length under the same name finds those of this length, and the others by words", async () => {
    const how: { embed: Embed } = { embed };
    const { history, embedding, errors } = openNode(how);
    const owner = newSession();
    await say(history, owner, "An automobile.", "The car is old.");
    const pool = createPool(database.url, UNHURRIED.pool);
    const store = createDocsStore({ pool, embedding, onError: (error) => errors.push(error) });
    onTestFinished(async () => {
      store.close();
      await pool.end();
    });
    const document = (path: string, text: string) => ({
      path,
      position: 1,
      title: path,
      hash: text,
      source: text,
      passages: [{ section: null, anchor: null, context: path, text }],
    });
    await store.putDocuments("garage", [document("a", "An automobile.")]);
    await history.indexBacklog();
    how.embed = async (...given) => (await embed(...given)).map((vector) => [...vector, 0]);
    expect(await search(history, owner, "car")).toEqual(["The car is old."]);
    expect(await store.search("garage", { question: "car" })).toEqual([]);
    await say(history, owner, "His automobile.");
    await history.indexBacklog();
    expect(await search(history, owner, "car")).toEqual(["The car is old.", "His automobile."]);
    expect(errors).toEqual([]);
  });

  it("refuses every text is set up wrongly: none is given up", async () => {
    const how: { embed: Embed } = { embed: () => Promise.reject(new EmbeddingRefused("API key not valid")) };
    const { history } = openNode(how);
    const owner = newSession();
    const id = await say(history, owner, "An automobile.", "A cake.");
    await history.indexBacklog();
    expect(await vectors(id)).toEqual([DUE, DUE]);
    how.embed = embed;
    await becomeDue(id);
    await history.indexBacklog();
    await expect.poll(() => vectors(id)).toEqual([DONE, DONE]);
  });

  it("takes no half of a character is given none", async () => {
    const { history, errors } = openNode({
      embed: (texts, signal) =>
        texts.every((text) => text.isWellFormed())
          ? embed(texts, signal)
          : Promise.reject(new EmbeddingRefused("not UTF-8")),
    });
    const owner = newSession();
    const id = await say(history, owner, `Half: \ud83d.`, `${"long ".repeat(1599)}long📖`);
    await history.indexBacklog();
    expect(await vectors(id)).toEqual([DONE, DONE]);
    expect(errors).toEqual([]);
  });

  it("comes to a conversation in the trash embeds it once it is restored", async () => {
    const { history } = openNode({ embed });
    const owner = newSession();
    const plain = createHistory({ ...UNHURRIED.history, pool: database.pool });
    const id = await say(plain, owner, "An automobile.");
    await plain.deleteConversation(owner, id);
    await history.indexBacklog();
    expect(await vectors(id)).toEqual([DUE]);
    await plain.restoreConversation(owner, id);
    await becomeDue(id);
    await history.indexBacklog();
    expect(await search(history, owner, "car")).toEqual(["An automobile."]);
    await plain.close();
  });

  it("is asked for each owner's question, and finds nothing of another owner's", async () => {
    const asked: string[] = [];
    const { history } = openNode({
      embed: (texts, signal) => {
        asked.push(...texts);
        return embed(texts, signal);
      },
    });
    const [owner, other] = [newSession(), newSession()];
    const id = await say(history, owner, "My automobile is hidden.");
    await say(history, other, "A cake.");
    await history.indexBacklog();
    for (const who of [owner, other, owner, other]) {
      const found = await search(history, who, "hidden car");
      expect(found).toEqual(who === owner ? ["My automobile is hidden."] : []);
    }
    // A vector that was there already would tell, by the time, what somebody else asked.
    expect(asked.filter((text) => text === "hidden car")).toHaveLength(2);
    expect(await history.recallMessages({ owner: other, conversationId: id, question: "car" })).toEqual([]);
    await expect(history.searchMessages(other, { text: "car", conversationId: id })).rejects.toThrow(
      "somebody else",
    );
  });
});
