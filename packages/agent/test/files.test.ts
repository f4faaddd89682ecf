import { randomBytes } from "node:crypto";

import { type ModelResponderOptions, createModelResponder, toModelMessages } from "@chatkeep/agent";
import { createHistory, createPool } from "@chatkeep/core";
import type { FileInit, Owner, Part } from "@chatkeep/protocol";
import { type Model, UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { describe, expect, onTestFinished, test } from "vitest";

import { docsOf, openStore } from "./docs/fixture.ts";
import { start } from "./model-server.ts";
import { requestFor, storedMessage } from "./request.ts";

const database = await fileDatabase();
const { store } = await openStore();

type Options = Partial<ModelResponderOptions>;
interface Given extends FileInit {
  readonly bytes: Uint8Array;
}

/** What a model is sent of files that were uploaded before a question named them. */
async function sentOf(name: string, files: readonly Given[], options: Options = {}): Promise<string> {
  const model: Model = await start();
  const pool = createPool(database.url, UNHURRIED.pool);
  const responder = createModelResponder({ model: name, baseUrl: model.url, apiKey: "k", ...options });
  const history = createHistory({ ...UNHURRIED.history, pool, responder });
  onTestFinished(async () => {
    await history.close();
    await pool.end();
  });
  const owner: Owner = { kind: "session", id: crypto.randomUUID() };
  const { conversation } = await history.createConversation(owner);
  const parts: Part[] = [{ type: "text", text: "When do backups run?" }];
  for (const { bytes, ...init } of files) {
    const { id } = await history.putFile(owner, init, bytes);
    parts.push({ type: "file", file: id, url: "", mime: "" });
  }
  const { events } = await history.startTurn(owner, conversation.id, { parts });
  for await (const { chunk } of events) expect(chunk.type).not.toBe("error");
  return JSON.stringify(model.requests[0]!.body);
}

const MODELS = ["openai-compatible/fake", "openai/fake", "anthropic/claude-sonnet-4-5", "google/fake"];
const png: Given = { mediaType: "image/png", name: "a.png", bytes: randomBytes(20_000) };
const pdf: Given = { mediaType: "application/pdf", name: "a.pdf", bytes: randomBytes(20_000) };
const text = (mediaType: string, name: string, words: string): Given => ({
  mediaType,
  name,
  bytes: Buffer.from(words),
});
const base64 = ({ bytes }: Given): string => Buffer.from(bytes).toString("base64");

describe.each(MODELS)("the model %s", (name) => {
  test("gets the bytes of a stored picture, and of a PDF if its provider takes them", async () => {
    const sent = await sentOf(name, [png, pdf]);
    expect(sent).toContain(base64(png));
    const takesPdf = name !== "openai-compatible/fake";
    expect(sent.includes(base64(pdf))).toBe(takesPdf);
    expect(sent.includes("[file: a.pdf, application/pdf]")).toBe(!takesPdf);
  });

  test("gets text files as text, and others by name", async () => {
    const zip: Given = { mediaType: "application/zip", name: "a.zip", bytes: randomBytes(500) };
    const binary: Given = {
      mediaType: "application/octet-stream",
      name: "b.bin",
      bytes: Buffer.from([65, 0]),
    };
    const latin: Given = { mediaType: "text/plain", name: "c.txt", bytes: Buffer.from([0xe9, 0x20]) };
    const sent = await sentOf(name, [
      text("text/csv", "a.csv", "day;degrees\nMonday;3 Grüße"),
      text("application/octet-stream", "a.md", "# Notes of Monday"),
      text("application/vnd.api+json", "a.json", '{"rain":true}'),
      text("image/svg+xml", "a.svg", "<svg>drawn</svg>"),
      zip,
      binary,
      latin,
    ]);
    expect(sent).toContain(
      String.raw`[file: a.csv, text/csv]\nday;degrees\nMonday;3 Grüße\n[end of the file]`,
    );
    for (const words of ["# Notes of Monday", '{\\"rain\\":true}', "<svg>drawn</svg>"])
      expect(sent).toContain(words);
    for (const title of [
      "[file: a.zip, application/zip]",
      "[file: b.bin, application/octet-stream]",
      "[file: c.txt, text/plain]",
    ])
      expect(sent).toContain(`${title}"`);
    for (const file of [zip, binary, latin]) expect(sent).not.toContain(base64(file));
  });
});

test("`files` says which files a model is given", async () => {
  const none = await sentOf("openai/fake", [png, pdf], { files: [] });
  for (const file of [png, pdf]) expect(none).not.toContain(base64(file));
  const all = await sentOf("openai-compatible/fake", [png, pdf], { files: ["image/png", "application/*"] });
  for (const file of [png, pdf]) expect(all).toContain(base64(file));
});

test("a model that answers from docs gets the files of the question", async () => {
  const { docs } = await docsOf(store, "files", {
    "backup.md": "# Backups\n\nBackups run every night at two.",
  });
  const sent = await sentOf("openai/fake", [png, pdf, text("text/plain", "a.txt", "Of Monday")], { docs });
  for (const given of ["Backups run every night at two.", base64(png), base64(pdf), "Of Monday"])
    expect(sent).toContain(given);
});

test("a long text is cut, and the model is told how much is missing", () => {
  const url = `data:text/plain;base64,${Buffer.from("ü".repeat(100_007)).toString("base64")}`;
  const question = storedMessage({ role: "user", parts: [{ type: "file", url, mime: "text/plain" }] }, 1);
  const [message] = toModelMessages({ ...requestFor({ question: "" }), question });
  const [{ text: given }] = message!.content as unknown as [{ text: string }];
  expect(given.length).toBeLessThan(100_200);
  expect(given).toMatch(/ü\n\[7 more characters were left out\]$/);
});

test("what its client said of a picture is given to the provider that it names", () => {
  const metadata = { openai: { imageDetail: "high" } };
  const parts = [{ type: "file", url: "data:image/png;base64,QUI=", mime: "image/png", metadata }] as const;
  const request = { ...requestFor({ question: "" }), question: storedMessage({ role: "user", parts }, 1) };
  const optionsOf = (provider: string): unknown => {
    const [message] = toModelMessages(request, { provider, modelId: "m" });
    return (message!.content as unknown as { providerOptions?: unknown }[])[0]!.providerOptions;
  };
  expect(optionsOf("openai.chat")).toEqual(metadata);
  expect(optionsOf("anthropic.messages")).toBeUndefined();
});
