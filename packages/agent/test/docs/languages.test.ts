import { createDocs } from "@chatkeep/agent";
import { describe, expect, test } from "vitest";

import { docsOf, openStore } from "./fixture.ts";

const { store } = await openStore();

const FILES = {
  "ja.md": "# 運用\n\n夜間に日本のサーバーでデータベースの控えを取ります。猫は関係ありません。",
  "th.md": "# คู่มือ\n\nระบบสำรองฐานข้อมูลทุกคืนโดยอัตโนมัติ",
  "ko.md": "# 안내\n\n데이터베이스는 매일 밤에 백업됩니다.",
  "accents.md": "# Menu\n\nThe café opens at noon. A naïve façade.",
  "plain.md": "# Places\n\nThe bistro and the cafeteria; resume your walk.",
  "ru.md": "# Словарь\n\nРезервное копирование выполняется каждую ночь.",
  "el.md": "# Οδηγός\n\nΤο αντίγραφο ασφαλείας γίνεται κάθε βράδυ.",
  "mixed.md": "# Mixed\n\nPostgreSQLのバックアップ 🎉 は version 18 で速い。",
};

const find = async (question: string): Promise<string[]> => {
  const { docs } = await docsOf(store, "languages", FILES);
  return (await docs.search({ question, limit: 20 })).map(({ path }) => path);
};

describe("a search of docs", () => {
  test.each([
    ["データベース", "ja.md"],
    ["控え", "ja.md"],
    ["日本", "ja.md"],
    ["猫", "ja.md"],
    ["サーバーのデータベースは?", "ja.md"],
    ["ฐานข้อมูล", "th.md"],
    ["สำรอง", "th.md"],
    ["데이터베이스", "ko.md"],
    ["バックアップ", "mixed.md"],
    ["postgresql", "mixed.md"],
  ])("finds %s inside a sentence that has no spaces", async (question, path) => {
    expect((await find(question))[0]).toBe(path);
  });

  test("takes a letter with an accent for the one without, both ways", async () => {
    expect(await find("cafe")).toContain("accents.md");
    expect(await find("FAÇADE")).toEqual(["accents.md"]);
    expect(await find("résumé")).toEqual(["plain.md"]);
    expect(await find("naive")).toEqual(["accents.md"]);
  });

  test("takes no character for another one", async () => {
    expect(await find("日札")).toEqual([]);
    expect(await find("犬")).toEqual([]);
    expect(await find("สำรวจ")).not.toContain("ja.md");
  });

  test("corrects a typing error in any alphabet, and none in a number", async () => {
    expect(await find("cafetria")).toEqual(["plain.md"]);
    expect(await find("копирвание")).toEqual(["ru.md"]);
    expect(await find("αντιγραφα")).toEqual(["el.md"]);
    const { docs: machines } = await docsOf(store, "numbers", { "a.md": "# A\n\nThe valve v113x17 opens." });
    expect(await machines.search({ question: "v113x18" })).toEqual([]);
  });

  test("scores a text in any of these languages", async () => {
    const { docs } = await docsOf(store, "languages", FILES);
    expect(await docs.score({ question: "データベース" }, ["データベース", "データ", "猫"])).toEqual([
      1,
      expect.closeTo(0.4, 0),
      0,
    ]);
    expect(await docs.score({ question: "cafe" }, ["The café."])).toEqual([1]);
  });
});

test("docs that are ingested again while they are searched are never found half", async () => {
  const files = (word: string) =>
    Object.fromEntries(
      Array.from({ length: 5 }, (_, n) => [`d${n}.md`, `# D${n}\n\nThe lighthouse is ${word}.`]),
    );
  const { docs: changing } = await docsOf(store, "changing", files("white"));
  const { docs: other } = await docsOf(store, "other", files("black"));
  const ingested = new AbortController();
  const searching = (async () => {
    const sizes = new Set<number>();
    while (!ingested.signal.aborted)
      sizes.add((await changing.search({ question: "lighthouse", limit: 20 })).length);
    return sizes;
  })();
  for (const word of ["red", "green", "blue"]) {
    const { folder } = await docsOf(store, "unused", files(word));
    await createDocs({ store, folder, name: "changing" }).ingest();
  }
  ingested.abort();
  expect(await searching).toEqual(new Set([5]));
  expect(await other.search({ question: "black" })).toHaveLength(5);
  expect(await changing.search({ question: "black" })).toEqual([]);
});

test.each([
  ["nothing but signs", "# !\n\n— … « » ?! 🎉🎉 \\ ' \" & | <->"],
  ["nothing", ""],
  ["what looks like an encoded letter", "# u0z\n\nu0z u55296z u99999999999z n0u0z n0u1089z"],
  ["half a character", "# Half\n\n\ud83d and \udc00 here"],
  ["one word of 10,000 letters", `# Long\n\n${"x".repeat(10_000)} ${"字".repeat(10_000)}`],
])("a document of %s is stored and breaks no search", async (name, text) => {
  const { docs: odd } = await docsOf(store, `odd ${name}`, {
    "a.md": text,
    "b.md": "# B\n\nThe lighthouse.",
  });
  expect(await odd.search({ question: "lighthouse" })).toMatchObject([{ path: "b.md" }]);
  expect(await odd.document("a.md")).toMatchObject({ path: "a.md" });
  for (const question of [text, "x".repeat(10_000), "字".repeat(10_000), "u0z", "u99999999999z", "🎉"])
    expect(Array.isArray(await odd.search({ question }))).toBe(true);
  expect(await odd.score({ question: text }, [text, "", "other"])).toHaveLength(3);
});
