import type { Citation, ResponderEvent } from "@chatkeep/protocol";
import { expect, test } from "vitest";

import { createCitationReader } from "./citations.ts";

const SOURCES = ["a.md", "b.md", "c.md"].map((path): Citation => ({
  path,
  chapter: path,
  section: null,
  anchor: null,
  quote: null,
  score: null,
  url: null,
}));

function read(pieces: readonly string[]): { text: string; paths: string[]; dropped: unknown } {
  const reader = createCitationReader(SOURCES);
  const events: ResponderEvent[] = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.end()];
  let text = "";
  const paths: string[] = [];
  let dropped: unknown = 0;
  for (const event of events) {
    if (typeof event === "string") continue;
    if (event.type === "text") text += event.text;
    if (event.type === "citation") paths.push(event.citation.path);
    if (event.type === "data") dropped = event.data;
  }
  return { text, paths, dropped };
}

test("sources are cited in the order in which they are named, each once", () => {
  expect(read(["It is so [3]. And so [1][3]."])).toEqual({
    text: "It is so [1]. And so [2][1].",
    paths: ["c.md", "a.md"],
    dropped: 0,
  });
});

test("an invented source is taken out and counted", () => {
  expect(read(["True [2]. Invented [7]. Half [1, 9]."])).toEqual({
    text: "True [1]. Invented. Half [2].",
    paths: ["b.md", "a.md"],
    dropped: 2,
  });
});

test("markers that come in pieces are read whole, and brackets that are none stay", () => {
  const text = "See [2] and list[0x] or [link](x) [";
  const whole = read([text]);
  expect(read(Array.from(text))).toEqual(whole);
  expect(whole.text).toBe("See [1] and list[0x] or [link](x) [");
});
