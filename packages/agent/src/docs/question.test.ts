import type { Message } from "@chatkeep/protocol";
import { describe, expect, test } from "vitest";

import { defines, readQuestion } from "./question.ts";

const read = (
  content: string,
  before: readonly string[] = [],
  contextText: string | null = null,
): ReturnType<typeof readQuestion> =>
  readQuestion({
    question: { content, contextText } as Message,
    history: before.map((text) => ({ role: "user", content: text }) as Message),
  });

describe("a question is read", () => {
  test("as the words that say what is asked about", () => {
    expect(read("How do I connect it to Neon?")).toMatchObject({
      kind: "question",
      question: "connect Neon",
    });
    expect(read("what happens when the database is down?").question).toBe("database down");
  });

  test.each(["Hi", "hello there!", "Good morning."])("as a greeting: %s", (text) => {
    expect(read(text).kind).toBe("greeting");
  });

  test.each(["Thanks!", "ok, thank you so much", "Great, that helps."])("as thanks: %s", (text) => {
    expect(read(text).kind).toBe("thanks");
  });

  test.each(["great, how do I stop it", "hi, what is a scope?", "ok and then?"])("as neither: %s", (text) => {
    expect(["greeting", "thanks"]).not.toContain(read(text).kind);
  });

  test("with the one before it as background when it leans on it", () => {
    const before = ["How do I run it with Docker?", "thanks"];
    expect(read("and with Neon?", before)).toMatchObject({
      kind: "follow-up",
      question: "Neon",
      background: "run Docker",
    });
    expect(read("what about its limits?", before)).toMatchObject({
      kind: "follow-up",
      background: "run Docker",
    });
    expect(read("How do I make a backup?", before)).toMatchObject({ kind: "question", background: "" });
  });

  test("as asking for more of what was asked before", () => {
    expect(read("tell me more", ["What is a scope?", "why?"])).toMatchObject({
      kind: "more",
      question: "scope",
    });
  });

  test("with the selected text, which alone is what is asked about when nothing else is", () => {
    expect(read("What does this mean?", [], "A lease is renewed.")).toMatchObject({
      question: "lease renewed",
    });
    expect(read("How long is it?", [], "A lease is renewed.")).toMatchObject({
      question: "long",
      background: "lease renewed",
    });
  });

  test("as empty when it asks about nothing", () => {
    expect(read("what is it?").kind).toBe("empty");
    expect(read("?!").kind).toBe("empty");
  });

  test("of any length in time that does not grow with its square", () => {
    // The squares of these lengths would take hours.
    read(`hi${" ".repeat(1_000_000)}x`);
    expect(read("!".repeat(1_000_000)).kind).toBe("empty");
    expect(read("word ".repeat(200_000)).question.split(" ")).toHaveLength(64);
  });
});

test("a question for a definition knows the sentence that gives it", () => {
  const scope = read("What is a scope?");
  expect(defines("A scope is a stable key.", scope)).toBe(true);
  expect(defines("- `scope` means a key", scope)).toBe(true);
  expect(defines("Each scope is listed.", scope)).toBe(false);
  expect(defines("A scope is a key.", read("How do I list a scope?"))).toBe(false);
  expect(defines("Citations are stored.", read("what are citations"))).toBe(true);
});
