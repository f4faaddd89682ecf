import { randomBytes } from "node:crypto";

import { newPerson, startApiServer } from "@chatkeep/testing/people";
import { OpenAI as OpenAI6, toFile as toFile6 } from "openai6";
import { OpenAI as OpenAI7, toFile as toFile7 } from "openai7";
import { describe, expect, it } from "vitest";

const { url, history } = await startApiServer({
  async *answers({ question }) {
    yield question.parts.map((part) => (part.type === "file" ? part.url : "")).join(" ");
  },
});

describe.each([
  ["6", OpenAI6, toFile6],
  ["7", OpenAI7, toFile7],
])("the openai client, version %s", (_, OpenAI, toFile) => {
  const open = async () => {
    const person = await newPerson();
    const { authorization, ...defaultHeaders } = person.asServer;
    const apiKey = authorization!.slice("Bearer ".length);
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, defaultHeaders, maxRetries: 0 });
    return { ...person, client: client as unknown as OpenAI7 };
  };
  const upload = async (client: OpenAI7, bytes: Buffer, name: string, type: string) =>
    client.files.create({ file: await toFile(bytes, name, { type }), purpose: "vision" });

  it("stores a file, describes it, reads its bytes and deletes it", async () => {
    const { client } = await open();
    const bytes = randomBytes(700_000);
    const file = await upload(client, bytes, "Grüße 🐈.png", "image/png");
    expect(file).toEqual({
      id: expect.stringMatching(/^file-[0-9a-f]{32}$/) as string,
      object: "file",
      bytes: 700_000,
      created_at: expect.any(Number) as number,
      filename: "Grüße 🐈.png",
      purpose: "vision",
      status: "processed",
    });
    expect(await client.files.retrieve(file.id)).toEqual(file);
    expect(await client.files.waitForProcessing(file.id)).toEqual(file);
    expect(Buffer.from(await (await client.files.content(file.id)).arrayBuffer()).equals(bytes)).toBe(true);
    expect(await client.files.delete(file.id)).toEqual({ id: file.id, object: "file", deleted: true });
    for (const again of [
      () => client.files.retrieve(file.id),
      () => client.files.content(file.id),
      () => client.files.delete(file.id),
    ])
      await expect(again()).rejects.toMatchObject({ status: 404, code: "file_not_found" });
  });

  it("lists files page by page, both ways, and by purpose", async () => {
    const { client } = await open();
    const ids: string[] = [];
    for (const name of ["a", "b", "c", "d", "e"])
      ids.push((await upload(client, Buffer.from(name), name, "text/plain")).id);
    const listed = async (query: object): Promise<string[]> => {
      const found: string[] = [];
      for await (const { id } of client.files.list(query)) found.push(id);
      return found;
    };
    expect(await listed({})).toEqual(ids.toReversed());
    expect(await listed({ limit: 2 })).toEqual(ids.toReversed());
    expect(await listed({ limit: 2, order: "asc" })).toEqual(ids);
    expect(await listed({ purpose: "vision" })).toEqual(ids.toReversed());
    expect(await listed({ purpose: "batch" })).toEqual([]);
  });

  it("is told what is wrong with an upload", async () => {
    const { client, owner } = await open();
    const file = await toFile(Buffer.from("x"), "a.txt");
    const expiring = {
      file,
      purpose: "batch" as const,
      expires_after: { anchor: "created_at" as const, seconds: 3600 },
    };
    await expect(client.files.create(expiring)).rejects.toMatchObject({
      status: 400,
      param: "/expires_after",
    });
    expect((await history.listFiles(owner)).files).toEqual([]);
  });

  it("gives nobody another's files", async () => {
    const [{ client }, stranger] = await Promise.all([open(), open()]);
    const { id } = await upload(client, Buffer.from("mine"), "a.txt", "text/plain");
    const { files, responses } = stranger.client;
    const input = [{ role: "user", content: [{ type: "input_file", file_id: id }] }] as never;
    for (const taken of [
      () => files.retrieve(id),
      () => files.content(id),
      () => files.delete(id),
      () => responses.create({ input }),
    ])
      await expect(taken()).rejects.toMatchObject({ status: 404, code: "file_not_found" });
    expect((await files.list()).data).toEqual([]);
    expect((await client.files.retrieve(id)).bytes).toBe(4);
  });

  it("asks about files by their ids: the responder gets the bytes, and the items name the ids", async () => {
    const { client } = await open();
    const [png, pdf] = [randomBytes(3_000), randomBytes(3_000)];
    const picture = await upload(client, png, "a.png", "image/png");
    const paper = await upload(client, pdf, "a.pdf", "application/pdf");
    const content = [
      { type: "input_image", file_id: picture.id, detail: "high" },
      { type: "input_image", file_id: picture.id, detail: "auto", image_url: null },
      { type: "input_file", file_id: paper.id },
      // A picture as a file.
      { type: "input_file", file_id: picture.id },
    ];
    const { id: conversation } = await client.conversations.create();
    const input = [{ role: "user", content }] as never;
    const response = await client.responses.create({ input, conversation });
    const data = `data:image/png;base64,${png.toString("base64")}`;
    expect(response.output_text).toBe(
      [data, data, `data:application/pdf;base64,${pdf.toString("base64")}`, data].join(" "),
    );
    const [asked] = (await client.conversations.items.list(conversation, { order: "asc" })).data;
    expect(asked).toMatchObject({ type: "message", content });
    const created = await client.conversations.items.create(conversation, { items: input });
    expect(created.data[0]).toMatchObject({ content });
    expect((await client.conversations.items.list(conversation, { limit: 1 })).data).toEqual(created.data);
  });
});
