import { readFileSync } from "node:fs";

import { createDocs, createDocsResponder } from "@chatkeep/agent";
import { createDocsStore, createPool } from "@chatkeep/core";
import { type Citation, type Part, type ResponderEvent, ResponderError } from "@chatkeep/protocol";
import { freePort } from "@chatkeep/testing";
import { describe, expect, test } from "vitest";

import { type Asked, eventsOf, failureOf, requestFor, textOf } from "../request.ts";
import { GUIDE, openStore } from "./fixture.ts";
import { GUIDE_QUESTIONS, STRANGE_QUESTIONS } from "./questions.ts";

const { store } = await openStore();
const docs = createDocs({ store, folder: GUIDE });
await docs.ingest();
const respond = createDocsResponder({ docs });

function citationsOf(events: readonly ResponderEvent[]): Citation[] {
  return events.flatMap((event) =>
    typeof event === "object" && event.type === "citation" ? [event.citation] : [],
  );
}

async function ask(asked: Asked | string): Promise<{ text: string; citations: Citation[] }> {
  const events = await eventsOf(respond(requestFor(typeof asked === "string" ? { question: asked } : asked)));
  return { text: textOf(events), citations: citationsOf(events) };
}

describe("an answer", () => {
  test.each(GUIDE_QUESTIONS)(
    "to “$question” quotes the docs verbatim, with markers that match",
    async ({ question }) => {
      const { text, citations } = await ask(question);
      expect(citations.length).toBeGreaterThan(0);
      expect(citations.length).toBeLessThanOrEqual(3);
      expect(text.match(/\[\d\]/g)).toEqual(citations.map((_, index) => `[${index + 1}]`));
      for (const { path, chapter, section, anchor, quote, score, url } of citations) {
        const found = await docs.document(path);
        expect(found?.title).toBe(chapter);
        const places = [{ title: null, anchor: null }, ...(found?.sections ?? [])];
        expect(places).toContainEqual(expect.objectContaining({ title: section, anchor }));
        expect(url).toBe(`/documents/${path}${anchor === null ? "" : `#${anchor}`}`);
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(1);
        expect(readFileSync(`${GUIDE}${path}`, "utf8")).toContain(quote);
        expect(text.replaceAll(/^> ?/gm, "")).toContain(quote);
      }
    },
  );

  test("begins with one sentence that says where, and defines what is asked for", async () => {
    const { text, citations } = await ask("What is a scope?");
    expect(text.split("\n")[0]).toBe(
      "The docs say, in “Conversations and scopes” under “Scopes: one conversation per page or document”:",
    );
    expect(citations[0]?.quote).toMatch(/^A scope is a stable key of the place that a conversation is about/);
  });

  test("is given citations first, then word by word", async () => {
    const events = await eventsOf(respond(requestFor({ question: "How do I stop an answer?" })));
    const kinds = events.map((event) => (typeof event === "string" ? "text" : event.type));
    expect(kinds.lastIndexOf("citation")).toBeLessThan(kinds.indexOf("text"));
    expect(kinds.filter((kind) => kind === "text").length).toBeGreaterThan(20);
  });

  test.each(STRANGE_QUESTIONS)("to “%s” is that the docs have none", async (question) => {
    const { text, citations } = await ask(question);
    const none = "The docs have no answer to that. You can ask about “";
    const unsure = "I am not sure that the docs answer this. The nearest is in “";
    expect(text.startsWith(citations.length === 0 ? none : unsure)).toBe(true);
  });

  test("nothing of the kind is said for most strange questions but that there is none", async () => {
    const answers = await Promise.all(STRANGE_QUESTIONS.map((question) => ask(question)));
    expect(answers.filter(({ citations }) => citations.length > 0).length).toBeLessThanOrEqual(1);
  });

  test("to a greeting is a greeting, and thanks are taken", async () => {
    expect((await ask("Hi there!")).text).toMatch(/^Hello! I answer from the docs.*“What Chatkeep is”/);
    expect((await ask("thank you")).text).toBe("You are welcome.");
    expect((await ask("what is it?")).text).toMatch(/^The docs have no answer/);
  });
});

describe("a follow-up", () => {
  const said = (question: string): NonNullable<Asked["history"]> => [
    { role: "user", content: question },
    { role: "assistant", content: "…" },
  ];

  test("is asked with the question before it", async () => {
    const alone = await ask("and what about the limits?");
    const history = said("How long can a message of mine be?");
    const after = await ask({ question: "and what about metadata?", history });
    expect(alone.citations[0]?.anchor).toBe("limits");
    expect(after.citations[0]?.quote).toContain("metadata");
    expect(
      (await ask({ question: "and with Neon?", history: said("run it with docker") })).citations[0],
    ).toMatchObject({ path: "deploying.md", anchor: "functions-beside-a-neon-database" });
  });

  test("that asks for more is given something that was not quoted before", async () => {
    const question = "What happens when the database is down?";
    const first = await ask(question);
    const history: Asked["history"] = [
      { role: "user", content: question },
      { role: "assistant", parts: first.citations.map((citation) => ({ type: "citation", citation })) },
    ];
    const more = await ask({ question: "tell me more", history });
    const told = new Set(first.citations.map((citation) => citation.url));
    expect(more.citations.length).toBeGreaterThan(0);
    for (const citation of more.citations) expect(told).not.toContain(citation.url);
  });

  test("the selected text says what is meant", async () => {
    const contextText = "Chatkeep makes two that cannot log in, `chatkeep_store` and `chatkeep_engine`";
    const { citations } = await ask({ question: "What does this mean?", contextText });
    expect(citations[0]?.quote).toContain("chatkeep_engine");
  });
});

test("the document that the conversation is about is preferred", async () => {
  const anywhere = await ask("interrupted");
  const there = await ask({ question: "interrupted", scope: "messages" });
  expect(there.citations[0]?.path).toBe("messages.md");
  expect(anywhere.citations.length).toBeGreaterThan(0);
});

test("an abort ends the answer with its reason", async () => {
  const stop = new AbortController();
  const answer = respond(requestFor({ question: "What is a turn?", signal: stop.signal }))[
    Symbol.asyncIterator
  ]();
  await answer.next();
  const reason = new Error("stopped by a person");
  stop.abort(reason);
  await expect(answer.next()).rejects.toBe(reason);
});

test("a database that is away fails the answer in words for a person", async () => {
  const pool = createPool(`postgres://nobody@127.0.0.1:${await freePort()}/none`);
  const away = createDocsStore({ pool });
  const answer = createDocsResponder({ docs: createDocs({ store: away, folder: GUIDE }) });
  const error: unknown = await eventsOf(answer(requestFor({ question: "What is a turn?" }))).catch(
    (thrown: unknown) => thrown,
  );
  away.close();
  await pool.end();
  expect(error).toBeInstanceOf(ResponderError);
  expect((error as ResponderError).failure).toEqual({
    code: "unavailable",
    detail: "The docs cannot be read just now. Ask again in a moment.",
  });
});

describe("an answer whose node died", () => {
  const question = GUIDE_QUESTIONS[0]!.question;

  test("goes on from any event to the same whole", async () => {
    const whole = await eventsOf(respond(requestFor({ question })));
    for (let cut = 1; cut <= whole.length; cut += 3) {
      const answer = whole.slice(0, cut) as Part[];
      const rest = await eventsOf(respond(requestFor({ question, answer })));
      expect(textOf(whole.slice(0, cut)) + textOf(rest)).toBe(textOf(whole));
      expect(citationsOf([...whole.slice(0, cut), ...rest])).toEqual(citationsOf(whole));
    }
  });

  test("is interrupted if the docs give another one by now", async () => {
    const answer: Part[] = [{ type: "text", text: "The docs said something else then." }];
    const { failure } = await failureOf(respond(requestFor({ question, answer })));
    expect(failure).toEqual({
      code: "interrupted",
      detail: expect.stringContaining("The docs changed while this answer was cut off"),
    });
  });
});
