import { createCheckpointer } from "@chatkeep/adapters/langgraph";
import { createHistory, createPool } from "@chatkeep/core";
import { UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { AIMessage, HumanMessage, RemoveMessage } from "@langchain/core/messages";
import {
  Annotation,
  Command,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
  interrupt,
} from "@langchain/langgraph";
import { deltaChannelHistoryTests, validate } from "@langchain/langgraph-checkpoint-validation";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { newOwner, openHistory } from "./fixture.ts";

const database = await fileDatabase();
const history = await openHistory(async function* () {
  yield "Hi.";
}, database);

// LangGraph's conformance tests take Vitest's functions from the global scope.
const globals = { describe, it, expect, beforeAll, beforeEach, afterAll, afterEach };
for (const [name, value] of Object.entries(globals)) vi.stubGlobal(name, value);
afterAll(() => vi.unstubAllGlobals());
const owners = new WeakMap<object, ReturnType<typeof newOwner>>();
const initializer = {
  checkpointerName: "chatkeep",
  createCheckpointer: () => {
    const owner = newOwner();
    const checkpointer = createCheckpointer({ history, owner });
    owners.set(checkpointer, owner);
    return checkpointer;
  },
  destroyCheckpointer: async (checkpointer: object) => {
    await history.eraseData(owners.get(checkpointer)!);
  },
};
validate(initializer);
deltaChannelHistoryTests(initializer);

/** A history of another process on the same database. */
async function restart() {
  const pool = createPool(database.url, UNHURRIED.pool);
  const restarted = createHistory({ pool, ...UNHURRIED.history });
  return {
    history: restarted,
    [Symbol.asyncDispose]: async () => {
      await restarted.close();
      await pool.end();
    },
  };
}

/** The rows of a thread in each table. */
async function rowsOf(thread: string): Promise<string[][]> {
  const tables = ["checkpoints", "checkpoint_values", "checkpoint_writes"];
  const read = async (table: string) => {
    const { rows } = await database.pool.query<{ row: string }>(
      `select t::text as row from chatkeep.${table} t where conversation_id = $1 order by t::text`,
      [thread],
    );
    return rows.map(({ row }) => row);
  };
  return Promise.all(tables.map(read));
}

/** Bytes of the values that are stored of a thread. */
async function storedBytes(thread: string): Promise<number> {
  const { rows } = await database.pool.query<{ bytes: number }>(
    "select sum(octet_length(body::text))::int as bytes from chatkeep.checkpoint_values where conversation_id = $1",
    [thread],
  );
  return rows[0]!.bytes;
}

const threadOf = (thread_id: string, more: object = {}) => ({ configurable: { thread_id, ...more } });
const textsOf = (state: { messages: { text: string }[] }) => state.messages.map(({ text }) => text);

/** A graph that answers a message with "re: " and its text. */
const chat = new StateGraph(MessagesAnnotation)
  .addNode("answer", ({ messages }) => ({ messages: [new AIMessage(`re: ${messages.at(-1)!.text}`)] }))
  .addEdge(START, "answer");

describe("a graph with the checkpointer", () => {
  it("that waits for a person goes on after a restart, and does nothing twice", async () => {
    const owner = newOwner();
    const done: string[] = [];
    const graph = new StateGraph(Annotation.Root({ plan: Annotation<string>, result: Annotation<string> }))
      .addNode("think", () => {
        done.push("think");
        return { plan: "delete the file" };
      })
      .addNode("act", ({ plan }) => {
        const answer = interrupt<object, string>({ ask: `May I ${plan}?` });
        done.push("act");
        return { result: `${plan}: ${answer}` };
      })
      .addEdge(START, "think")
      .addEdge("think", "act");
    const thread = threadOf(crypto.randomUUID());
    const waiting = await graph
      .compile({ checkpointer: createCheckpointer({ history, owner }) })
      .invoke({}, thread);
    expect(waiting).toMatchObject({ __interrupt__: [{ value: { ask: "May I delete the file?" } }] });

    await using later = await restart();
    const resumed = graph.compile({ checkpointer: createCheckpointer({ history: later.history, owner }) });
    expect((await resumed.getState(thread)).next).toEqual(["act"]);
    const result = await resumed.invoke(new Command({ resume: "yes" }), thread);
    expect(result.result).toBe("delete the file: yes");
    expect(done).toEqual(["think", "act"]);
  });

  it("remembers a thread as the memory saver does, step for step", async () => {
    const ours = chat.compile({ checkpointer: createCheckpointer({ history, owner: newOwner() }) });
    const theirs = chat.compile({ checkpointer: new MemorySaver() });
    const thread = threadOf(crypto.randomUUID());
    for (const text of ["one", "tw\u0000o", "thr\ud800ee"]) {
      const input = { messages: [new HumanMessage({ id: text, content: text })] };
      await ours.invoke(input, thread);
      await theirs.invoke(input, thread);
    }
    const seen = async (graph: typeof ours) => {
      const states = [];
      for await (const { values, next, metadata } of graph.getStateHistory(thread)) {
        states.push({
          texts: textsOf(values as never),
          next,
          step: metadata?.step,
          source: metadata?.source,
        });
      }
      return states;
    };
    const states = await seen(ours);
    expect(states).toEqual(await seen(theirs));
    expect(states[0]!.texts).toEqual([
      "one",
      "re: one",
      "tw\u0000o",
      "re: tw\u0000o",
      "thr\ud800ee",
      "re: thr\ud800ee",
    ]);
  });

  it("stores each message of a list once, also after a restart", async () => {
    const owner = newOwner();
    const id = crypto.randomUUID();
    const text = "x".repeat(2000);
    const say = (store: typeof history, n: number) =>
      chat
        .compile({ checkpointer: createCheckpointer({ history: store, owner }) })
        .invoke({ messages: [new HumanMessage(text + n)] }, threadOf(id));
    for (let n = 0; n < 20; n++) await say(history, n);
    await using later = await restart();
    const { messages } = await say(later.history, 20);
    expect(messages).toHaveLength(42);
    // The channel that begins the graph holds each question too.
    expect(await storedBytes(id)).toBeLessThan(42 * 2000 * 2);
  });

  it("keeps a window of the latest messages without storing them again", async () => {
    const window = new StateGraph(MessagesAnnotation)
      .addNode("forget", ({ messages }) => ({
        messages: messages.slice(0, -6).map(({ id }) => new RemoveMessage({ id: id! })),
      }))
      .addEdge(START, "forget");
    const id = crypto.randomUUID();
    const owner = newOwner();
    const graph = window.compile({ checkpointer: createCheckpointer({ history, owner }) });
    for (let n = 0; n < 30; n++)
      await graph.invoke({ messages: [new HumanMessage("x".repeat(2000) + n)] }, threadOf(id));
    const { messages } = (await graph.getState(threadOf(id))).values as { messages: { text: string }[] };
    expect(messages.map((message) => Number(message.text.slice(2000)))).toEqual([24, 25, 26, 27, 28, 29]);
    // Whole, it would be 13 messages at each of 30 questions.
    expect(await storedBytes(id)).toBeLessThan(30 * 2000 * 6);
  });

  it("keeps both branches of a fork", async () => {
    const graph = chat.compile({ checkpointer: createCheckpointer({ history, owner: newOwner() }) });
    const thread = threadOf(crypto.randomUUID());
    await graph.invoke({ messages: [new HumanMessage("one")] }, thread);
    const { config } = await graph.getState(thread);
    const first = await graph.invoke({ messages: [new HumanMessage("two")] }, config);
    const second = await graph.invoke({ messages: [new HumanMessage("otherwise")] }, config);
    expect(textsOf(first)).toEqual(["one", "re: one", "two", "re: two"]);
    expect(textsOf(second)).toEqual(["one", "re: one", "otherwise", "re: otherwise"]);
    const ends = [];
    for await (const { values, next } of graph.getStateHistory(thread)) {
      if (next.length === 0) ends.push(textsOf(values as never).at(-1));
    }
    expect(ends).toEqual(["re: otherwise", "re: two", "re: one"]);
  });

  it("is its owner's alone, and gone with the conversation's messages", async () => {
    const [owner, other] = [newOwner(), newOwner()];
    const { conversation } = await history.createConversation(owner);
    const thread = threadOf(conversation.id);
    const graph = chat.compile({ checkpointer: createCheckpointer({ history, owner }) });
    await graph.invoke({ messages: [new HumanMessage("mine")] }, thread);

    const theirs = createCheckpointer({ history, owner: other });
    expect(await theirs.getTuple(thread)).toBeUndefined();
    expect(await theirs.list({}).next()).toEqual({ done: true, value: undefined });
    await theirs.deleteThread(conversation.id);
    await expect(
      chat.compile({ checkpointer: theirs }).invoke({ messages: [new HumanMessage("theirs")] }, thread),
    ).rejects.toMatchObject({ code: "forbidden" });
    expect(textsOf((await graph.getState(thread)).values as never)).toEqual(["mine", "re: mine"]);

    await history.deleteConversation(owner, conversation.id);
    expect((await graph.getState(thread)).values).toEqual({});
    await history.restoreConversation(owner, conversation.id);
    expect(textsOf((await graph.getState(thread)).values as never)).toEqual(["mine", "re: mine"]);
    await history.clearMessages(owner, conversation.id);
    expect((await graph.getState(thread)).values).toEqual({});
    const again = await graph.invoke({ messages: [new HumanMessage("anew")] }, thread);
    expect(textsOf(again)).toEqual(["anew", "re: anew"]);
  });

  it("is out of reach for everybody else who knows the thread and its checkpoints, with each call", async () => {
    const owner = newOwner();
    const session = { kind: "session", id: crypto.randomUUID() } as const;
    const { conversation } = await history.createConversation(owner);
    const { id } = conversation;
    const graph = chat.compile({ checkpointer: createCheckpointer({ history, owner }) });
    await graph.invoke({ messages: [new HumanMessage("mine")] }, threadOf(id));
    const rows = () => rowsOf(id);
    const stored = await rows();
    expect(stored.every((table) => table.length > 0)).toBe(true);
    const mine = (await history.getCheckpoint(owner, id, { namespace: "" }))!;
    const [value] = mine.values;
    const place = { namespace: "", id: mine.id, taskId: "t", taskPath: "" };
    const versions = new Map([[value!.channel, value!.version]]);

    for (const other of [newOwner(), session, { ...owner, issuer: "another" }]) {
      const refused = { code: "forbidden" };
      const values = [{ ...value!, base: null, body: "theirs" }];
      await expect(history.putCheckpoint(other, id, { ...mine, versions, values })).rejects.toMatchObject(
        refused,
      );
      // The values of a stored version would come with it.
      await expect(
        history.putCheckpoint(other, id, { ...mine, id: "z", versions, values: [] }),
      ).rejects.toMatchObject(refused);
      const writes = [{ no: -1, channel: "__error__", body: "theirs" }];
      await expect(history.putCheckpointWrites(other, id, place, writes)).rejects.toMatchObject(refused);
      for (const one of [undefined, mine.id])
        expect(await history.getCheckpoint(other, id, { namespace: "", id: one })).toBeUndefined();
      for (const query of [{}, { conversationId: id }, { conversationId: id, namespace: "", before: "z" }])
        expect(await history.listCheckpoints(other, query)[Symbol.asyncIterator]().next()).toMatchObject({
          done: true,
        });
      await history.deleteCheckpoints(other, id);

      // In a thread of their own, nothing of another's comes along.
      const own = (await history.createConversation(other)).conversation.id;
      await history.putCheckpoint(other, own, { ...mine, versions, values: [] });
      expect(await history.getCheckpoint(other, own, { namespace: "" })).toMatchObject({
        values: [],
        writes: [],
      });
    }
    expect(await rows()).toEqual(stored);
  });

  it("moves whole with a claim, and is gone whole with its owner's data", async () => {
    const session = { kind: "session", id: crypto.randomUUID() } as const;
    const user = newOwner();
    const { id } = (await history.createConversation(session)).conversation;
    const graph = chat.compile({ checkpointer: createCheckpointer({ history, owner: session }) });
    await graph.invoke({ messages: [new HumanMessage("hello")] }, threadOf(id));
    const counts = async () => (await rowsOf(id)).map((table) => table.length);
    const before = await counts();
    expect(before.every((count) => count > 0)).toBe(true);
    await history.claimSession(user, session);
    expect(await counts()).toEqual(before);
    await history.eraseData(session);
    expect(await counts()).toEqual(before);
    await history.eraseData(user);
    expect(await rowsOf(id)).toEqual([[], [], []]);
  });

  it("goes on whole where the thread was cleared in its middle", async () => {
    const owner = newOwner();
    const { conversation } = await history.createConversation(owner);
    const thread = threadOf(conversation.id);
    const clearing = new StateGraph(MessagesAnnotation)
      .addNode("clear", async () => {
        await history.clearMessages(owner, conversation.id);
        return { messages: [new AIMessage("cleared")] };
      })
      .addEdge(START, "clear")
      .compile({ checkpointer: createCheckpointer({ history, owner }) });
    await clearing.invoke({ messages: [new HumanMessage("go")] }, { ...thread, durability: "sync" });
    expect(textsOf((await clearing.getState(thread)).values as never)).toEqual(["go", "cleared"]);
  });

  it("follows the session's conversations to a user", async () => {
    const session = { kind: "session", id: crypto.randomUUID() } as const;
    const user = newOwner();
    const { conversation } = await history.createConversation(session);
    const thread = threadOf(conversation.id);
    await chat
      .compile({ checkpointer: createCheckpointer({ history, owner: session }) })
      .invoke({ messages: [new HumanMessage("hello")] }, thread);
    await history.claimSession(user, session);
    const graph = chat.compile({ checkpointer: createCheckpointer({ history, owner: user }) });
    const { messages } = await graph.invoke({ messages: [new HumanMessage("signed in")] }, thread);
    expect(textsOf({ messages })).toEqual(["hello", "re: hello", "signed in", "re: signed in"]);
  });
});
