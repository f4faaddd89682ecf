import { randomUUID } from "node:crypto";

import { type UiMessage, type UiPart, createClient, partsFromUi, uiMessagesOf } from "@chatkeep/protocol";
import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { fc } from "@chatkeep/testing/properties";
import { anyJson, anyString } from "@chatkeep/testing/values";
import * as ai5 from "ai5";
import * as ai6 from "ai6";
import * as ai7 from "ai7";
import { OpenAI } from "openai7";
import { describe, expect, it } from "vitest";

const { url } = await startApiServer({});

const json = anyJson.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const object = fc.dictionary(fc.string({ maxLength: 4 }), json, { maxKeys: 2 });
const metadata = fc.dictionary(fc.constantFrom("openai", "anthropic", "google"), object, { maxKeys: 2 });
const id = fc.constantFrom("c1", "c2", "call_0");
const name = fc.constantFrom("add", "get.weather", "mcp-x");
const link = fc.constantFrom("https://example.org/a", "data:image/png;base64,AA==");
const maybe = <T>(field: fc.Arbitrary<T>) => fc.option(field, { nil: undefined });

/** What the schema of each version has in each part; a field that is `undefined` is left out, as in JSON. */
function anyPart(version: 5 | 6 | 7): fc.Arbitrary<UiPart> {
  const from6 = <T>(field: fc.Arbitrary<T>) => (version < 6 ? fc.constant(undefined) : field);
  const from7 = <T>(field: fc.Arbitrary<T>) => (version < 7 ? fc.constant(undefined) : field);
  const record = (fields: Record<string, fc.Arbitrary<unknown>>) =>
    fc.record(fields).map((made) => JSON.parse(JSON.stringify(made)) as UiPart);
  const kind = (type: string, fields: Record<string, fc.Arbitrary<unknown>>) =>
    record({ type: fc.constant(type), ...fields, providerMetadata: maybe(metadata) });
  const state = maybe(fc.constantFrom("streaming", "done"));
  const approval = (approved: boolean | undefined) =>
    from6(
      record({
        id: fc.constantFrom("a1", "a2"),
        approved: fc.constant(approved),
        reason: approved === undefined ? fc.constant(undefined) : maybe(anyString),
        requestReason: from7(maybe(anyString)),
        isAutomatic: from7(maybe(fc.boolean())),
        signature: maybe(anyString),
        descriptor: maybe(json),
        inputSchemaInput: maybe(json),
      }) as fc.Arbitrary<unknown>,
    );
  const tool = (fields: Record<string, fc.Arbitrary<unknown>>) => {
    const all = {
      toolCallId: id,
      title: from7(maybe(anyString)),
      toolMetadata: from6(maybe(object)),
      providerExecuted: maybe(fc.boolean()),
      callProviderMetadata: maybe(metadata),
      input: json,
      ...fields,
    };
    return fc.oneof(
      record({ type: name.map((one) => `tool-${one}`), ...all }),
      record({ type: fc.constant("dynamic-tool"), toolName: name, ...all }),
    );
  };
  const is = (value: string) => ({ state: fc.constant(value) });
  const result = { resultProviderMetadata: from6(maybe(metadata)) };
  const granted = { approval: maybe(approval(true)) };
  const cases: fc.Arbitrary<UiPart>[] = [
    kind("text", { text: anyString, state }),
    kind("reasoning", { text: anyString, state, id: from6(maybe(anyString)) }),
    kind("source-url", { sourceId: anyString, url: link, title: maybe(anyString) }),
    kind("source-document", {
      sourceId: anyString,
      mediaType: fc.constant("application/pdf"),
      title: anyString,
      filename: maybe(anyString),
    }),
    kind("file", {
      url: link,
      mediaType: fc.constant("image/png"),
      filename: maybe(anyString),
      providerReference: from7(maybe(fc.constant({ openai: "file_1" }))),
    }),
    fc.constant({ type: "step-start" }),
    record({ type: fc.constantFrom("data-place", "data-ui-part"), id: maybe(id), data: json }),
    tool({ ...is("input-streaming"), input: maybe(json), rawInput: from6(maybe(anyString)) }),
    tool(is("input-available")),
    tool({
      ...is("output-available"),
      ...result,
      ...granted,
      output: json,
      preliminary: maybe(fc.boolean()),
    }),
    tool({
      ...is("output-error"),
      ...result,
      ...granted,
      input: maybe(json),
      rawInput: maybe(json),
      errorText: anyString,
    }),
  ];
  if (version >= 6) {
    cases.push(
      tool({ ...is("approval-requested"), approval: approval(undefined) }),
      tool({ ...is("approval-responded"), approval: fc.boolean().chain(approval) }),
      tool({ ...is("output-denied"), approval: approval(false) }),
    );
  }
  if (version === 7) {
    cases.push(
      kind("custom", { kind: fc.constant("openai.item") }),
      kind("reasoning-file", { url: link, mediaType: fc.constant("image/png") }),
      record({
        type: fc.constant("steering-message"),
        id: anyString,
        parts: fc.array(record({ type: fc.constant("text"), text: anyString }), { maxLength: 2 }),
      }),
    );
  }
  return fc.oneof(...cases);
}

/** The fields of a stored message that has no turn. */
const UNSET = {
  turnId: null,
  model: null,
  usage: null,
  intent: null,
  contextText: null,
  error: null,
  metadata: null,
};

const role = fc.constantFrom("user" as const, "assistant" as const, "system" as const);

describe.each([
  [5, ai5],
  [6, ai6],
  [7, ai7],
] as const)("a message of the AI SDK %i", (version, sdk) => {
  const { validateUIMessages, convertToModelMessages } = sdk as unknown as typeof ai7;
  const parts = fc.array(anyPart(version), { minLength: 1, maxLength: 8 });
  const messages = fc.array(fc.record({ role, parts }), { minLength: 1, maxLength: 4 });
  const valid = async (given: object[]): Promise<ai7.UIMessage[]> =>
    validateUIMessages({ messages: structuredClone(given) });

  it("is stored without loss, whatever its schema allows", async () => {
    await fc.assert(
      fc.asyncProperty(messages, async (given) => {
        const sent = given.map((message, index) => ({ id: `m${index}`, ...message }));
        await valid(sent);
        const stored = sent.map((message) => ({
          ...UNSET,
          ...message,
          parts: partsFromUi(message.parts, message.role),
        }));
        const loaded = uiMessagesOf(JSON.parse(JSON.stringify(stored)) as never).map(withoutMetadata);
        expect(loaded).toEqual(sent);
      }),
    );
  });

  it("comes back equal through a server, and a model gets the same of it", async () => {
    const person = await newPerson();
    const client = createClient({ baseUrl: url, credentials: () => person.asServer });
    const open = new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: "taken from the headers",
      defaultHeaders: person.asServer,
    });
    await fc.assert(
      fc.asyncProperty(messages, async (given) => {
        const { conversation } = await client.createConversation(person.owner);
        const sent = given.map((message) => ({ id: randomUUID(), ...message }));
        const inputs = sent.map((message) => ({
          ...message,
          parts: partsFromUi(message.parts, message.role),
        }));
        const blank = inputs.some(
          (message) =>
            message.role === "user" &&
            message.parts.every(({ type }) => type === "text" || type === "reasoning"),
        );
        fc.pre(!blank);
        await client.appendMessages(person.owner, conversation.id, inputs);
        const page = await client.listMessages(person.owner, conversation.id);
        expect(page.messages.map((message) => message.parts)).toEqual(inputs.map((message) => message.parts));
        const loaded = uiMessagesOf(page.messages).map(withoutMetadata);
        expect(loaded).toEqual(sent);
        expect(await attempt(() => convertToModelMessages(loaded as ai7.UIMessage[]))).toEqual(
          await attempt(() => convertToModelMessages(sent as unknown as ai7.UIMessage[])),
        );
        // OpenAI's API shows each of them as items.
        const items = await open.conversations.items.list(conversation.id, { limit: 100 });
        expect(items.data.every((item) => typeof item.type === "string")).toBe(true);
      }),
      { numRuns: 15 },
    );
  });
});

/** Metadata is tested elsewhere. */
function withoutMetadata({ id, role, parts }: UiMessage): Omit<UiMessage, "metadata"> {
  return { id, role, parts };
}

/** A result, or the error instead: the SDK converts no message of its own with a tool in a user's message, for one. */
async function attempt<T>(work: () => T | Promise<T>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    return String(error);
  }
}
