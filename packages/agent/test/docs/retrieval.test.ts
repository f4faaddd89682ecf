import { createDocs } from "@chatkeep/agent";
import { describe, expect, test } from "vitest";

import { docsOf, GUIDE, openStore } from "./fixture.ts";
import { GUIDE_QUESTIONS } from "./questions.ts";

const { store } = await openStore();
const guide = createDocs({ store, folder: GUIDE, name: "guide" });
await guide.ingest();

const ask = async (question: string, more: object = {}): Promise<string[]> =>
  (await guide.search({ question, limit: 3, ...more })).map((passage) => passage.path);

describe("of the guide", () => {
  test.each(GUIDE_QUESTIONS)("$question → $document", async ({ question, document }) => {
    expect(await ask(question)).toContain(document);
  });

  test("at least four of five questions find their document first", async () => {
    const first = await Promise.all(
      GUIDE_QUESTIONS.map(async ({ question, document }) => (await ask(question))[0] === document),
    );
    expect(first.filter(Boolean).length / first.length).toBeGreaterThanOrEqual(0.8);
  });

  test("a slip of the pen, an unfinished word and a part of a name are forgiven", async () => {
    expect((await ask("conect to pgbuoncer"))[0]).toBe("the-database.md");
    expect((await ask("idempot"))[0]).toMatch(/errors|turns/);
    expect((await ask("chatkeep_grace"))[0]).toMatch(/deploying|operating|outages/);
    expect((await ask("last event id"))[0]).toBe("turns.md");
  });
});

describe("scores", () => {
  test("are from 0 to 1, best first, and none when no word is known", async () => {
    for (const { question } of GUIDE_QUESTIONS) {
      const scores = (await guide.search({ question, limit: 100 })).map((passage) => passage.score);
      expect(scores.every((score) => score > 0 && score <= 1)).toBe(true);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    }
    expect(await ask("zyzzyva quux")).toEqual([]);
    expect(await ask("")).toEqual([]);
    expect(await ask("?! … \0 ' \" \\ & | ! <-> :*")).toEqual([]);
  });

  test("rare words count more than common ones, headings more than text", async () => {
    const { docs } = await docsOf(store, "ranked", {
      "a.md": "# A\n\n## Apples\n\nThe red fruit of a tree.",
      "b.md": "# B\n\n## Other\n\nThe red fruit: apples.",
      "c.md": "# C\n\n## Red\n\nThe red fruit of a red bush.",
      "d.md": "# D\n\n## Red too\n\nAnother red fruit.",
    });
    const found = await docs.search({ question: "red apples" });
    expect(found.map((passage) => passage.path).slice(0, 2)).toEqual(["a.md", "b.md"]);
  });

  test("the background counts, and never against a passage", async () => {
    const scores = async (background: string): Promise<Map<string, number>> => {
      const found = await guide.search({ question: "connection", background, limit: 100 });
      return new Map(found.map(({ path, position, score }) => [`${path} ${position}`, score]));
    };
    const [alone, leaning] = [await scores(""), await scores("Neon hosted")];
    const gains = [...alone].map(([passage, score]) => (leaning.get(passage) ?? 0) - score);
    expect(Math.min(...gains)).toBe(0);
    expect(Math.max(...gains)).toBeGreaterThan(0.1);
  });

  test("a score of texts is the share of the question that each holds", async () => {
    const scores = await guide.score({ question: "resume stream" }, [
      "resuming a stream",
      "a stream",
      "",
      "other",
    ]);
    expect(scores).toEqual([1, expect.any(Number), 0, 0]);
    expect(scores[1]).toBeGreaterThan(0.2);
    expect(scores[1]).toBeLessThan(0.8);
  });
});

describe("places", () => {
  test("the document that the talk is about comes first among equals", async () => {
    const { docs } = await docsOf(store, "scoped", {
      "a.md": "# A\n\nPress the button.",
      "z.md": "# Z\n\nPress the button.",
    });
    const paths = async (scope: string | null): Promise<string[]> =>
      (await docs.search({ question: "button", scope })).map((passage) => passage.path);
    expect(await paths(null)).toEqual(["a.md", "z.md"]);
    for (const scope of ["z", "z.md", "/documents/z.md"])
      expect(await paths(scope)).toEqual(["z.md", "a.md"]);
    expect(await paths("somewhere else")).toEqual(["a.md", "z.md"]);
  });

  test("a search can be held to one document", async () => {
    expect(new Set(await ask("database", { document: "outages", limit: 20 }))).toEqual(
      new Set(["outages.md"]),
    );
    expect(await ask("database", { document: "gone" })).toEqual([]);
  });

  test("words of other languages and identifiers are found", async () => {
    const { docs } = await docsOf(store, "words", {
      "a.md":
        "# A\n\nÜber die Wörterbücher. См. также словарь. `createHistory({ pool })` is in /lib/history.ts.",
      "b.md": "# B\n\nNothing.",
    });
    for (const question of ["wörterbücher", "СЛОВАРЬ", "createHistory", "history.ts", "die"]) {
      expect((await docs.search({ question }))[0]?.path).toBe("a.md");
    }
  });
});
