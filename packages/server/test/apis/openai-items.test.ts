import { createClient, loadUiMessages } from "@chatkeep/protocol";
import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { fc } from "@chatkeep/testing/properties";
import { anyJson, anyString } from "@chatkeep/testing/values";
import { OpenAI } from "openai7";
import { describe, expect, it } from "vitest";

const { url } = await startApiServer({});

type InputItem = OpenAI.Responses.ResponseInputItem;
type Item = Record<string, unknown>;

const json = anyJson.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const maybe = <T>(field: fc.Arbitrary<T>) => fc.option(field, { nil: undefined });
const oneOf = fc.constantFrom;
const id = oneOf("call_1", "call_2", "call_0");
const link = oneOf("https://example.org/a.png", "data:image/png;base64,AA==");
const status = maybe(oneOf("in_progress" as const, "completed" as const, "incomplete" as const));

/** Items of one type, held against the client's type; a field that is `undefined` is left out, as in JSON. */
function items<const Made extends Partial<Record<string, unknown>>>(fields: {
  readonly [Field in keyof Made]: fc.Arbitrary<Made[Field]>;
}): fc.Arbitrary<Item> {
  return fc
    .record(fields as unknown as Record<string, fc.Arbitrary<unknown>>)
    .map((made) => JSON.parse(JSON.stringify(made)) as Item);
}
const record = items;

const textPiece = record({ type: oneOf("input_text"), text: anyString });
const inputPiece = fc.oneof(
  textPiece,
  record({ type: oneOf("input_image"), image_url: link, detail: oneOf("low", "high", "auto") }),
  record({ type: oneOf("input_file"), file_url: oneOf("https://example.org/a.pdf") }),
  record({
    type: oneOf("input_file"),
    file_data: oneOf("data:application/pdf;base64,AA=="),
    filename: anyString,
  }),
);
const annotation = fc.oneof(
  record({
    type: oneOf("url_citation"),
    url: oneOf("https://example.org/"),
    title: anyString,
    start_index: oneOf(0),
    end_index: oneOf(0, 3),
  }),
  record({ type: oneOf("file_citation"), file_id: anyString, filename: anyString, index: oneOf(0, 2) }),
);
const outputPiece = fc.oneof(
  record({
    type: oneOf("output_text"),
    text: anyString,
    annotations: fc.array(annotation, { maxLength: 2 }),
    logprobs: maybe(fc.constant([])),
  }),
  record({ type: oneOf("refusal"), refusal: anyString }),
);
const summary = fc.array(record({ type: oneOf("summary_text"), text: anyString }), { maxLength: 2 });

/** What the API reference has in each item that a conversation takes. */
const ITEMS: Partial<Record<NonNullable<InputItem["type"]>, fc.Arbitrary<Item>>> = {
  message: fc.oneof(
    items({
      type: oneOf("message"),
      role: oneOf("user", "system", "developer"),
      content: fc.array(inputPiece, { minLength: 1, maxLength: 3 }),
      status,
    }),
    items({
      type: oneOf("message"),
      role: oneOf("assistant"),
      content: fc.array(outputPiece, { minLength: 1, maxLength: 2 }),
      status,
      phase: maybe(oneOf("commentary", "final_answer")),
    }),
  ),
  function_call: items({
    type: oneOf("function_call"),
    call_id: id,
    name: oneOf("add", "get_weather"),
    arguments: anyString,
    namespace: maybe(oneOf("crm")),
    status,
  }),
  function_call_output: items({
    type: oneOf("function_call_output"),
    call_id: id,
    output: fc.oneof(anyString, fc.array(inputPiece, { minLength: 1, maxLength: 2 })),
    status,
  }),
  reasoning: items({
    type: oneOf("reasoning"),
    summary,
    content: maybe(fc.array(record({ type: oneOf("reasoning_text"), text: anyString }), { maxLength: 1 })),
    encrypted_content: maybe(anyString),
    status,
  }),
  web_search_call: items({
    type: oneOf("web_search_call"),
    status: oneOf("completed"),
    action: record({ type: oneOf("search"), query: anyString }),
  }),
  file_search_call: items({
    type: oneOf("file_search_call"),
    status: oneOf("completed"),
    queries: fc.array(anyString, { maxLength: 2 }),
    results: maybe(fc.array(record({ file_id: anyString, text: anyString }), { maxLength: 1 })),
  }),
  code_interpreter_call: items({
    type: oneOf("code_interpreter_call"),
    code: fc.oneof(anyString, fc.constant(null)),
    container_id: oneOf("cntr_1"),
    outputs: fc.constant(null),
    status: oneOf("completed"),
  }),
  mcp_call: items({
    type: oneOf("mcp_call"),
    name: anyString,
    arguments: anyString,
    server_label: anyString,
    output: maybe(anyString),
    error: maybe(json),
  }),
  custom_tool_call: items({
    type: oneOf("custom_tool_call"),
    call_id: id,
    name: anyString,
    input: anyString,
  }),
  custom_tool_call_output: items({ type: oneOf("custom_tool_call_output"), call_id: id, output: anyString }),
};

describe("an item of OpenAI's", () => {
  it("comes back equal from each call, whatever the API reference allows, and every other API reads it", async () => {
    const person = await newPerson();
    const client = createClient({ baseUrl: url, credentials: () => person.asServer });
    const open = new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: "taken from the headers",
      defaultHeaders: person.asServer,
    });
    const some = fc.array(fc.oneof(...Object.values(ITEMS)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(some, async (sent) => {
        const { id: conversation } = (await client.createConversation(person.owner)).conversation;
        const { data } = await open.conversations.items.create(conversation, { items: sent as never });
        expect(data).toMatchObject(sent);
        const listed: unknown[] = [];
        for await (const item of open.conversations.items.list(conversation, { order: "asc" }))
          listed.push(item);
        expect(listed).toEqual(data);
        for (const item of data as unknown as { readonly id: string }[])
          expect(await open.conversations.items.retrieve(item.id, { conversation_id: conversation })).toEqual(
            item,
          );
        const { messages } = await client.listMessages(person.owner, conversation);
        expect(messages.length).toBeGreaterThan(0);
        await loadUiMessages({ history: client, owner: person.owner, conversationId: conversation });
        expect(
          (await fetch(`${url}/ag-ui/threads/${conversation}/events`, { headers: person.asServer })).status,
        ).toBe(200);
      }),
      { numRuns: 60 },
    );
  });
});
