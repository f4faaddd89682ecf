import { WAIT_TIMEOUT, fileDatabase } from "@chatkeep/testing";
import { fc } from "@chatkeep/testing/properties";
import { expect, test } from "vitest";

import { SERVER_KEY, newSession, startPeopleServer } from "../people.ts";

const { url } = await fileDatabase();
const node = await startPeopleServer(url);
const me = newSession();
const conversation = (await node.history.createConversation(me.owner)).conversation.id;
const [message] = await node.history.appendMessages(me.owner, conversation, [
  { role: "user", content: "Hello." },
]);

interface Operation {
  readonly method: string;
  readonly path: string;
  /** The fields of its body and its parameters, so that garbage gets beyond their names. */
  readonly names: readonly string[];
}

const document = (await (await node.call("GET", "/openapi.json")).json()) as {
  paths: Record<string, Record<string, { parameters?: { name: string }[] }>>;
};
const names = [...new Set(JSON.stringify(document).match(/"[a-zA-Z_]{2,24}"(?=:)/g))].map((name) =>
  name.slice(1, -1),
);
const operations: Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { parameters = [] }]) => ({
    method: method.toUpperCase(),
    path,
    names: parameters.map(({ name }) => name),
  })),
);

const word = fc.oneof(
  fc.constantFrom(
    conversation,
    message!.id,
    "user",
    "assistant",
    "text",
    "data-x",
    "message",
    "input_text",
    "function_call",
  ),
  fc.constantFrom(
    "",
    "\0",
    "\ud800",
    "..",
    "%",
    "%zz",
    "null",
    "-1",
    "1e400",
    "9007199254740993",
    "__proto__",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 2 ** 53),
    word,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 6, noNullPrototype: true }),
    fc.record({ type: word, text: word, role: word, content: tie("value") }, { requiredKeys: [] }),
  ),
}));
const credentials = fc.oneof(
  { weight: 6, arbitrary: fc.constant(me.credentials) },
  fc.constant({ authorization: `Bearer ${SERVER_KEY}`, "x-chatkeep-user": "ada" }),
  fc.constantFrom<Record<string, string>>(
    {},
    { authorization: "Bearer" },
    { authorization: `Bearer ${SERVER_KEY}`, "x-chatkeep-user": "%" },
    { "x-session-id": "nobody" },
  ),
);
const header = fc.dictionary(
  fc.constantFrom(
    "accept",
    "last-event-id",
    "idempotency-key",
    "content-type",
    "x-request-id",
    "x-forwarded-for",
    "origin",
  ),
  fc.constantFrom(
    "",
    "text/event-stream",
    "application/json",
    "-1",
    "99999999999999999999",
    "a b",
    "\u00ff",
    "*/*;q=x",
  ),
  { maxKeys: 2, noNullPrototype: true },
);

test("no request is answered with 500, whatever it holds", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...operations),
      fc.dictionary(fc.constantFrom(...names), word, { maxKeys: 3, noNullPrototype: true }),
      fc.array(word, { minLength: 4, maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 8, noNullPrototype: true }),
      credentials,
      header,
      async ({ method, path }, query, segments, body, who, headers) => {
        let place = 0;
        const filled = path.replaceAll(/\{\w+\}/g, () =>
          encodeURIComponent((segments[place++] ?? "x").toWellFormed()),
        );
        const search = new URLSearchParams(
          Object.entries(query).map(([name, one]) => [name, one.toWellFormed()]),
        ).toString();
        const answer = await fetch(`${node.url}${filled}${search === "" ? "" : `?${search}`}`, {
          method,
          headers: { "content-type": "application/json", ...headers, ...who },
          ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(WAIT_TIMEOUT),
        });
        await answer.text();
        expect(answer.status).toBeLessThan(500);
      },
    ),
    {
      numRuns: Number(process.env["RUNS"] ?? 300),
      ...(process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"]) }),
    },
  );
});

const file = { type: "file", url: "data:a/b;base64,AA==", mime: "a/b", name: "n" };
const citation = {
  path: "a.md",
  chapter: "A",
  section: "s",
  anchor: "b",
  quote: "q",
  score: 1,
  url: "https://x.y",
};
const parts = [
  { type: "text", text: "Hello." },
  { type: "reasoning", text: "Hm." },
  { type: "tool-call", id: "c", name: "n", arguments: "{}" },
  { type: "tool-result", id: "c", result: { a: [1] }, error: true },
  { type: "citation", citation },
  { type: "data", name: "x", data: { a: 1 }, id: "d" },
  file,
];
const call = { id: "c", type: "function", function: { name: "n", arguments: "{}" } };
const uiParts = [
  { type: "text", text: "Hello." },
  { type: "file", url: "https://x.y", mediaType: "a/b", filename: "n" },
  { type: "tool-n", toolCallId: "c", state: "output-available", input: {}, output: { a: 1 } },
  { type: "data-x", id: "d", data: { a: 1 } },
];
const content = [
  { type: "input_text", text: "Hello." },
  { type: "input_image", image_url: "https://x.y", detail: "auto" },
  { type: "input_file", file_url: "https://x.y", filename: "n" },
  { type: "output_text", text: "Hi.", annotations: [{ type: "url_citation", chatkeep: citation }] },
];
const items = [
  { type: "message", role: "user", content },
  { type: "function_call", call_id: "c", name: "n", arguments: "{}" },
  { type: "function_call_output", call_id: "c", output: [{ type: "input_text", text: "x" }] },
  { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }] },
  { role: "user", content: "Hello." },
];
/** Another's: what the test before sends may erase its sender. */
const you = newSession();
const yours = (await node.history.createConversation(you.owner)).conversation.id;
const own = `/api/conversations/${yours}`;
const valid: readonly (readonly [string, string, object])[] = [
  [
    "POST",
    `${own}/messages`,
    { role: "user", parts, metadata: { a: 1 }, model: "m", intent: "i", usage: null },
  ],
  [
    "POST",
    `${own}/messages`,
    { messages: [{ role: "tool", tool_call_id: "c", content: "x", tool_calls: [call] }] },
  ],
  ["POST", `${own}/turns`, { content: "Hello.", context_text: "x", metadata: { a: 1 } }],
  ["POST", `${own}/turns`, { role: "tool", parts: [parts[3]] }],
  [
    "POST",
    "/api/conversations",
    { scope: "s", scope_label: "S", title: "T", metadata: { a: 1 }, reuse: "latest" },
  ],
  ["PATCH", own, { title: "T", pinned: true, archived: false, metadata: { a: 1 } }],
  [
    "POST",
    "/api/chat",
    { id: yours, messages: [{ id: "m", role: "user", parts: uiParts, metadata: { a: 1 } }] },
  ],
  ["POST", "/api/chat", { id: yours, messages: [{ id: "m", role: "assistant", parts: uiParts }] }],
  [
    "POST",
    "/api/chat",
    {
      id: yours,
      trigger: "regenerate-message",
      messageId: "m",
      message: { id: "m", role: "user", parts: uiParts },
    },
  ],
  ["POST", "/v1/conversations", { items, metadata: { a: "1" } }],
  ["POST", `/v1/conversations/${yours}/items`, { items }],
  ["POST", "/v1/responses", { input: items, model: "m", metadata: { a: "1" }, stream: true }],
  ["POST", "/v1/responses", { input: "Hello.", conversation: { id: yours }, store: true }],
  ["POST", "/v1/responses", { input: [items[2]], previous_response_id: "resp_x" }],
];

/** The value with another in the place of one of its inner ones. */
function exchanged(whole: unknown, place: number, other: unknown): unknown {
  let left = place;
  const walk = (one: unknown): unknown => {
    if (left-- === 0) return other;
    if (Array.isArray(one)) return one.map(walk);
    if (typeof one !== "object" || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner)]));
  };
  return walk(whole);
}

/** What is stored of it is read through each API. */
const reads = [`${own}/messages?limit=4`, `/v1/conversations/${yours}/items?limit=4`, `${own}/context`];

test("no valid request is answered with 500 when something in it is exchanged, and what it stores is read", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...valid),
      fc.nat({ max: 40 }),
      value,
      fc.boolean(),
      async ([method, path, body], place, other, isTrusted) => {
        const trusted = { authorization: `Bearer ${SERVER_KEY}`, "x-chatkeep-user": "ada" };
        const answer = await node.call(method, path, {
          credentials: isTrusted ? trusted : you.credentials,
          body: exchanged(body, place, other) ?? null,
        });
        await answer.text();
        expect(answer.status).toBeLessThan(500);
        for (const read of reads) {
          const { status } = await node.call("GET", read, you);
          expect([read, status]).toEqual([read, 200]);
        }
      },
    ),
    {
      numRuns: Number(process.env["RUNS"] ?? 300),
      ...(process.env["SEED"] === undefined ? {} : { seed: Number(process.env["SEED"]) }),
    },
  );
});
