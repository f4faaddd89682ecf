import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createHistory, createPool } from "@chatkeep/core";
import { type MessageInput, type Owner, type Part, type StoredFile, parseJson } from "@chatkeep/protocol";
import { type ExportFormat, exportConversation } from "@chatkeep/server/export";
import { importArchive } from "@chatkeep/server/import";
import { UNHURRIED, fileDatabase, openBrowser } from "@chatkeep/testing";
import fc from "fast-check";
import { afterAll, expect, onTestFinished, test } from "vitest";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const history = createHistory({ ...UNHURRIED.history, pool });
afterAll(async () => {
  await history.close();
  await pool.end();
});

let people = 0;
const newOwner = (): Owner => ({ kind: "user", id: `exporter-${++people}` });

async function exported(
  owner: Owner,
  conversationId: string,
  format: ExportFormat,
  leaf?: string,
): Promise<string> {
  let text = "";
  const { pieces } = await exportConversation({ history, owner, conversationId, format, leaf });
  for await (const piece of pieces) text += piece;
  return text;
}

async function importText(owner: Owner, text: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "chatkeep-export-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, "export.jsonl");
  await writeFile(path, text);
  for await (const report of importArchive({ history, owner, path, isTrusted: true })) {
    expect(report.left).toEqual({});
  }
}

/**
 * The lines in an order of their own, without what belongs to one owner only: ids of conversations and files, and the times
 * of the store and the preview. An import stores a branch after another, so messages of several branches have other numbers.
 */
function comparable(text: string): unknown[] {
  const lines = text
    .trimEnd()
    .split("\n")
    .map(
      (line) =>
        JSON.parse(line, (name, value: unknown) =>
          /^(seq|conversation_id|user_id|updated_at|file|url|is_default|preview)$/.test(name) ? null : value,
        ) as Line,
    );
  const orderOf = ({ type, message, bytes }: Line): string => `${type} ${message?.id} ${bytes}`;
  return lines
    .map((line) =>
      line.type === "conversation" ? { ...line, conversation: { ...line.conversation, id: null } } : line,
    )
    .toSorted((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
}

interface Line {
  readonly type: string;
  readonly conversation?: object;
  readonly message?: { readonly id: string };
  readonly bytes?: string;
}

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
const message = (files: readonly StoredFile[]): fc.Arbitrary<MessageInput> =>
  fc.oneof(
    fc.record({
      role: fc.constantFrom("user" as const, "assistant" as const),
      parts: fc.array(
        fc.oneof(
          text.map((words): Part => ({ type: "text", text: words })),
          fc.nat(files.length - 1).map((n): Part => ({
            type: "file",
            url: "",
            mime: files[n]!.mediaType,
            file: files[n]!.id,
          })),
          fc.jsonValue().map((data): Part => ({ type: "data", name: "any", data: data as never })),
        ),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    fc
      .record({ id: text, name: text, arguments: text, result: fc.jsonValue() })
      .map(({ id, name, arguments: given, result }): MessageInput => ({
        role: "assistant",
        parts: [
          { type: "tool-call", id, name, arguments: given },
          { type: "tool-result", id, result: result as never },
        ],
      })),
  );

test("an export of a conversation, imported, gives an equal export: branches, tools and files", async () => {
  const writer = newOwner();
  const files: StoredFile[] = [];
  for (const name of ["a.png", "b.txt"]) {
    const mediaType = name.endsWith("png") ? "image/png" : "text/plain";
    files.push(await history.putFile(writer, { name, mediaType }, Buffer.from(name)));
  }
  const tree = fc.array(fc.record({ message: message(files), parent: fc.nat() }), {
    minLength: 1,
    maxLength: 12,
  });
  await fc.assert(
    fc.asyncProperty(tree, text, async (nodes, title) => {
      fc.pre(title.trim() !== "");
      const tags = ["work", "日本"];
      const { conversation } = await history.createConversation(writer, {
        title: title.trim(),
        id: randomUUID(),
        scope: "s",
        tags,
      });
      for (const [index, { message: said, parent }] of nodes.entries()) {
        const follows = parent % (index + 1);
        await history.appendMessages(
          writer,
          conversation.id,
          [{ ...said, id: `m${index}` }],
          index === 0 ? {} : { parent: follows === index ? null : `m${follows}` },
        );
      }
      const first = await exported(writer, conversation.id, "json");
      const reader = newOwner();
      await importText(reader, first);
      const [copy] = (await history.listConversations(reader)).conversations;
      expect(comparable(await exported(reader, copy!.id, "json"))).toEqual(comparable(first));
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

test("each format has the branch that is asked for, and `json` all of them", async () => {
  const owner = newOwner();
  const { conversation } = await history.createConversation(owner, { title: "Two ways" });
  const say = (id: string, content: string, parent?: string): Promise<unknown> =>
    history.appendMessages(owner, conversation.id, [{ id, role: "user", content }], { parent });
  await say("root", "The root");
  await say("left", "To the left", "root");
  await say("right", "To the right", "root");
  const said = async (format: ExportFormat, leaf?: string): Promise<string[]> =>
    (await exported(owner, conversation.id, format, leaf)).match(/The root|To the (left|right)/g) ?? [];
  for (const format of ["markdown", "html"] as const) {
    expect(await said(format)).toEqual(["The root", "To the right"]);
    expect(await said(format, "left")).toEqual(["The root", "To the left"]);
  }
  expect(new Set(await said("json"))).toEqual(new Set(["The root", "To the left", "To the right"]));
  const lines = (await exported(owner, conversation.id, "json", "left")).trim().split("\n").map(parseJson);
  expect(lines[0]).toMatchObject({ conversation: { head_id: "left" } });
  expect(lines.at(-1)).toEqual({ type: "end", conversations: 1, messages: 2, files: 0 });
  await expect(exported(owner, conversation.id, "html", "none")).rejects.toMatchObject({
    code: "message_not_found",
  });
  await expect(exported(newOwner(), conversation.id, "json")).rejects.toMatchObject({ code: "forbidden" });
});

test("an HTML export of hostile content runs and loads nothing, and shows its pictures", async () => {
  const owner = newOwner();
  const hostile = [
    "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">",
    "[a](javascript:document.title='run') ![b](http://127.0.0.1:1/pixel.png) <svg onload=document.title='run'>",
    "</style></pre></main><iframe srcdoc=\"<script>parent.document.title='run'</script>\"></iframe>",
    `${"> ".repeat(4000)}deep`,
    "```html\"><script>document.title='run'</script>\n<b>\n```\n\n# Heading\n\n| a | b |\n|-|-|\n| **c** | d |",
  ];
  const png = await history.putFile(
    owner,
    { name: '"><script>document.title="run"</script>.png', mediaType: "image/png" },
    Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    ),
  );
  const svg = await history.putFile(
    owner,
    { name: "x.svg", mediaType: "image/svg+xml" },
    Buffer.from("<svg/>"),
  );
  const { conversation } = await history.createConversation(owner, { title: `</title>${hostile[0]}` });
  await history.appendMessages(
    owner,
    conversation.id,
    hostile.flatMap((content): MessageInput[] => [
      { role: "user", content, contextText: content },
      {
        role: "assistant",
        parts: [
          { type: "text", text: content },
          { type: "reasoning", text: content },
          { type: "tool-call", id: content.slice(0, 20), name: content, arguments: content },
          { type: "tool-result", id: content.slice(0, 20), result: { [content]: content } },
          { type: "source", id: "s", title: content, url: `javascript:${content}` },
          ...[png, svg].map(({ id, mediaType }): Part => ({
            type: "file",
            url: "",
            mime: mediaType,
            file: id,
          })),
        ],
      },
    ]),
  );
  const html = await exported(owner, conversation.id, "html");
  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.route("http://export.test/", (route) => route.fulfill({ contentType: "text/html", body: html }));
  await page.goto("http://export.test/");
  expect(asked.filter((url) => !url.startsWith("data:"))).toEqual(["http://export.test/"]);
  expect(await page.title()).not.toBe("run");
  expect(
    await page.evaluate(
      () => document.querySelectorAll("script, iframe, svg, object, link, base, form").length,
    ),
  ).toBe(0);
  const attributes = await page.evaluate(() =>
    [...document.querySelectorAll("*")].flatMap((one) =>
      [...one.attributes].map(({ name, value }) => (name === "href" ? `href ${value.slice(0, 4)}` : name)),
    ),
  );
  expect(attributes.filter((name) => /^on|^srcdoc|^href (?!http)/i.test(name))).toEqual([]);
  expect(await page.evaluate(() => [...document.images].map(({ naturalWidth }) => naturalWidth))).toEqual(
    hostile.map(() => 1),
  );
  expect(await page.locator("article h2, article h1").first().innerText()).toBe("Heading");
  expect(await page.locator("td strong").first().innerText()).toBe("c");
});
