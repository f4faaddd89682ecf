import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { createEmbedding } from "@chatkeep/agent";
import { type CoreHistory, createDocsStore, createHistory, createPool, migrate } from "@chatkeep/core";
import type { MessageInput, Owner } from "@chatkeep/protocol";
import {
  type Database,
  type Model,
  type ModelOptions,
  type Postgres,
  PGVECTOR_SETTINGS,
  UNHURRIED,
  createDatabase,
  hasPgvector,
  holdDeadlines,
  meaningOf,
  startModel,
  startPostgres,
} from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

const CHILD = fileURLToPath(new URL("processes/embed.ts", import.meta.url));

/** What the fake model knows and no list of words does. */
const SAME = { physician: "doctor", automobile: "car", feline: "cat" };

const newOwner = (): Owner => ({ kind: "session", id: crypto.randomUUID() });
const said = (...texts: string[]): MessageInput[] => texts.map((content) => ({ role: "user", content }));

async function start(
  embed: ModelOptions["embed"] = (texts) => texts.map((text) => meaningOf(text, SAME)),
): Promise<Model> {
  const model = await startModel({ embed });
  // A recall waits 2 s for the vector of a question, which a busy machine may take.
  const held = holdDeadlines();
  onTestFinished(async () => {
    held[Symbol.dispose]();
    await model.close();
  });
  return model;
}

const embeddingOf = (model: Model, name = "fake") =>
  createEmbedding({ model: `openai-compatible/${name}`, baseUrl: model.url, leastSimilarity: 0.2 });

/** A node of its own over a database, whose errors are gathered. */
function openNode(
  database: Database,
  model: Model,
  name?: string,
): { history: CoreHistory; errors: unknown[] } {
  const pool = createPool(database.url, UNHURRIED.pool);
  const errors: unknown[] = [];
  const history = createHistory({
    ...UNHURRIED.history,
    pool,
    embedding: embeddingOf(model, name),
    onError: (error) => errors.push(error),
  });
  onTestFinished(async () => {
    await history.close();
    await pool.end();
  });
  return { history, errors };
}

async function newConversation(history: CoreHistory, texts: readonly string[], owner = newOwner()) {
  const { conversation } = await history.createConversation(owner);
  await history.appendMessages(owner, conversation.id, said(...texts));
  return { owner, id: conversation.id };
}

const embeddedTexts = (model: Model): string[] =>
  model.requests.flatMap(({ body }) => (body as unknown as { input: string[] }).input);

it("without pgvector nothing changes: there are no tables, and words find what they found", async () => {
  await using database = await createDatabase();
  expect(await migrate(database.pool, { vectors: true })).toMatchObject({ vectors: false });
  const model = await start();
  const { history, errors } = openNode(database, model);
  const { owner, id } = await newConversation(history, ["The cat sleeps.", "The physician came."]);
  await history.indexBacklog();
  const plain = createHistory({ ...UNHURRIED.history, pool: database.pool });
  const question = { owner, conversationId: id, question: "Where is the cat?" };
  expect(await history.recallMessages(question)).toEqual(await plain.recallMessages(question));
  expect((await history.searchMessages(owner, { text: "cat" })).hits).toHaveLength(1);
  expect((await history.searchMessages(owner, { text: "doctor" })).hits).toEqual([]);
  await plain.close();
  const { rows } = await database.pool.query("select to_regclass('chatkeep.message_vectors') as vectors");
  expect(rows).toEqual([{ vectors: null }]);
  expect(errors).toEqual([]);
});

describe.runIf(hasPgvector())("with pgvector", () => {
  let postgres: Postgres;
  let database: Database;
  beforeAll(async () => {
    postgres = await startPostgres({ settings: { ...PGVECTOR_SETTINGS, fsync: "off" } });
    database = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
    await migrate(database.pool, { vectors: true });
  });
  afterAll(async () => {
    await database.close();
    await postgres.remove();
  });
  const due = async (id: string) =>
    (
      await database.pool.query<{ seq: number; embedded: boolean; due: boolean; later: boolean }>(
        `select seq::int, embedding is not null as embedded, due_at is not null as due,
           coalesce(due_at > clock_timestamp(), false) as later
         from chatkeep.message_vectors where conversation_id = $1 order by seq`,
        [id],
      )
    ).rows;

  it("recall finds what its branch holds, however many nearer messages other branches hold", async () => {
    const { history } = openNode(database, await start());
    const { owner, id } = await newConversation(history, ["We bought an automobile in May."]);
    const [first] = (await history.listMessages(owner, id)).messages;
    for (let n = 0; n < 60; n += 1)
      await history.appendMessages(owner, id, said("The car."), { parent: first!.id });
    const { messages } = await history
      .appendMessages(owner, id, said("What now?"), { parent: first!.id })
      .then(() => history.listMessages(owner, id));
    await history.indexBacklog();
    const recalled = await history.recallMessages({ owner, conversationId: id, question: "car" });
    expect(messages).toHaveLength(2);
    expect(recalled.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual([1]);
  });

  it("recall and search join what means the same with what holds the words", async () => {
    const model = await start();
    const { history, errors } = openNode(database, model);
    const texts = ["We bought an automobile in May.", "Grandmother baked a cake.", "The car is red."];
    const { owner, id } = await newConversation(history, texts);
    await history.indexBacklog();
    const recall = async (question: string): Promise<number[]> =>
      (await history.recallMessages({ owner, conversationId: id, question })).map(({ seq }) => seq);
    // No word of it stands there.
    expect((await recall("When was the car bought?")).slice(0, 2).toSorted((a, b) => a - b)).toEqual([1, 3]);
    const search = async (text: string): Promise<number[]> =>
      (await history.searchMessages(owner, { text })).hits.map(({ message }) => message.seq);
    expect(await search("automobile")).toEqual([1, 3]);
    expect(await search("feline")).toEqual([]);
    // What only words can tell is left to them.
    expect(await search('"automobile"')).toEqual([1]);
    const { hits } = await history.searchMessages(owner, { text: "car red" });
    expect(hits[0]).toMatchObject({
      message: { seq: 3 },
      snippet: {
        marks: [
          { start: 4, end: 7 },
          { start: 11, end: 14 },
        ],
      },
    });
    expect(errors).toEqual([]);
  });

  it("a search of one role or time finds no other by its meaning", async () => {
    const { history } = openNode(database, await start());
    const { owner, id } = await newConversation(history, ["Hi."]);
    await history.appendMessages(owner, id, [
      { role: "user", content: "We bought an automobile.", createdAt: "2020-05-01T00:00:00.000Z" },
      { role: "assistant", content: "An automobile is expensive.", createdAt: "2022-05-01T00:00:00.000Z" },
    ]);
    await history.indexBacklog();
    const search = async (filter: object): Promise<number[]> =>
      (await history.searchMessages(owner, { text: "car", ...filter })).hits.map(
        ({ message }) => message.seq,
      );
    expect((await search({})).toSorted((a, b) => a - b)).toEqual([2, 3]);
    expect(await search({ role: "user" })).toEqual([2]);
    expect(await search({ role: "assistant" })).toEqual([3]);
    expect(await search({ until: "2022-05-01T00:00:00Z" })).toEqual([2]);
    expect(await search({ since: "2022-05-01T00:00:00Z" })).toEqual([3]);
    expect(await search({ since: "2022-05-01T00:00:00Z", role: "user" })).toEqual([]);
  });

  it("pages what is joined without repeating or losing any", async () => {
    const model = await start();
    const { history } = openNode(database, model);
    const texts = Array.from({ length: 270 }, (_, n) =>
      n % 2 === 0 ? `The doctor, visit ${n}.` : `Our physician, call ${n}.`,
    );
    const { owner } = await newConversation(history, texts);
    await history.indexBacklog();
    const seqs: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await history.searchMessages(owner, {
        text: "doctor",
        limit: 9,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seqs.push(...page.hits.map(({ message }) => message.seq));
      cursor = page.nextCursor;
    }
    // Half of them hold the word; of the others the fifty that are nearest.
    expect(seqs.filter((seq) => seq % 2 === 1)).toHaveLength(135);
    expect(new Set(seqs).size).toBe(seqs.length);
    expect(seqs.length).toBeGreaterThan(135);
  });

  it("never on the write path: what is written is there, and answered, while the model says nothing", async () => {
    const answer = Promise.withResolvers<void>();
    const model = await start(async (texts) => {
      await answer.promise;
      return texts.map((text) => meaningOf(text));
    });
    const { history } = openNode(database, model);
    const { owner, id } = await newConversation(history, ["The first words."]);
    // The worker begins by itself, after the write.
    await model.request(0);
    expect((await history.listMessages(owner, id)).messages).toHaveLength(1);
    expect(await history.appendMessages(owner, id, said("More."))).toHaveLength(1);
    expect((await due(id)).map(({ embedded }) => embedded)).toEqual([false, false]);
    answer.resolve();
    await history.indexBacklog();
    await history.indexBacklog();
    expect((await due(id)).map(({ embedded }) => embedded)).toEqual([true, true]);
  });

  it("two nodes at once embed each message once", async () => {
    const model = await start();
    const [one, two] = [openNode(database, model), openNode(database, model)];
    const texts = Array.from({ length: 200 }, (_, n) => `Message number ${n}.`);
    await newConversation(one.history, texts);
    await Promise.all([one.history.indexBacklog(), two.history.indexBacklog()]);
    expect(embeddedTexts(model).toSorted()).toEqual(texts.toSorted());
  });

  it("what a killed node had is another one's after the lease, and not before", async () => {
    const silent = await start(() => new Promise<never>(() => undefined));
    const model = await start();
    const plain = createHistory({ ...UNHURRIED.history, pool: database.pool });
    const { id } = await newConversation(plain, ["Whoever reads this."]);
    await plain.close();
    const child = spawn(process.execPath, ["--conditions=@chatkeep/source", CHILD, database.url, silent.url]);
    const exited = once(child, "exit");
    const request = await silent.request(0);
    child.kill("SIGKILL");
    await exited;
    expect(await request.ended).toBe("aborted");
    const { history } = openNode(database, model);
    await history.indexBacklog();
    expect(await due(id)).toEqual([{ seq: 1, embedded: false, due: true, later: true }]);
    // The lease of a minute runs out.
    await database.pool.query(
      "update chatkeep.message_vectors set due_at = now() where conversation_id = $1",
      [id],
    );
    await history.indexBacklog();
    expect(await due(id)).toEqual([{ seq: 1, embedded: true, due: false, later: false }]);
  });

  it("a model that fails is let alone for a while, and goes on; no error holds a text", async () => {
    let failing = true;
    const model = await start((texts) =>
      failing ? { status: 503, message: `cannot do: ${texts.join()}` } : texts.map((text) => meaningOf(text)),
    );
    const { history, errors } = openNode(database, model);
    const { owner, id } = await newConversation(history, ["My secret plan."]);
    await history.indexBacklog();
    expect(await due(id)).toEqual([{ seq: 1, embedded: false, due: true, later: true }]);
    expect(model.requests).toHaveLength(1);
    // Recall asks once, is told of it, and goes on with words.
    for (let round = 0; round < 3; round += 1) {
      const found = await history.recallMessages({ owner, conversationId: id, question: "the secret" });
      expect(found[0]?.seq).toBe(1);
    }
    expect(model.requests).toHaveLength(2);
    expect(errors).toHaveLength(2);
    const told = errors.map(
      (error) =>
        `${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)} ${(error as Error).stack}`,
    );
    expect(told.join()).toContain("503");
    expect(told.join()).not.toMatch(/secret|plan/);

    failing = false;
    await database.pool.query(
      "update chatkeep.message_vectors set due_at = now() where conversation_id = $1",
      [id],
    );
    await history.indexBacklog();
    expect(await due(id)).toEqual([{ seq: 1, embedded: true, due: false, later: false }]);
  });

  it("a text that the model refuses is left to words, and keeps no other from its vector", async () => {
    const model = await start((texts) =>
      texts.some((text) => text.includes("unspeakable"))
        ? { status: 400, message: "not that" }
        : texts.map((text) => meaningOf(text)),
    );
    const { history } = openNode(database, model);
    const { owner, id } = await newConversation(history, ["One.", "The unspeakable.", "Three."]);
    await history.indexBacklog();
    expect((await due(id)).map(({ embedded, due: left }) => [embedded, left])).toEqual([
      [true, false],
      [false, false],
      [true, false],
    ]);
    expect((await history.searchMessages(owner, { text: '"unspeakable"' })).hits).toHaveLength(1);
  });

  it("another model: all is embedded anew, and until then words find", async () => {
    await using own = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
    await migrate(own.pool, { vectors: true });
    const model = await start();
    const first = openNode(own, model, "first");
    const { owner, id } = await newConversation(first.history, ["An automobile.", "A cake."]);
    await first.history.indexBacklog();
    const find = async (history: CoreHistory): Promise<number> =>
      (await history.recallMessages({ owner, conversationId: id, question: "car" })).length;
    expect(await find(first.history)).toBe(1);
    const larger = await start((texts) => texts.map((text) => [...meaningOf(text, SAME), 0, 0]));
    const second = openNode(own, larger, "second");
    expect(await find(second.history)).toBe(0);
    const before = model.requests.length;
    await second.history.indexBacklog();
    expect(embeddedTexts(larger)).toEqual(expect.arrayContaining(["An automobile.", "A cake."]));
    const third = openNode(own, larger, "second");
    expect(await find(third.history)).toBe(1);
    // The first one's node embeds no more, and finds by words.
    await first.history.appendMessages(owner, id, said("Late."));
    await first.history.indexBacklog();
    expect(model.requests).toHaveLength(before);
  });

  it("an extension that appears later: what is there already is embedded too", async () => {
    await using own = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
    await migrate(own.pool);
    const model = await start();
    const before = openNode(own, model);
    const texts = Array.from({ length: 700 }, (_, n) => `Line ${n} of the talk.`);
    const { owner, id } = await newConversation(before.history, ["The automobile.", ...texts]);
    await before.history.indexBacklog();
    expect(model.requests).toHaveLength(0);
    expect(await migrate(own.pool, { vectors: true })).toMatchObject({ vectors: true });
    expect(await migrate(own.pool, { vectors: true })).toMatchObject({ vectors: true });
    const { history } = openNode(own, model);
    await history.indexBacklog();
    // The node that was there before may have taken a part of them.
    await expect.poll(() => new Set(embeddedTexts(model))).toEqual(new Set(["The automobile.", ...texts]));
    const recalled = () => history.recallMessages({ owner, conversationId: id, question: "car" });
    await expect.poll(async () => (await recalled())[0]?.seq).toBe(1);
  });

  it("erased is erased: vectors go with their messages, and what is being embedded meanwhile is kept nowhere", async () => {
    const answer = Promise.withResolvers<void>();
    const model = await start(async (texts) => {
      if (texts.some((text) => text.startsWith("Late"))) await answer.promise;
      return texts.map((text) => meaningOf(text));
    });
    const { history } = openNode(database, model);
    const { owner, id } = await newConversation(history, ["One.", "Two.", "Three."]);
    await history.indexBacklog();
    expect(await due(id)).toHaveLength(3);
    const { messages } = await history.listMessages(owner, id);
    await history.deleteMessage(owner, id, messages[0]!.id);
    expect((await due(id)).map(({ seq }) => seq)).toEqual([2, 3]);
    const asked = model.requests.length;
    await history.appendMessages(owner, id, said("Late."));
    const embedding = history.indexBacklog();
    await model.request(asked);
    await history.clearMessages(owner, id);
    answer.resolve();
    await embedding;
    expect(await due(id)).toEqual([]);
  });

  it("a claim takes the vectors along", async () => {
    const model = await start();
    const { history } = openNode(database, model);
    const { owner, id } = await newConversation(history, ["The automobile."]);
    await history.indexBacklog();
    const user: Owner = { kind: "user", id: crypto.randomUUID() };
    await history.claimSession(user, owner);
    const recall = (who: Owner) =>
      history.recallMessages({ owner: who, conversationId: id, question: "car" });
    expect(await recall(user)).toHaveLength(1);
    expect(await recall(owner)).toEqual([]);
  });

  it("the docs' passages are found by meaning, and only changed documents are embedded again", async () => {
    const model = await start();
    const { history } = openNode(database, model);
    const pool = createPool(database.url, UNHURRIED.pool);
    const store = createDocsStore({ pool, embedding: embeddingOf(model) });
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
    await store.putDocuments("zoo", [
      document("a", "The feline sleeps."),
      document("b", "Hay is for horses."),
    ]);
    await history.indexBacklog();
    const found = await store.search("zoo", { question: "cat" });
    expect(found.map(({ path }) => path)).toEqual(["a"]);
    expect(found[0]?.score).toBeGreaterThan(0.2);
    expect((await store.search("zoo", { question: "hay horses" }))[0]).toMatchObject({ path: "b" });
    const asked = model.requests.length;
    await store.putDocuments("zoo", [document("a", "The feline sleeps."), document("b", "Hay is for cows.")]);
    await history.indexBacklog();
    expect(embeddedTexts(model).slice(asked - model.requests.length)).toEqual(["b\nHay is for cows."]);
  });
});
