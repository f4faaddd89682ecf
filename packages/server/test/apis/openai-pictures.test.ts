import { randomBytes } from "node:crypto";

import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { OpenAI as OpenAI6 } from "openai6";
import { OpenAI as OpenAI7 } from "openai7";
import { describe, expect, it } from "vitest";

const { url, history } = await startApiServer({
  async *answers({ question }) {
    yield `${question.parts.filter(({ type }) => type === "file").length} files`;
  },
});

const base64 = (): string => randomBytes(3_000_000).toString("base64");
const png = `data:image/png;base64,${base64()}`;
const pdf = `data:application/pdf;base64,${base64()}`;
const image = (more: object = {}) => ({ type: "input_image", image_url: png, ...more });
const message = (...content: object[]) => ({ type: "message", role: "user", content });

describe.each([
  ["6", OpenAI6],
  ["7", OpenAI7],
])("the openai client, version %s", (_, OpenAI) => {
  const open = async () => {
    const person = await newPerson();
    const { authorization, ...defaultHeaders } = person.asServer;
    const apiKey = authorization!.slice("Bearer ".length);
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, defaultHeaders }) as unknown as OpenAI7;
    return { ...person, client };
  };

  it.each<[string, object, number]>([
    ["a picture", message(image()), 1],
    ["a picture with a detail", message({ ...image({ detail: "high" }), file_id: null }), 1],
    ["a picture with a field that is not known", message(image({ of_another_year: { "a/b~": [png] } })), 1],
    ["a file", message({ type: "input_file", file_data: pdf, filename: "a.pdf" }), 1],
    ["a picture beside a file", message(image({ detail: "low" }), { type: "input_file", file_data: pdf }), 2],
    ["a picture as a file", message({ type: "input_file", file_data: png }), 1],
    [
      "a file without a media type",
      message({ type: "input_file", file_data: `data:;base64,${base64()}` }),
      1,
    ],
    ["a file's data as its address", message({ type: "input_file", file_url: pdf, detail: "high" }), 1],
    ["a picture that was made", { type: "image_generation_call", status: "completed", result: base64() }, 1],
  ])("stores %s of 3 MB once, and gives it back as it was sent", async (__, item, count) => {
    const { client, owner } = await open();
    const { id } = await client.conversations.create();
    const created = await client.conversations.items.create(id, { items: [item] as never });
    expect(created.data).toMatchObject([item]);
    expect((await client.conversations.items.list(id)).data).toEqual(created.data);
    const { conversations } = await history.listConversations(owner);
    const { messages } = await history.listMessages(owner, conversations[0]!.id, { files: "url" });
    expect(messages[0]!.parts.filter(({ type }) => type === "file")).toHaveLength(count);
    expect(JSON.stringify(messages).length).toBeLessThan(2_000);
  });

  it("asks about a picture beside a file, which the responder gets", async () => {
    const { client } = await open();
    const input = [message(image({ detail: "high" }), { type: "input_file", file_data: pdf })] as never;
    expect((await client.responses.create({ input, model: "any" })).output_text).toBe("2 files");
  });
});
