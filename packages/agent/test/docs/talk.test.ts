import { createDocsResponder } from "@chatkeep/agent";
import type { MessageInput, Part, Responder } from "@chatkeep/protocol";
import { describe, expect, test } from "vitest";

import { eventsOf, requestFor, textOf } from "../request.ts";
import { docsOf, openStore } from "./fixture.ts";

const { store } = await openStore();
/** What the docs say; its folder is read once, by the first test. */
const FILES = {
  "install.md": `# Installing
## On Linux
On Linux, install it with the package manager of your distribution.
## On Windows
On Windows, run the installer and restart the machine.
## Limits
An installation takes at most four nodes.`,
  "backup.md": `# Backups
## Nightly backups
Backups run every night at two and are kept for a month.
## Limits
A backup holds at most one terabyte.`,
};
let respond: Responder | undefined;

/** Asks after what was said, and gives the answer's text and the parts that are kept of it. */
async function ask(
  question: string,
  history: readonly MessageInput[] = [],
): Promise<{ text: string; parts: Part[] }> {
  respond ??= createDocsResponder({ docs: (await docsOf(store, "talk", FILES)).docs });
  const events = await eventsOf(respond(requestFor({ question, history })));
  const parts = events.flatMap((event): Part[] => {
    if (typeof event === "string") return [];
    if (event.type === "citation" || event.type === "data") return [event];
    return [];
  });
  const text = textOf(events);
  return { text, parts: [...parts, { type: "text", text }] };
}

describe("a follow-up", () => {
  test("“and on Windows?” is asked of what was asked before", async () => {
    const { text } = await ask("And on Windows?", [
      { role: "user", content: "How do I install it on Linux?" },
      { role: "assistant", content: "Install it with the package manager." },
    ]);
    expect(text).toContain("run the installer and restart the machine");
    expect(text).toContain("[1]");
  });

  test("an ambiguous word is asked back about, once, and “the second one” is answered", async () => {
    const first = await ask("Limits?");
    expect(first.text).toMatch(/^Which of these do you mean\?\n\n1\. Limits \(\w+\)\n2\. Limits \(\w+\)$/);
    const history: MessageInput[] = [
      { role: "user", content: "Limits?" },
      { role: "assistant", parts: first.parts },
    ];
    const second = first.text.endsWith("(Backups)") ? "one terabyte" : "four nodes";
    expect((await ask("the second one", history)).text).toContain(second);
    const other = second === "four nodes" ? "one terabyte" : "four nodes";
    expect((await ask("1", history)).text).toContain(other);
  });

  test("“the first one” after an answer opens its first source", async () => {
    const before = await ask("When do backups run?");
    const { text } = await ask("the first one", [
      { role: "user", content: "When do backups run?" },
      { role: "assistant", parts: before.parts },
    ]);
    expect(text).toContain("every night at two");
  });
});

describe("of the conversation itself", () => {
  const history: MessageInput[] = [
    { role: "user", content: "My name is Ada Lovelace." },
    { role: "assistant", content: "Hello!" },
    { role: "user", content: "How long are backups kept?" },
    { role: "assistant", content: "They are kept for a month." },
    { role: "user", content: "My favourite colour is teal." },
    { role: "assistant", content: "Noted." },
  ];

  test("a name that was told is known, and one that was not is not invented", async () => {
    expect((await ask("What is my name?", history)).text).toContain("Ada Lovelace");
    expect((await ask("What's my name?")).text).toBe("You have not told me your name in this conversation.");
  });

  test("what a person said of their own is quoted", async () => {
    expect((await ask("What is my favourite colour?", history)).text).toContain(
      "My favourite colour is teal.",
    );
  });

  test("what was asked about something is quoted with its day", async () => {
    expect((await ask("What did I ask about backups?", history)).text).toBe(
      "You said about backups:\n\n- 2026-01-01: “How long are backups kept?”",
    );
    expect((await ask("What did I ask about backups yesterday?", history)).text).toBe(
      "I find nothing that you said about backups on 2025-12-31 in this conversation.",
    );
    expect((await ask("what did you say about a month", history)).text).toContain(
      "They are kept for a month.",
    );
  });

  test("the last question is told", async () => {
    expect((await ask("What was my last question?", history)).text).toContain("My favourite colour is teal.");
  });

  test("what is asked of the docs stays asked of the docs", async () => {
    expect((await ask("What is my limit for a backup?", history)).text).toContain("one terabyte");
  });
});
