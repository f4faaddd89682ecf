import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { EventType, HttpAgent } from "@ag-ui/client";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { toModelMessages } from "@chatkeep/agent";
import { createHistory, createPool, readAnswer } from "@chatkeep/core";
import type { AnswerStream, Part, Responder, ResponderRequest, TurnState } from "@chatkeep/protocol";
import {
  type Model,
  type ModelReply,
  type ModelStep,
  UNHURRIED,
  fileDatabase,
  startModel,
} from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { tool as langchainTool } from "@langchain/core/tools";
import { MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { ChatOpenAI } from "@langchain/openai";
import { Agent } from "@mastra/core/agent";
import { chat } from "@tanstack/ai";
import { createOpenaiChatCompletions } from "@tanstack/ai-openai";
import {
  ToolLoopAgent,
  createUIMessageStream,
  createUIMessageStreamResponse,
  isStepCount,
  jsonSchema,
  streamText,
  toUIMessageStream,
  tool,
} from "ai";
import OpenAI from "openai7";
import { from } from "rxjs";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
afterAll(() => pool.end());

const QUESTION = "Which weather?";
const CALL = { id: "call-1", name: "look_up", arguments: '{ "day": "Monday" }' };
const SCHEMA = jsonSchema<{ day: string }>({ type: "object", properties: { day: { type: "string" } } });

/** A host that answers with a library, over a fake model server. */
interface Host {
  readonly model: Model;
  readonly respond: Responder;
}

type Library = (model: Model) => Responder;

async function openHost(library: Library, reply: (index: number) => ModelReply): Promise<Host> {
  const model = await startModel({ reply: ({ index }) => reply(index) });
  onTestFinished(() => model.close());
  return { model, respond: library(model) };
}

/** Asks a question of a history whose responder is given, and returns the turn as it is stored. */
async function ask(
  respond: Responder,
  onError: (error: unknown) => void = () => undefined,
): Promise<TurnState> {
  const history = createHistory({ ...UNHURRIED.history, pool, responder: respond, onError });
  onTestFinished(() => history.close());
  const owner = { kind: "session", id: crypto.randomUUID() } as const;
  const { conversation } = await history.createConversation(owner);
  const { turn, events } = await history.startTurn(owner, conversation.id, { content: QUESTION });
  await collect(events);
  return history.getTurn(owner, conversation.id, turn.id);
}

const says = (...steps: readonly ModelStep[]): ModelReply => ({ steps });

/** The text, calls and results of an answer, in order. */
function saidIn({ reply }: TurnState): Part[] {
  return (reply?.parts ?? []).filter(({ type }) => type !== "data" && type !== "step");
}

const aiModel = (model: Model): ReturnType<ReturnType<typeof createOpenAICompatible>> =>
  createOpenAICompatible({ name: "fake", baseURL: model.url, includeUsage: true })("fake");

const aiSettings = (model: Model, request: ResponderRequest) => ({
  model: aiModel(model),
  tools: {
    look_up: tool({ inputSchema: SCHEMA, execute: ({ day }) => ({ [day]: "rain" }) }),
  },
  stopWhen: isStepCount(3),
  maxRetries: 0,
  messages: toModelMessages(request),
  abortSignal: request.signal,
  onError: () => undefined,
});

const openai = ({ url }: Model): OpenAI => new OpenAI({ baseURL: url, apiKey: "key", maxRetries: 0 });
const asked = ({ question }: ResponderRequest): { role: "user"; content: string } => ({
  role: "user",
  content: question.content,
});

const chatOpenAi = ({ url }: Model): ChatOpenAI =>
  new ChatOpenAI({
    model: "fake",
    apiKey: "key",
    maxRetries: 0,
    configuration: { baseURL: url },
    streamUsage: true,
  });

const langTool = langchainTool(({ day }: { day: string }) => ({ [day]: "rain" }), {
  name: "look_up",
  description: "The weather of a day.",
  schema: { type: "object", properties: { day: { type: "string" } } },
});

/** A graph of a model and its tools, as `createReactAgent` builds one. */
function graphOf(model: Model) {
  const calling = chatOpenAi(model).bindTools([langTool]);
  return new StateGraph(MessagesAnnotation)
    .addNode("agent", async ({ messages }) => ({ messages: [await calling.invoke(messages)] }))
    .addNode("tools", new ToolNode([langTool]))
    .addEdge("__start__", "agent")
    .addConditionalEdges("agent", ({ messages }) => {
      const last = messages.at(-1) as { tool_calls?: unknown[] };
      return (last.tool_calls?.length ?? 0) > 0 ? "tools" : "__end__";
    })
    .addEdge("tools", "agent")
    .compile();
}

const mastraAgent = (model: Model): Agent =>
  new Agent({ id: "fake", name: "fake", instructions: "Answer.", model: aiModel(model) as never });

const tanstackTool = {
  name: "look_up",
  description: "The weather of a day.",
  inputSchema: { type: "object", properties: { day: { type: "string" } } },
  execute: ({ day }: { day: string }) => ({ [day]: "rain" }),
} as const;

type AgUiEvent = { readonly type: EventType; readonly [field: string]: unknown };

/** What an agent that speaks AG-UI streams. */
async function* agUiEvents(model: Model, signal?: AbortSignal): AsyncGenerator<AgUiEvent> {
  const run = { threadId: "thread", runId: "run" };
  yield { type: EventType.RUN_STARTED, ...run };
  const stream = await openai(model).chat.completions.create(
    { model: "fake", messages: [{ role: "user", content: QUESTION }], stream: true },
    { signal },
  );
  let messageId = "";
  for await (const { choices } of stream) {
    const delta = choices[0]?.delta;
    if (typeof delta?.content === "string" && delta.content !== "") {
      if (messageId === "") {
        messageId = "message";
        yield { type: EventType.TEXT_MESSAGE_START, messageId, role: "assistant" };
      }
      yield { type: EventType.TEXT_MESSAGE_CONTENT, messageId, delta: delta.content };
    }
    for (const { id, function: called } of delta?.tool_calls ?? []) {
      if (id !== undefined)
        yield { type: EventType.TOOL_CALL_START, toolCallId: id, toolCallName: called?.name ?? "" };
      if ((called?.arguments ?? "") !== "")
        yield { type: EventType.TOOL_CALL_ARGS, toolCallId: CALL.id, delta: called?.arguments ?? "" };
    }
    if (choices[0]?.finish_reason === "tool_calls") {
      yield { type: EventType.TOOL_CALL_END, toolCallId: CALL.id };
    }
  }
  if (messageId !== "") yield { type: EventType.TEXT_MESSAGE_END, messageId };
  yield { type: EventType.RUN_FINISHED, ...run };
}

/** A server that speaks AG-UI. */
async function startAgUi(model: Model): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const send = (event: AgUiEvent): void => void response.write(`data: ${JSON.stringify(event)}\n\n`);
    const answer = async (): Promise<void> => {
      for await (const event of agUiEvents(model)) send(event);
    };
    answer()
      .catch((error: Error) => send({ type: EventType.RUN_ERROR, message: error.message }))
      .finally(() => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Libraries that call the model and run its tools. */
const AGENTS: Readonly<Record<string, Library>> = {
  "the result of streamText": (model) => (request) => streamText(aiSettings(model, request)),
  "a UI message stream": (model) => (request) =>
    toUIMessageStream({ stream: streamText(aiSettings(model, request)).stream, onError: String }),
  "a UI message stream of a host's own": (model) => (request) =>
    createUIMessageStream({
      execute: ({ writer }) =>
        writer.merge(toUIMessageStream({ stream: streamText(aiSettings(model, request)).stream })),
    }),
  "a Response of a UI message stream": (model) => (request) =>
    createUIMessageStreamResponse({
      stream: toUIMessageStream({ stream: streamText(aiSettings(model, request)).stream }),
    }),
  "the stream of an AI SDK agent": (model) => (request) => {
    const { messages, abortSignal, onError: _, ...settings } = aiSettings(model, request);
    return new ToolLoopAgent(settings).stream({ messages, abortSignal }) as Promise<AnswerStream>;
  },
  "a LangGraph stream of messages": (model) => (request) =>
    graphOf(model).stream(
      { messages: [asked(request)] },
      { streamMode: "messages", signal: request.signal },
    ) as Promise<AnswerStream>,
  "a LangGraph stream of messages and updates": (model) => (request) =>
    graphOf(model).stream(
      { messages: [asked(request)] },
      { streamMode: ["messages", "updates"], signal: request.signal },
    ) as Promise<AnswerStream>,
  "a LangGraph stream of updates": (model) => (request) =>
    graphOf(model).stream(
      { messages: [asked(request)] },
      { streamMode: "updates", signal: request.signal },
    ) as Promise<AnswerStream>,
  "LangGraph's streamEvents": (model) => (request) =>
    graphOf(model).streamEvents(
      { messages: [asked(request)] },
      { version: "v2", signal: request.signal },
    ) as AnswerStream,
  "TanStack AI's chat": (model) => (request) =>
    readAnswer(
      chat({
        adapter: createOpenaiChatCompletions("gpt-5.2", "key", {
          baseURL: model.url,
          maxRetries: 0,
        }) as never,
        messages: [asked(request)],
        tools: [tanstackTool as never],
      }),
    ),
};

/** Libraries that call the model once; its calls are the client's. */
const MODELS: Readonly<Record<string, Library>> = {
  "OpenAI's Chat Completions": (model) => (request) =>
    openai(model).chat.completions.create(
      { model: "fake", messages: [asked(request)], stream: true, stream_options: { include_usage: true } },
      { signal: request.signal },
    ),
  "OpenAI's Responses": (model) => (request) =>
    openai(model).responses.create(
      { model: "fake", input: request.question.content, stream: true },
      { signal: request.signal },
    ),
  "AG-UI events": (model) => (request) => readAnswer(agUiEvents(model, request.signal)),
  "an observable of AG-UI events": (model) => (request) => from(agUiEvents(model, request.signal)),
  "an AG-UI agent": (model) => async () => {
    const agent = new HttpAgent({ url: await startAgUi(model) });
    return agent.run({
      threadId: "t",
      runId: "r",
      state: {},
      messages: [],
      tools: [],
      context: [],
      forwardedProps: {},
    });
  },
  "a LangChain model": (model) => (request) =>
    chatOpenAi(model).stream([asked(request)], { signal: request.signal }),
  "a Mastra agent": (model) => (request) =>
    mastraAgent(model).stream([asked(request)], {
      abortSignal: request.signal,
      clientTools: { look_up: { id: "look_up", description: "", inputSchema: SCHEMA } },
    } as never) as Promise<AnswerStream>,
};

describe.each(Object.entries({ ...AGENTS, ...MODELS }))("%s as an answer", (_, library) => {
  test("is stored with its text and usage", async () => {
    const { respond } = await openHost(library, () => says("It ", "rains."));
    const state = await ask(respond);
    expect(state.turn).toMatchObject({ status: "complete", error: null });
    expect(saidIn(state)).toEqual([{ type: "text", text: "It rains." }]);
  });

  test("fails with the text so far when the model breaks off", async () => {
    const { respond } = await openHost(library, () =>
      says("It ", "rains ", { type: "error", message: "broken" }),
    );
    const state = await ask(respond);
    expect(state.turn).toMatchObject({ status: "failed", error: { code: "model_error" } });
  });

  test("fails when the model refuses", async () => {
    const { respond } = await openHost(library, () => ({ status: 500, message: "sk-secret" }));
    const { turn } = await ask(respond);
    expect(turn).toMatchObject({ status: "failed", error: { code: "model_error" } });
  });
});

test.each(Object.entries(AGENTS))(
  "%s keeps the calls of its tools with their results",
  async (_, library) => {
    const { respond } = await openHost(library, (index) =>
      index === 0 ? says({ type: "calls", calls: [CALL] }) : says("It rains."),
    );
    const state = await ask(respond);
    expect(state.turn.error).toBe(null);
    const [call, result, text, ...rest] = saidIn(state);
    expect(call).toMatchObject({ type: "tool-call", id: "call-1", name: "look_up" });
    expect(JSON.parse((call as { arguments: string }).arguments)).toEqual({ day: "Monday" });
    expect(result).toMatchObject({ type: "tool-result", id: "call-1" });
    expect(JSON.stringify((result as { result: unknown }).result)).toContain("rain");
    expect(text).toEqual({ type: "text", text: "It rains." });
    expect(rest).toEqual([]);
  },
);

test.each(Object.entries(MODELS))("%s leaves a call to the client", async (_, library) => {
  const { respond } = await openHost(library, () => says({ type: "calls", calls: [CALL] }));
  const state = await ask(respond);
  const [call, ...rest] = saidIn(state);
  expect(call).toMatchObject({ type: "tool-call", id: "call-1", name: "look_up" });
  expect(JSON.parse((call as { arguments: string }).arguments)).toEqual({ day: "Monday" });
  expect(rest).toEqual([]);
});

test.each(
  Object.entries({ ...AGENTS, ...MODELS }).filter(
    ([name]) => !/host's own|TanStack|AG-UI agent|stream of updates/.test(name),
  ),
)("stopping the turn leaves the model: %s", async (_, library) => {
  const { model, respond } = await openHost(library, () => says("It ", { type: "hang" }));
  const history = createHistory({ ...UNHURRIED.history, pool, responder: respond });
  onTestFinished(() => history.close());
  const owner = { kind: "session", id: crypto.randomUUID() } as const;
  const { conversation } = await history.createConversation(owner);
  const { turn, events } = await history.startTurn(owner, conversation.id, { content: QUESTION });
  for await (const { chunk } of events) if (chunk.type === "text-delta") break;
  const stopped = await history.stopTurn(owner, conversation.id, turn.id);
  expect(stopped.status).toBe("stopped");
  expect(await model.requests[0]?.ended).toBe("aborted");
});

test("a Response that refuses fails the turn, and a body of text is the answer", async () => {
  expect((await ask(() => new Response("secret", { status: 429 }))).turn.error?.detail).toBe(
    "The model is overloaded. Ask again in a minute.",
  );
  expect((await ask(() => new Response("It rains."))).reply?.content).toBe("It rains.");
  expect((await ask(() => "It rains.")).reply?.content).toBe("It rains.");
});

test("sources, files and data of a UI message stream are stored; transient data is not", async () => {
  const { reply } = await ask(() =>
    createUIMessageStream({
      execute: ({ writer }) => {
        writer.write({ type: "source-url", sourceId: "1", url: "https://example.org/", title: "Weather" });
        writer.write({ type: "file", url: "data:image/png;base64,AA==", mediaType: "image/png" });
        writer.write({ type: "data-place", id: "p", data: { name: "Oslo" } });
        writer.write({ type: "data-progress", data: 1, transient: true });
      },
    }),
  );
  expect(reply?.parts).toEqual([
    { type: "source", id: "1", url: "https://example.org/", title: "Weather" },
    { type: "file", url: "data:image/png;base64,AA==", mime: "image/png" },
    { type: "data", name: "place", id: "p", data: { name: "Oslo" } },
  ]);
});

test("a UI message stream keeps signatures, dynamic and provider-run tools, and approvals", async () => {
  const signed = { anthropic: { signature: "s" } };
  const { reply } = await ask(() =>
    createUIMessageStream({
      execute: ({ writer }) => {
        writer.write({ type: "reasoning-start", id: "0" });
        writer.write({ type: "reasoning-delta", id: "0", delta: "Hm." });
        writer.write({ type: "reasoning-delta", id: "0", delta: "", providerMetadata: signed });
        writer.write({ type: "reasoning-end", id: "0" });
        const call = { toolCallId: "c", toolName: "search", dynamic: true, providerExecuted: true };
        writer.write({ type: "tool-input-available", ...call, input: { q: 1 } });
        writer.write({ type: "tool-output-available", toolCallId: "c", output: [] });
        writer.write({ type: "tool-input-available", toolCallId: "d", toolName: "pay", input: {} });
        writer.write({ type: "tool-approval-request", approvalId: "a", toolCallId: "d" });
      },
    }),
  );
  expect(reply?.parts).toMatchObject([
    { type: "reasoning", text: "Hm.", metadata: signed },
    { type: "tool-call", id: "c", arguments: '{"q":1}', dynamic: true, executor: "provider" },
    { type: "tool-result", id: "c", result: [] },
    { type: "tool-call", id: "d", name: "pay", arguments: "{}" },
    { type: "approval-request", id: "a", call: "d" },
  ]);
});

test("state snapshots, deltas and custom events of AG-UI are stored as data", async () => {
  const { reply } = await ask(() =>
    readAnswer([
      { type: EventType.STATE_SNAPSHOT, snapshot: { day: 0 } },
      { type: EventType.STATE_SNAPSHOT, snapshot: { day: 1 } },
      { type: EventType.STATE_DELTA, delta: [{ op: "replace", path: "/day", value: 2 }] },
      { type: EventType.CUSTOM, name: "place", value: "Oslo" },
      { type: EventType.TEXT_MESSAGE_CHUNK, messageId: "m", delta: "Hi" },
    ]),
  );
  expect(reply?.parts).toEqual([
    { type: "data", name: "ag-ui-state", id: expect.any(String) as string, data: { day: 1 } },
    { type: "data", name: "ag-ui-state-delta", data: [{ op: "replace", path: "/day", value: 2 }] },
    { type: "data", name: "place", data: "Oslo" },
    { type: "text", text: "Hi" },
  ]);
});

test("a responder yields events of its own between the items of a stream", async () => {
  const { respond } = await openHost(MODELS["OpenAI's Chat Completions"]!, () => says("It rains."));
  const state = await ask(async function* (request) {
    yield { type: "data", name: "before", data: 1 };
    yield* readAnswer(respond(request));
    yield " Bye.";
  });
  expect(state.reply?.parts).toEqual([
    { type: "data", name: "before", data: 1 },
    { type: "text", text: "It rains. Bye." },
  ]);
});

/** `textStream` ends without an error when the model fails. */
const TEXT_ONLY: Library = (model) =>
  async function* (request) {
    yield* streamText(aiSettings(model, request)).textStream;
  };

test("a failed model fails a turn whose responder yields textStream, with the model's reason, and no other turn", async () => {
  const { respond: failing } = await openHost(TEXT_ONLY, () => ({ status: 500, message: "sk-secret" }));
  const { respond: empty } = await openHost(TEXT_ONLY, () => says());
  const errors: unknown[] = [];
  const [failed, other] = await Promise.all([ask(failing, (error) => errors.push(error)), ask(empty)]);
  expect(failed.turn).toMatchObject({
    status: "failed",
    error: { code: "model_error", detail: "The model failed. Ask again in a moment." },
  });
  expect(errors).toMatchObject([{ cause: { message: "AI_APICallError 500" } }]);
  expect(other.turn.error?.code).toBe("empty_answer");
});

test("a responder whose first model fails may answer with another one", async () => {
  const { respond: failing } = await openHost(TEXT_ONLY, () => ({ status: 500, message: "no" }));
  const { respond } = await openHost(TEXT_ONLY, () => says("It rains."));
  const { turn } = await ask(async function* (request) {
    yield* failing(request) as AsyncIterable<string>;
    yield* respond(request) as AsyncIterable<string>;
  });
  expect(turn.status).toBe("complete");
});

test("an empty answer tells the operator that textStream hides a model's errors", async () => {
  const errors: unknown[] = [];
  const { turn } = await ask(
    async function* () {},
    (error) => errors.push(error),
  );
  expect(turn.error?.code).toBe("empty_answer");
  expect(errors).toMatchObject([{ cause: { message: expect.stringMatching(/textStream/) as string } }]);
});

test("a responder that returns no stream fails its turn alone", async () => {
  for (const given of [undefined, null, 7, {}, () => "text"]) {
    expect((await ask(() => given as never)).turn).toMatchObject({ status: "failed" });
  }
});
