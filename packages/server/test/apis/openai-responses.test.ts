import type { Citation, Responder } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { SERVER_KEY, authenticate, newPerson, startApiServer } from "@chatkeep/testing/people";
import { OpenAI as OpenAI6 } from "openai6";
import { OpenAI as OpenAI7 } from "openai7";
import { describe, expect, it } from "vitest";

import { openBreakingWay } from "./cut.ts";

const { url, history, script } = await startApiServer();
const way = await openBreakingWay(url);
const greeter = await startApiServer({
  async *answers() {
    yield "Hi.";
  },
});
const ready = await openBreakingWay(greeter.url);

/** Says what it was told before. */
const teller = await startApiServer({
  async *answers({ question, history: earlier }) {
    const before = earlier.map(({ content }) => content).join(", ");
    yield before === "" ? `Yes ${question.content}` : `${before} + ${question.content}`;
  },
});
const telling = await openBreakingWay(teller.url);

/** Two nodes on one database: the retries of what is sent to the first come in at the second. */
const shared = await fileDatabase();
const asked: { answer: Promise<void>; reached: PromiseWithResolvers<void> }[] = [];
let answered = 0;
const answers: Responder = async function* () {
  const call = asked[answered++];
  call?.reached.resolve();
  await call?.answer;
  yield "Once.";
};
/** What a request meets when it comes to the first node, and to the second. */
const gates: [() => Promise<void>, () => Promise<void>] = [async () => {}, async () => {}];
const [firstNode, second] = await Promise.all(
  gates.map((_, node) =>
    startApiServer({
      databaseUrl: shared.url,
      answers,
      authenticate: async (request) => {
        await gates[node]?.();
        return authenticate(request);
      },
    }),
  ) as [ReturnType<typeof startApiServer>, ReturnType<typeof startApiServer>],
);
const split = await openBreakingWay(firstNode.url, second.url);

const CITATION: Citation = {
  path: "a.md",
  chapter: "A",
  section: null,
  anchor: null,
  quote: "q",
  score: 0.5,
  url: "https://example.org/a",
};

/** What a client of OpenAI's looks like to us, whatever its version. */
type Client = OpenAI7;

describe.each([
  ["6", OpenAI6],
  ["7", OpenAI7],
])("the openai client, version %s, asks for responses", (_, OpenAI) => {
  const open = async (baseURL = `${url}/v1`) => {
    const person = await newPerson();
    const apiKey = person.headers["authorization"]?.slice("Bearer ".length) ?? "";
    const client = new OpenAI({ baseURL, apiKey }) as unknown as Client;
    const { conversation } = await history.createConversation(person.owner);
    return { person, client, own: conversation.id, id: `conv_${conversation.id.replaceAll("-", "")}` };
  };
  const answer = async (conversation: string, ...words: string[]): Promise<void> => {
    const run = await script.started(conversation);
    for (const word of words) await run.emit(word);
    run.finish();
  };

  it("with a server key alone, whose conversations are nobody else's", async () => {
    const client = new OpenAI({ baseURL: `${greeter.url}/v1`, apiKey: SERVER_KEY }) as unknown as Client;
    const conversation = await client.conversations.create();
    const response = await client.responses.create({
      model: "any",
      input: "Hello",
      conversation: conversation.id,
    });
    expect(response.output_text).toBe("Hi.");
    expect((await client.conversations.items.list(conversation.id)).data).toHaveLength(2);
    // Users who are called as the key is, by their own token and by the key.
    const { headers, asServer } = await newPerson("tests");
    for (const credentials of [headers, asServer]) {
      const apiKey = credentials["authorization"]?.slice("Bearer ".length) ?? "";
      const other = new OpenAI({ baseURL: `${greeter.url}/v1`, apiKey, defaultHeaders: credentials });
      await expect(other.conversations.retrieve(conversation.id)).rejects.toMatchObject({ status: 403 });
    }
  });

  it("in a conversation, and after a response", async () => {
    const { client, own, id } = await open();
    const asked = client.responses.create({
      model: "any",
      input: "What is it?",
      conversation: id,
      metadata: { a: "b" },
    });
    await answer(own, "A ", "book.");
    const first = await asked;
    expect(first).toMatchObject({
      object: "response",
      status: "completed",
      output_text: "A book.",
      conversation: { id },
      metadata: { a: "b" },
      error: null,
    });
    const more = client.responses.create({
      model: "any",
      input: [{ role: "user", content: [{ type: "input_text", text: "More?" }] }],
      previous_response_id: first.id,
    });
    const run = await script.started(own);
    expect(run.request.history.map(({ content }) => content)).toEqual(["What is it?", "A book."]);
    await run.emit("No.");
    run.finish();
    const second = await more;
    expect(second).toMatchObject({ output_text: "No.", previous_response_id: first.id });
    expect(await client.responses.retrieve(second.id)).toMatchObject({ id: second.id, output_text: "No." });
    const both = { model: "any", input: "x", previous_response_id: second.id, conversation: id };
    await expect(client.responses.create(both)).rejects.toMatchObject({ status: 400 });
    await expect(client.responses.retrieve("resp_x")).rejects.toMatchObject({
      status: 404,
      code: "turn_not_found",
    });
  });

  it("as a stream of numbered events, which anybody of the owner's resumes from any of them", async () => {
    const { client, own, id } = await open();
    const creating = client.responses.create({ model: "any", input: "Tell", conversation: id, stream: true });
    const run = await script.started(own);
    await run.emit({ type: "reasoning", text: "Let me see." });
    await run.emit({ type: "citation", citation: CITATION });
    await run.emit("Once ");
    await run.emit({ type: "tool-call", id: "c1", name: "add", arguments: "{not json" });
    await run.emit({ type: "tool-result", id: "c1", result: [1] });
    await run.emit("upon a time.");
    await run.emit({ type: "model", model: "m", usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } });
    run.finish();
    const events: { type: string; sequence_number: number }[] = [];
    for await (const event of await creating) events.push(event);

    expect(events.map((event) => event.sequence_number)).toEqual(events.map((__, index) => index));
    const types = events.map(({ type }) => type);
    expect(types.slice(0, 2)).toEqual(["response.created", "response.in_progress"]);
    expect(types.at(-1)).toBe("response.completed");
    for (const kind of ["output_item.added", "output_item.done"]) {
      expect(types.filter((type) => type === `response.${kind}`)).toHaveLength(5);
    }
    const last = events.at(-1) as unknown as { response: { id: string; output: Record<string, unknown>[] } };
    expect(last.response).toMatchObject({ model: "m", usage: { total_tokens: 3 } });
    expect(last.response.output).toMatchObject([
      { type: "reasoning", summary: [{ type: "summary_text", text: "Let me see." }] },
      {
        type: "message",
        content: [{ text: "Once ", annotations: [{ url: CITATION.url, chatkeep: CITATION }] }],
      },
      { type: "function_call", call_id: "c1", arguments: "{not json", status: "completed" },
      { type: "function_call_output", call_id: "c1", output: "[1]" },
      { type: "message", content: [{ text: "upon a time." }] },
    ]);
    const deltas = events.filter(({ type }) => type === "response.output_text.delta");
    expect(deltas.map((event) => (event as unknown as { delta: string }).delta).join("")).toBe(
      "Once upon a time.",
    );

    const responseId = last.response.id;
    for (const after of [0, 4, events.length - 2]) {
      const resumed: unknown[] = [];
      const stream = await client.responses.retrieve(responseId, { stream: true, starting_after: after });
      for await (const event of stream) resumed.push(event);
      expect(resumed).toEqual(events.slice(after + 1));
    }
    const beyond = client.responses.retrieve(responseId, { stream: true, starting_after: events.length });
    await expect(beyond).rejects.toMatchObject({
      status: 410,
      code: "events_expired",
      param: "starting_after",
    });
    const items = (await client.conversations.items.list(id, { order: "asc" })).data.slice(1);
    expect(items).toEqual(last.response.output);
  });

  it("through the client's own reader of streams", async () => {
    const { client, own, id } = await open();
    const stream = client.responses.stream({ model: "any", input: "Tell", conversation: id });
    const ended = stream.finalResponse();
    await answer(own, "All ", "is ", "well.");
    expect((await ended).output_text).toBe("All is well.");
  });

  it("once, when the connection is cut after the question was stored", async () => {
    const { client, own, id } = await open(`${way.url}/v1`);
    way.cutAfterAnswer(1);
    const asked = client.responses.create({ model: "any", input: "Once?", conversation: id });
    await answer(own, "Once.");
    expect((await asked).output_text).toBe("Once.");
    expect(script.calls(own)).toBe(1);
    const items = (await client.conversations.items.list(id, { order: "asc" })).data;
    expect(items).toHaveLength(2);
  });

  it("in a conversation of its own, once, when none is named", async () => {
    const { client, person } = await open(`${ready.url}/v1`);
    ready.cutAfterAnswer(1);
    const response = await client.responses.create({ model: "any", input: "Hello" });
    expect(response.output_text).toBe("Hi.");
    const { conversations } = await greeter.history.listConversations(person.owner);
    expect(conversations.map(({ messageCount }) => messageCount)).toEqual([2]);
  });

  it("with the outputs of functions that the client runs, once, and goes on with the answer", async () => {
    const { client, own, id } = await open(`${way.url}/v1`);
    const creating = client.responses.create({ model: "any", input: "Where am I?", conversation: id });
    const run = await script.started(own);
    await run.emit({ type: "tool-call", id: "call_1", name: "locate", arguments: "{}" });
    await run.emit({ type: "tool-call", id: "call_2", name: "confirm", arguments: "{not json" });
    run.finish();
    const first = await creating;
    const calls = first.output.flatMap((item) => (item.type === "function_call" ? [item.call_id] : []));
    expect(calls).toEqual(["call_1", "call_2"]);
    const outputs = [
      { type: "function_call_output" as const, call_id: "call_2", output: "yes" },
      { type: "function_call_output" as const, call_id: "call_1", output: '{"city":"Graz"}' },
    ];
    const tell = (input: typeof outputs) =>
      client.responses.create({ model: "any", previous_response_id: first.id, input });
    await expect(tell([{ ...outputs[0]!, call_id: "call_9" }])).rejects.toMatchObject({ status: 409 });
    way.cutAfterAnswer(1);
    const telling = tell(outputs);
    const next = await script.started(own);
    expect(next.request.question).toMatchObject({
      role: "tool",
      parts: [{ id: "call_2" }, { id: "call_1" }],
    });
    expect(next.request.history.map(({ role }) => role)).toEqual(["user", "assistant"]);
    await next.emit("In Graz.");
    next.finish();
    expect(await telling).toMatchObject({ output_text: "In Graz.", conversation: { id } });
    expect(script.calls(own)).toBe(2);
    const items = (await client.conversations.items.list(id, { order: "asc" })).data;
    expect(items).toMatchObject([{ type: "message" }, ...first.output, ...outputs, { type: "message" }]);
  });

  it("from an older response in a branch of its conversation, which hears nothing of the others", async () => {
    const { client, person } = await open(`${telling.url}/v1`);
    const ask = (input: string, previous: string | undefined) =>
      client.responses.create({ model: "any", input, previous_response_id: previous ?? null });
    const first = await ask("one", undefined);
    const second = await ask("two", first.id);
    expect(second.output_text).toBe("one, Yes one + two");
    telling.cutAfterAnswer(1);
    const edited = await ask("zwei", first.id);
    expect(edited).toMatchObject({ output_text: "one, Yes one + zwei", previous_response_id: first.id });
    const further = await ask("drei", edited.id);
    expect(further.output_text).toBe("one, Yes one, zwei, one, Yes one + zwei + drei");
    const third = await ask("three", second.id);
    expect(third.output_text).toBe("one, Yes one, two, one, Yes one + two + three");
    const ids = [second, edited, further, third].map(({ conversation }) => conversation?.id);
    expect(new Set(ids)).toEqual(new Set([first.conversation?.id]));
    const { conversations } = await teller.history.listConversations(person.owner);
    expect(conversations.map(({ messageCount }) => messageCount)).toEqual([6]);
    const other = await open(`${telling.url}/v1`);
    const foreign = other.client.responses.create({ input: "?", previous_response_id: first.id });
    await expect(foreign).rejects.toMatchObject({ status: 403 });
  });

  it("again from one response: versions, of which the items list the latest as it was given", async () => {
    const { client, person } = await open(`${telling.url}/v1`);
    const first = await client.responses.create({ input: "one" });
    const own = idOf(
      [...(await teller.history.listConversations(person.owner)).conversations].map(({ id }) => id),
    );
    const input = [
      { role: "user" as const, content: "Listen." },
      { role: "user" as const, content: "again" },
    ];
    const again = () => client.responses.create({ input, previous_response_id: first.id });
    const second = await again();
    const third = await again();
    expect(third.id).not.toBe(second.id);
    expect(third.output_text).toBe("one, Yes one, Listen. + again");
    const items = async () =>
      (await client.conversations.items.list(first.conversation!.id, { order: "asc" })).data;
    expect((await items()).slice(4)).toEqual(third.output);
    const { messages } = await teller.history.listMessages(person.owner, own);
    expect(messages.map(({ versions }) => versions.count)).toEqual([1, 1, 2, 1, 1]);
    const [version] = await teller.history.listVersions(person.owner, own, messages[2]!.id);
    await teller.history.setHead(person.owner, own, version!.id);
    expect((await items()).slice(4)).toEqual(second.output);
    expect(await client.responses.retrieve(second.id)).toMatchObject({ output: second.output });
  });

  it("while another is in progress as a queued response, which is read and streamed when it is its turn", async () => {
    const { client, own, id } = await open();
    const running = client.responses.create({ input: "One?", conversation: id });
    const run = await script.started(own);
    const more = { conversation: id, when_busy: "queue" };
    const queued = await client.responses.create({ input: "Two?", ...more });
    expect(queued).toMatchObject({ status: "queued", output: [] });
    expect(await client.responses.retrieve(queued.id)).toEqual(queued);
    const streamed = await client.responses.create({ input: "Three?", stream: true, ...more });
    run.finish();
    await running;
    for (const text of ["2", "3"]) {
      const next = await script.started(own);
      await next.emit(text);
      next.finish();
    }
    const types: string[] = [];
    for await (const event of streamed) types.push(event.type);
    expect(types[0]).toBe("response.created");
    expect(types.at(-1)).toBe("response.completed");
    expect(await client.responses.retrieve(queued.id)).toMatchObject({
      id: queued.id,
      status: "completed",
      output_text: "2",
    });
  });

  it("while another is in progress not at all: nothing of the input is stored", async () => {
    const { client, own, id, person } = await open();
    const running = client.responses.create({ input: "Tell", conversation: id });
    const run = await script.started(own);
    const input = [
      { role: "user" as const, content: "Listen." },
      { role: "user" as const, content: "Now." },
    ];
    const impatient = client.withOptions({ maxRetries: 0 });
    await expect(impatient.responses.create({ input, conversation: id })).rejects.toMatchObject({
      status: 409,
      code: "turn_in_progress",
    });
    expect((await history.listMessages(person.owner, own, { branches: "all" })).total).toBe(2);
    run.finish();
    await running;
  });

  it.each([
    ["is blank", " ", {}, 400],
    ["is too long", "x".repeat(10_001), {}, 400],
    ["has too much metadata", "Now.", { metadata: { a: "x".repeat(20_000) } }, 413],
  ])("not at all when the last item of several %s: none is stored", async (_, content, more, status) => {
    const { client, own, id, person } = await open();
    const input = [
      { role: "user" as const, content: "Listen." },
      { role: "user" as const, content },
    ];
    await expect(client.responses.create({ input, conversation: id, ...more })).rejects.toMatchObject({
      status,
    });
    expect((await history.listMessages(person.owner, own, { branches: "all" })).total).toBe(0);
  });

  it("from a response behind which a thousand messages were said, without a copy", async () => {
    const { client, person } = await open(`${greeter.url}/v1`);
    const first = await client.responses.create({ input: "one" });
    const { conversations } = await greeter.history.listConversations(person.owner);
    const own = idOf(conversations.map(({ id }) => id));
    const said = Array.from({ length: 500 }, (__, index) => ({ role: "user" as const, content: `${index}` }));
    for (let batch = 0; batch < 2; batch += 1) await greeter.history.appendMessages(person.owner, own, said);
    const late = await client.responses.create({ input: "late", conversation: first.conversation!.id });
    await client.responses.create({ input: "latest", previous_response_id: late.id });
    const branch = await client.responses.create({ input: "other", previous_response_id: late.id });
    expect(branch.conversation).toEqual(first.conversation);
    const page = await greeter.history.listMessages(person.owner, own, { limit: 3 });
    expect(page.total).toBe(1006);
    expect(page.messages.map(({ content }) => content)).toEqual(["Hi.", "other", "Hi."]);
  });

  it("with outputs of the functions that an older response called, in its branch", async () => {
    const { client, own, id } = await open();
    const creating = client.responses.create({ input: "Where am I?", conversation: id });
    const run = await script.started(own);
    await run.emit({ type: "tool-call", id: "call_1", name: "locate", arguments: "{}" });
    run.finish();
    const first = await creating;
    const elsewhere = client.responses.create({ input: "Never mind.", previous_response_id: first.id });
    await answer(own, "Well.");
    await elsewhere;
    const told = client.responses.create({
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: "call_1", output: "Graz" }],
    });
    const next = await script.started(own);
    expect(next.request.history.map(({ role }) => role)).toEqual(["user", "assistant"]);
    await next.emit("In Graz.");
    next.finish();
    expect((await told).output_text).toBe("In Graz.");
    const late = client.responses.create({
      previous_response_id: (await elsewhere).id,
      input: [{ type: "function_call_output", call_id: "call_1", output: "Graz" }],
    });
    await expect(late).rejects.toMatchObject({ status: 409 });
  });

  it.each(["running", "not even begun"] as const)(
    "once, when the retry comes in at another node while the first is %s",
    async (state) => {
      const { client, person } = await open(`${split.url}/v1`);
      const answer = Promise.withResolvers<void>();
      const pass = Promise.withResolvers<void>();
      const calls = asked.push({ answer: answer.promise, reached: Promise.withResolvers<void>() });
      const call = asked[calls - 1]!;
      const arrived = Promise.withResolvers<void>();
      const again = Promise.withResolvers<void>();
      gates[0] = async () => {
        arrived.resolve();
        if (state === "not even begun") await pass.promise;
      };
      gates[1] = async () => again.resolve();
      const late = split.cutWhen(state === "running" ? call.reached.promise : arrived.promise);
      const sent = client.responses.create({ model: "any", input: state });
      await again.promise;
      answer.resolve();
      const response = await sent;
      pass.resolve();
      expect(response.output_text).toBe("Once.");
      expect(JSON.parse(await late)).toMatchObject({ id: response.id, output: response.output });
      const { conversations } = await second.history.listConversations(person.owner);
      expect(conversations.map(({ messageCount }) => messageCount)).toEqual([2]);
      expect(answered).toBe(calls);
    },
  );

  it("and is told of a failure, and stops one", async () => {
    const { client, own, id } = await open();
    const failing = client.responses.create({ model: "any", input: "Fail", conversation: id });
    (await script.started(own)).fail(new Error("the model is gone"));
    expect(await failing).toMatchObject({ status: "failed", error: { code: "server_error" } });

    const stream = await client.responses.create({
      model: "any",
      input: "Long",
      conversation: id,
      stream: true,
    });
    const run = await script.started(own);
    await run.emit("It ");
    let cancelled: unknown;
    const statuses: string[] = [];
    for await (const event of stream) {
      if (event.type === "response.output_text.delta")
        cancelled = await client.responses.cancel(idOf(statuses));
      if (event.type === "response.created") statuses.push(event.response.id);
      if (event.type === "response.incomplete") statuses.push(event.response.status ?? "");
    }
    expect(cancelled).toMatchObject({ status: "cancelled" });
    expect(statuses.at(-1)).toBe("cancelled");
  });
});

function idOf(statuses: readonly string[]): string {
  return statuses[0] ?? "";
}
