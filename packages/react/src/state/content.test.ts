import type { Citation } from "@chatkeep/protocol";
import { expect, test } from "vitest";

import { messageContent, textOf } from "./content.ts";

const citation: Citation = {
  path: "a.md",
  chapter: "A",
  section: null,
  anchor: null,
  quote: null,
  score: null,
  url: null,
};

test("text that a citation interrupts stays one text", () => {
  const { content, citations } = messageContent([
    { type: "text", text: "Kept [1" },
    { type: "citation", citation },
    { type: "text", text: "] for you." },
  ]);
  expect(content).toEqual([{ kind: "text", text: "Kept [1] for you." }]);
  expect(citations).toEqual([citation]);
});

test("a tool's result stands with its call, and one without a call by itself", () => {
  const call = { type: "tool-call", id: "c", name: "add", arguments: "{" } as const;
  const result = { type: "tool-result", id: "c", result: 1 } as const;
  const orphan = { type: "tool-result", id: "x", result: 2 } as const;
  const parts = [
    { type: "text", text: "First." },
    call,
    { type: "text", text: "Then." },
    result,
    orphan,
  ] as const;
  expect(messageContent(parts).content.map((piece) => piece.kind)).toEqual(["text", "tool", "text", "tool"]);
  expect(messageContent(parts).content[1]).toEqual({ kind: "tool", call, result });
  expect(textOf(parts)).toBe("First.\n\nThen.");
});
