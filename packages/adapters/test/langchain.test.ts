import { createChatMessageHistory } from "@chatkeep/adapters/langchain";
import { AIMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { describe, expect, it } from "vitest";

import { newOwner, openHistory } from "./fixture.ts";

const history = await openHistory(async function* () {
  yield "Hi.";
});

async function open() {
  const owner = newOwner();
  const { conversation } = await history.createConversation(owner);
  const conversationId = conversation.id;
  return { owner, conversationId, langchain: createChatMessageHistory({ history, owner, conversationId }) };
}

const MESSAGES = [
  new SystemMessage("Be brief."),
  new HumanMessage({
    content: [
      { type: "text", text: "two" },
      { type: "image_url", image_url: { url: "data:," } },
    ],
  }),
  new AIMessage({
    content: "",
    tool_calls: [
      { id: "c1", name: "add", args: { a: 1 }, type: "tool_call" },
      { id: "c2", name: "add", args: {}, type: "tool_call" },
    ],
    invalid_tool_calls: [{ id: "c3", name: "add", args: "{not json", type: "invalid_tool_call" }],
    response_metadata: { finish: "tools" },
  }),
  new ToolMessage({ content: "second first", tool_call_id: "c2", artifact: { x: 1 } }),
  new ToolMessage({ content: "", tool_call_id: "c1", status: "error" }),
  new AIMessage("Done."),
];

/** Its place is the prototype of every object. */
const FORGED = {
  type: "human",
  data: { content: [{}] },
  places: [{ path: [0, "__proto__", "polluted"], bare: false }],
};

describe("a conversation as LangChain's list of messages", () => {
  it("gives messages back as they were, also to another node, and shows them at other APIs", async () => {
    const { owner, conversationId, langchain } = await open();
    await langchain.addMessages(MESSAGES);
    const again = createChatMessageHistory({ history, owner, conversationId });
    const read = await again.getMessages();
    const told = (messages: typeof read) =>
      messages.map((message) => ({ ...message.toDict(), id: undefined }));
    const without = (list: ReturnType<typeof told>) =>
      list.map(({ data, ...rest }) => ({ ...rest, data: { ...data, id: undefined } }));
    expect(JSON.parse(JSON.stringify(without(told(read))))).toEqual(
      JSON.parse(JSON.stringify(without(told(MESSAGES)))),
    );
    const { messages } = await history.listMessages(owner, conversationId);
    expect(messages.map(({ role, content }) => [role, content])).toEqual([
      ["system", "Be brief."],
      ["user", "two"],
      ["assistant", ""],
      ["tool", "second first"],
      ["tool", ""],
      ["assistant", "Done."],
    ]);
    expect(messages[2]?.toolCalls).toMatchObject([{ id: "c1" }, { id: "c2" }]);
    expect(messages[3]?.toolCallId).toBe("c2");
  });

  it("reads what another API wrote, calls that are no JSON included", async () => {
    const { owner, conversationId, langchain } = await open();
    await history.appendMessages(owner, conversationId, [
      { role: "user", content: "add" },
      {
        role: "assistant",
        parts: [
          { type: "tool-call", id: "c1", name: "add", arguments: '{"a":1}' },
          { type: "tool-call", id: "c2", name: "add", arguments: "{not json" },
        ],
      },
      { role: "tool", toolCallId: "c1", content: "2" },
    ]);
    const [question, call, result] = await langchain.getMessages();
    expect(question).toBeInstanceOf(HumanMessage);
    expect(call).toMatchObject({
      tool_calls: [{ id: "c1", name: "add", args: { a: 1 } }],
      invalid_tool_calls: [{ id: "c2", args: "{not json" }],
    });
    expect(result).toBeInstanceOf(ToolMessage);
    expect(result).toMatchObject({ tool_call_id: "c1", content: "2" });
  });

  it("stores a message with an id once, and clears", async () => {
    const { langchain } = await open();
    await langchain.addMessage(new HumanMessage({ id: "m1", content: "once" }));
    await langchain.addMessage(new HumanMessage({ id: "m1", content: "once" }));
    await langchain.addAIMessage("yes");
    expect((await langchain.getMessages()).map(({ text }) => text)).toEqual(["once", "yes"]);
    await langchain.clear();
    expect(await langchain.getMessages()).toEqual([]);
  });

  it("takes ids of any text, stores each once, and gives them back", async () => {
    const { langchain, owner, conversationId } = await open();
    const ids = ["two words", "é", "..", "x".repeat(129), "\ud800", "plain"];
    const given = ids.map((id) => new HumanMessage({ id, content: "Hi" }));
    await langchain.addMessages(given);
    await langchain.addMessages(given);
    const read = await langchain.getMessages();
    expect(read.map(({ id }) => id)).toEqual(ids);
    await langchain.addMessages(read);
    expect((await history.listMessages(owner, conversationId)).total).toBe(ids.length);
  });

  it("keeps the bytes of pictures and files as files, which every other API shows, and gives them back", async () => {
    const { langchain, owner, conversationId } = await open();
    const base64 = Buffer.from("a heron").toString("base64");
    const url = `data:image/png;base64,${base64}`;
    const content = [
      { type: "text", text: url },
      { type: "image_url", image_url: { url, detail: "low" } },
      { type: "image_url", image_url: url },
      { type: "image", source: { type: "base64", media_type: "image/png", data: base64 } },
      {
        type: "file",
        source_type: "base64",
        mime_type: "application/pdf",
        data: base64,
        metadata: { filename: "a.pdf" },
      },
      { type: "image_url", image_url: { url: "https://example.org/heron.png" } },
      { type: "image", mimeType: "image/png", data: "no base64" },
    ];
    await langchain.addMessage(new HumanMessage({ id: "q", content: content as never }));
    const { parts } = await history.getMessage(owner, conversationId, "q");
    expect(parts.filter(({ type }) => type === "file")).toMatchObject([
      { url, mime: "image/png" },
      { url, mime: "image/png" },
      { url, mime: "image/png" },
      { url: `data:application/pdf;base64,${base64}`, name: "a.pdf" },
      { url: "data:image/png;base64,no base64" },
    ]);
    expect(JSON.stringify(parts.filter(({ type }) => type === "data")).split(base64)).toHaveLength(2);
    expect((await history.listFiles(owner)).files.length).toBeGreaterThan(0);
    const shown = [{ type: "image_url", image_url: { url } }];
    await langchain.addMessages([
      new AIMessage({
        id: "a",
        content: shown,
        tool_calls: [{ id: "c1", name: "draw", args: {}, type: "tool_call" }],
      }),
      new ToolMessage({ id: "t", content: shown, tool_call_id: "c1" }),
    ]);
    const read = await langchain.getMessages();
    expect(read.map((message) => message.content)).toEqual([content, shown, shown]);
    await langchain.addMessages(read);
    expect(await langchain.getMessages()).toHaveLength(3);
  });

  it("refuses a message that LangChain could not read back, and stores none of its call", async () => {
    const { langchain } = await open();
    const removal = new RemoveMessage({ id: "m1" });
    await expect(langchain.addMessages([new HumanMessage("Hi"), removal])).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining('"remove"'),
    });
    expect(await langchain.getMessages()).toEqual([]);
  });

  it.each([null, "text", {}, { type: "remove", data: {} }, { type: "human", data: null }, FORGED])(
    "reads its other parts where another API stored %j under the name of its own",
    async (data) => {
      const { owner, conversationId, langchain } = await open();
      const parts = [
        { type: "text", text: "Hi" },
        { type: "data", name: "langchain-message", data },
      ] as const;
      await history.appendMessages(owner, conversationId, [{ role: "user", parts }]);
      expect(await langchain.getMessages()).toHaveLength(1);
    },
  );

  it("serves a RunnableWithMessageHistory", async () => {
    const { owner, conversationId } = await open();
    const prompt = ChatPromptTemplate.fromMessages([
      new MessagesPlaceholder("history"),
      ["human", "{input}"],
    ]);
    const chain = new RunnableWithMessageHistory({
      runnable: prompt.pipe(new FakeListChatModel({ responses: ["first", "second"] })),
      getMessageHistory: () => createChatMessageHistory({ history, owner, conversationId }),
      inputMessagesKey: "input",
      historyMessagesKey: "history",
    });
    const config = { configurable: { sessionId: conversationId } };
    await chain.invoke({ input: "one" }, config);
    await chain.invoke({ input: "two" }, config);
    const { messages } = await history.listMessages(owner, conversationId);
    expect(messages.map(({ content }) => content)).toEqual(["one", "first", "two", "second"]);
  });

  it("sees the head's branch, and goes on from it", async () => {
    const { owner, conversationId, langchain } = await open();
    const texts = async () => (await langchain.getMessages()).map(({ text }) => text);
    const say = (id: string, content: string, parent?: string | null) =>
      history.appendMessages(owner, conversationId, [{ id, role: "user", content }], { parent });
    await say("one", "one");
    await langchain.addMessages([new AIMessage("first"), new HumanMessage("two")]);
    await say("other", "otherwise", "one");
    expect(await texts()).toEqual(["one", "otherwise"]);
    await langchain.addMessage(new AIMessage("then"));
    expect(await texts()).toEqual(["one", "otherwise", "then"]);
    const [, first] = (await history.listMessages(owner, conversationId, { branches: "all" })).messages;
    await history.setHead(owner, conversationId, first!.id);
    const chain = new RunnableWithMessageHistory({
      runnable: ChatPromptTemplate.fromMessages([
        new MessagesPlaceholder("history"),
        ["human", "{input}"],
      ]).pipe(new FakeListChatModel({ responses: ["third"] })),
      getMessageHistory: () => langchain,
      inputMessagesKey: "input",
      historyMessagesKey: "history",
    });
    await chain.invoke({ input: "three" }, { configurable: { sessionId: conversationId } });
    expect(await texts()).toEqual(["one", "first", "two", "three", "third"]);
  });

  it("given what it holds, whoever wrote that, stores only what is new", async () => {
    const { owner, conversationId, langchain } = await open();
    await langchain.addMessages(MESSAGES);
    await history.appendMessages(owner, conversationId, [{ role: "assistant", content: "from elsewhere" }]);
    const before = await langchain.getMessages();
    await langchain.addMessages([...before, new HumanMessage("new")]);
    await langchain.addMessages(await langchain.getMessages());
    const after = await langchain.getMessages();
    expect(after.slice(0, -1)).toEqual(before);
    expect(after.at(-1)?.text).toBe("new");
  });
});
