import { randomUUID } from "node:crypto";

import type { Message } from "@ag-ui/core";
import { UserMessageSchema } from "@ag-ui/core/schemas";
import { createClient, decodeData } from "@chatkeep/protocol";
import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { fc } from "@chatkeep/testing/properties";
import { anyJson, anyString } from "@chatkeep/testing/values";
import { OpenAI } from "openai7";
import { describe, expect, it } from "vitest";

const { url } = await startApiServer({
  async *answers({ question }) {
    yield question.role === "tool"
      ? "Done."
      : { type: "tool-call", id: "c", name: "look_up", arguments: "{}" };
  },
});

const json = anyJson.map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const maybe = <T>(field: fc.Arbitrary<T>) => fc.option(field, { nil: undefined });
const record = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(fields).map((made) => JSON.parse(JSON.stringify(made)) as object);

const bytes = fc.uint8Array({ maxLength: 8 }).map((given) => Buffer.from(given).toString("base64"));
const mime = fc.constantFrom("image/png", "audio/wav", "video/mp4", "application/pdf", "text/plain");
const link = fc.constantFrom("https://example.org/a.png", "https://example.org/b");
const source = fc.oneof(
  record({ type: fc.constant("data"), value: bytes, mimeType: mime }),
  record({ type: fc.constant("url"), value: link, mimeType: maybe(mime) }),
  record({ type: fc.constant("file"), value: anyString, provider: maybe(anyString), mimeType: maybe(mime) }),
);
/** What the schema has in each piece of content; a field that is `undefined` is left out, as in JSON. */
const piece = fc.oneof(
  record({
    type: fc.constant("text"),
    id: maybe(anyString),
    text: anyString,
    metadata: maybe(json.filter((value) => value !== null)),
  }),
  record({
    type: fc.constantFrom("image", "audio", "video", "document"),
    id: maybe(anyString),
    source,
    metadata: maybe(json.filter((value) => value !== null)),
  }),
);
const message = record({
  role: fc.constant("user"),
  content: fc.oneof(anyString, fc.array(piece, { minLength: 1, maxLength: 4 })),
  name: maybe(anyString),
  encryptedValue: maybe(anyString),
  subagentRunId: maybe(anyString),
  metadata: maybe(fc.dictionary(fc.string({ maxLength: 4 }), json, { maxKeys: 2 })),
});

interface Thread {
  readonly id: string;
  run(messages: readonly object[]): Promise<void>;
  connect(): Promise<Message[]>;
}

function openThread(headers: Record<string, string>): Thread {
  const id = randomUUID();
  const read = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await fetch(url + path, {
      ...init,
      headers: { ...headers, "content-type": "application/json" },
    });
    expect(response.status).toBe(200);
    return response;
  };
  return {
    id,
    async run(messages) {
      const body = JSON.stringify({ threadId: id, runId: randomUUID(), messages });
      await (await read("/ag-ui", { method: "POST", body })).text();
    },
    async connect() {
      const { body } = await read(`/ag-ui/threads/${id}/events`);
      for await (const event of decodeData(body!))
        if ((event as { type: string }).type === "MESSAGES_SNAPSHOT")
          return (event as { messages: Message[] }).messages;
      return [];
    },
  };
}

describe("a message of AG-UI", () => {
  it("of a person comes back equal, whatever its schema allows, and every other API reads it", async () => {
    const person = await newPerson();
    const client = createClient({ baseUrl: url, credentials: () => person.asServer });
    const open = new OpenAI({
      baseURL: `${url}/v1`,
      apiKey: "taken from the headers",
      defaultHeaders: person.asServer,
    });
    await fc.assert(
      fc.asyncProperty(message, async (given) => {
        const sent = { id: randomUUID(), ...given };
        UserMessageSchema.parse(sent);
        const thread = openThread(person.asServer);
        await thread.run([sent]);
        expect((await thread.connect())[0]).toEqual(sent);
        const { messages } = await client.listMessages(person.owner, thread.id);
        expect(messages[0]?.id).toBe(sent.id);
        for await (const item of open.conversations.items.list(thread.id)) expect(item.type).toBeDefined();
      }),
      { numRuns: 60 },
    );
  });

  it("with the result of a client's tool comes back equal", async () => {
    const person = await newPerson();
    const content = fc.oneof(
      anyString,
      json.map((value) => JSON.stringify(value)),
      fc.constant('{ "a": 1 }'),
    );
    await fc.assert(
      fc.asyncProperty(content, async (text) => {
        const thread = openThread(person.asServer);
        const asked = { id: randomUUID(), role: "user", content: "Look" };
        await thread.run([asked]);
        const sent = { id: randomUUID(), role: "tool", toolCallId: "c", content: text };
        await thread.run([...(await thread.connect()), sent]);
        expect((await thread.connect())[2]).toEqual(sent);
      }),
      { numRuns: 40 },
    );
  });
});
