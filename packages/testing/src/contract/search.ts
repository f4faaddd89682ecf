import type { Owner, SearchQuery } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type HistoryFixture, type OpenedFixture, ask, errorOf, newConversation } from "./fixture.ts";

/** A conversation with these messages of a person. */
async function withMessages(
  fixture: HistoryFixture,
  contents: readonly string[],
): Promise<{ me: Owner; id: string }> {
  const made = await newConversation(fixture);
  await fixture.history.appendMessages(
    made.me,
    made.id,
    contents.map((content) => ({ role: "user" as const, content })),
  );
  return made;
}

/** The contents that a search finds, best first. */
async function found(fixture: HistoryFixture, me: Owner, query: SearchQuery | string): Promise<string[]> {
  const search = typeof query === "string" ? { text: query } : query;
  return (await fixture.history.searchMessages(me, search)).hits.map(({ message }) => message.content);
}

/** Finding messages by their words, and windows around what was found. */
export function describeSearch(open: OpenedFixture): void {
  describe("searchMessages", () => {
    it("finds messages that hold every word, whatever their order, case, accents and forms", async () => {
      const { me } = await withMessages(open(), [
        "The nightly Backups ran.",
        "Backups of the café run in the night.",
        "Nothing here.",
      ]);
      expect(await found(open(), me, "RUNNING backup")).toEqual(["Backups of the café run in the night."]);
      expect(await found(open(), me, "cafe")).toEqual(["Backups of the café run in the night."]);
      expect(await found(open(), me, "backup nothing")).toEqual([]);
    });

    it("finds phrases, beginnings, and leaves out what must not be there", async () => {
      const { me } = await withMessages(open(), [
        "restore the database",
        "the database may restore itself",
        "connections are pooled",
      ]);
      expect(await found(open(), me, '"restore the database"')).toEqual(["restore the database"]);
      expect(await found(open(), me, "connecti*")).toEqual(["connections are pooled"]);
      expect(await found(open(), me, "data*")).toHaveLength(2);
      expect(await found(open(), me, "database -itself")).toEqual(["restore the database"]);
    });

    it.each([
      ["Chinese", "我们昨天讨论了数据库备份的问题", "数据库"],
      ["Chinese, the last two", "我们昨天讨论了数据库备份", "备份"],
      ["Chinese, one character", "我们昨天讨论了数据库备份", "据"],
      ["Japanese", "バックアップは毎晩実行されます", "毎晩"],
      ["Thai", "สำรองข้อมูลทุกคืน", "ข้อมูล"],
      ["Korean", "백업은 매일 밤 실행됩니다", "백업"],
      ["Russian", "Резервная копия базы", "КОПИЯ"],
      ["Arabic", "النسخ الاحتياطي كل ليلة", "ليلة"],
      ["German", "Größere Überprüfung", "uberprufung"],
      ["letters and digits", "The code is R2D2-42x.", "r2d2"],
    ])("finds %s", async (_language, content, text) => {
      const { me } = await withMessages(open(), [content, "Something else."]);
      const { hits } = await open().history.searchMessages(me, { text });
      expect(hits.map(({ message }) => message.content)).toEqual([content]);
      const { snippet } = hits[0]!;
      expect(snippet.text).toBe(content.slice(snippet.start, snippet.start + snippet.text.length));
      expect(snippet.marks.length).toBeGreaterThan(0);
    });

    it("marks what was found, as places in the snippet", async () => {
      const content = `${"Before it there is much that is not meant. ".repeat(20)}The nightly backup failed.`;
      const { me } = await withMessages(open(), [content]);
      const { hits } = await open().history.searchMessages(me, { text: "backups nightly" });
      const { text, start, marks } = hits[0]!.snippet;
      expect(content.slice(start, start + text.length)).toBe(text);
      expect(marks.map((mark) => text.slice(mark.start, mark.end))).toEqual(["nightly", "backup"]);
      expect(text.length).toBeLessThanOrEqual(200);
    });

    it("finds what stands in strings that a database cannot hold", async () => {
      const { me } = await withMessages(open(), ["before\0after \ud800 lonely", "other"]);
      expect(await found(open(), me, "after lonely")).toEqual(["before\0after \ud800 lonely"]);
      expect(await found(open(), me, "\ud800 lonely")).toHaveLength(1);
    });

    it("tells the conversation of what was found, and pages without repeating", async () => {
      const fixture = open();
      const me = fixture.owner();
      const all: string[] = [];
      for (let n = 0; n < 3; n++) {
        const { conversation } = await fixture.history.createConversation(me, {
          scope: `chapter ${n}`,
          scopeLabel: `Chapter ${n}`,
          title: `Thread ${n}`,
        });
        const contents = [`needle ${n} a`, `needle ${n} b`];
        all.push(...contents);
        await fixture.history.appendMessages(
          me,
          conversation.id,
          contents.map((content) => ({ role: "user" as const, content })),
        );
      }
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await fixture.history.searchMessages(me, { text: "needle", limit: 4, cursor });
        for (const hit of page.hits) {
          const n = hit.message.content.split(" ")[1];
          expect(hit).toMatchObject({
            title: `Thread ${n}`,
            scope: `chapter ${n}`,
            scopeLabel: `Chapter ${n}`,
          });
          seen.push(hit.message.content);
        }
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen.toSorted()).toEqual(all);
      expect(await found(fixture, me, { text: "needle", scope: "chapter 1" })).toHaveLength(2);
    });

    it("finds titles: a renamed one at once, an old or deleted one never", async () => {
      const fixture = open();
      const { me, id } = await withMessages(fixture, ["How do otters sleep?"]);
      const titles = async (query: SearchQuery): Promise<(string | null)[]> =>
        (await fixture.history.searchMessages(me, query)).titles.map(({ title }) => title);
      // Made from the question.
      expect(await titles({ text: "otter" })).toEqual(["How do otters sleep?"]);
      await fixture.history.updateConversation(me, id, { title: "Rivers 河流的名字", archived: true });
      expect(await titles({ text: "otter" })).toEqual([]);
      const page = await fixture.history.searchMessages(me, { text: "名字 riv*" });
      expect(page.hits).toEqual([]);
      const [{ title, marks } = { title: "", marks: [] }] = page.titles;
      expect(marks.map((mark) => title?.slice(mark.start, mark.end))).toEqual(["Rivers", "名字"]);
      await fixture.history.updateConversation(me, id, { title: null });
      expect(await titles({ text: "rivers" })).toEqual([]);
      expect(await titles({ text: "otter" })).toHaveLength(1);
      await fixture.history.deleteConversation(me, id);
      expect(await titles({ text: "otter" })).toEqual([]);
      await fixture.history.restoreConversation(me, id);
      expect(await titles({ text: "otter" })).toHaveLength(1);
    });

    it("finds titles of a scope and of a time, with the first page only", async () => {
      const fixture = open();
      const me = fixture.owner();
      for (const scope of ["one", "two"]) {
        await fixture.history.createConversation(me, { scope, title: `Otters of ${scope}` });
      }
      const { conversation } = await fixture.history.createConversation(me, {
        title: "An otter\u0000\ud800",
      });
      const answers = ["An otter.", "Another otter."].map((content) => ({ role: "user" as const, content }));
      await fixture.history.appendMessages(me, conversation.id, answers);
      const titles = async (query: Omit<SearchQuery, "text">): Promise<(string | null)[]> =>
        (await fixture.history.searchMessages(me, { text: "otter", ...query })).titles.map(
          ({ title }) => title,
        );
      expect(new Set(await titles({}))).toEqual(
        new Set(["An otter\u0000\ud800", "Otters of one", "Otters of two"]),
      );
      expect(await titles({ scope: "two" })).toEqual(["Otters of two"]);
      expect(await titles({ since: conversation.createdAt })).toContain("An otter\u0000\ud800");
      expect(await titles({ since: "2999-01-01T00:00:00.000Z" })).toEqual([]);
      expect(await titles({ until: "2000-01-01T00:00:00.000Z" })).toEqual([]);
      expect(await titles({ role: "user" })).toEqual([]);
      expect(await titles({ conversationId: conversation.id })).toEqual([]);
      const first = await fixture.history.searchMessages(me, { text: "otter", limit: 1 });
      expect(await titles({ limit: 1, cursor: first.nextCursor ?? undefined })).toEqual([]);
      const other = fixture.owner();
      expect((await fixture.history.searchMessages(other, { text: "otter" })).titles).toEqual([]);
    });

    it("finds the messages of a role and of a time, page by page", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "An otter in spring?" }, ["The otter of spring swims."]);
      await ask(fixture, me, id, { content: "An otter in autumn?" }, ["The otter of autumn sleeps."]);
      const { messages } = await fixture.history.listMessages(me, id);
      const [spring, , autumn] = messages.map(({ createdAt }) => createdAt);
      const otters = (query: Omit<SearchQuery, "text">) => found(fixture, me, { text: "otter", ...query });
      expect(await otters({ role: "user", since: spring })).toHaveLength(2);
      expect((await otters({ role: "assistant" })).toSorted()).toEqual([
        "The otter of autumn sleeps.",
        "The otter of spring swims.",
      ]);
      expect(await otters({ role: "system" })).toEqual([]);
      expect(await otters({ role: "user", since: autumn })).toContain("An otter in autumn?");
      expect(await otters({ since: "2999-01-01T00:00:00.000Z" })).toEqual([]);
      expect(await otters({ until: "2000-01-01T00:00:00.000Z" })).toEqual([]);
      expect(await otters({ until: spring })).toEqual([]);
      const first = await fixture.history.searchMessages(me, { text: "otter", role: "user", limit: 1 });
      const cursor = first.nextCursor ?? undefined;
      const second = await fixture.history.searchMessages(me, {
        text: "otter",
        role: "user",
        limit: 1,
        cursor,
      });
      const seqs = [...first.hits, ...second.hits].map(({ message }) => message.seq);
      expect(seqs.toSorted((a, b) => a - b)).toEqual([1, 3]);
      expect(second.nextCursor).toBeNull();
    });

    it.each([
      ["since", "yesterday"],
      ["since", ""],
      ["until", "2026-13-45T00:00:00Z"],
      ["until", "infinity"],
      ["until", "9999-12-31T23:59:59-23:59"],
    ] as const)("refuses %s %j, which is no time", async (name, time) => {
      const { history, owner } = open();
      expect(await errorOf(history.searchMessages(owner(), { text: "word", [name]: time }))).toMatchObject({
        code: "invalid_request",
        pointer: name,
      });
    });

    it("takes no cursor that it did not give", async () => {
      const { history, owner } = open();
      for (const cursor of ["", "-1", "1e3", "1.5", "0x10", "5000", "99999", "٣", "1 or 1=1", "\0", " 1"]) {
        await expect(history.searchMessages(owner(), { text: "word", cursor })).rejects.toMatchObject({
          code: "invalid_request",
          pointer: "cursor",
        });
      }
    });

    it("finds a question at once and its answer when it is settled", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "Where is the giraffe?" }, ["It is in the zoological garden."]);
      expect(await found(fixture, me, "giraffe")).toEqual(["Where is the giraffe?"]);
      const { hits } = await fixture.history.searchMessages(me, { text: "zoological", conversationId: id });
      expect(hits).toMatchObject([{ message: { role: "assistant", seq: 2 } }]);
    });

    it("finds nothing that was deleted or cleared, and nothing of others", async () => {
      const fixture = open();
      const { me, id } = await withMessages(fixture, ["a secret platypus"]);
      expect(await found(fixture, fixture.owner(), "platypus")).toEqual([]);
      const other = await withMessages(fixture, ["another platypus"]);
      expect(await found(fixture, other.me, "platypus")).toEqual(["another platypus"]);
      await fixture.history.clearMessages(me, id);
      expect(await found(fixture, me, "platypus")).toEqual([]);
      await fixture.history.deleteConversation(other.me, other.id);
      expect(await found(fixture, other.me, "platypus")).toEqual([]);
      await fixture.history.restoreConversation(other.me, other.id);
      expect(await found(fixture, other.me, "platypus")).toEqual(["another platypus"]);
    });

    it.each(["", " ", "?!", "-word", '""'])("refuses %j, which names no word", async (text) => {
      const { history, owner } = open();
      expect(await errorOf(history.searchMessages(owner(), { text }))).toMatchObject({
        code: "invalid_request",
        pointer: "q",
      });
    });

    it.each(["a & b | !c", "'quoted'", "x:*", "(((", "\\", "a:b:*", "<-> <2>", '"unclosed'])(
      "takes %j for words",
      async (text) => {
        const { me } = await withMessages(open(), ["a b c quoted x unclosed"]);
        const page = open().history.searchMessages(me, { text });
        expect((await errorOf(page))?.code ?? "invalid_request").toBe("invalid_request");
      },
    );
  });

  describe("listMessages around a number", () => {
    it("gives half of the window up to it and half behind it", async () => {
      const { me, id } = await withMessages(
        open(),
        Array.from({ length: 30 }, (_, n) => `message ${n + 1}`),
      );
      const around = async (seq: number, limit: number): Promise<number[]> =>
        (await open().history.listMessages(me, id, { around: seq, limit })).messages.map((one) => one.seq);
      expect(await around(15, 6)).toEqual([13, 14, 15, 16, 17, 18]);
      expect(await around(1, 6)).toEqual([1, 2, 3, 4]);
      expect(await around(30, 4)).toEqual([29, 30]);
      expect(await around(15, 1)).toEqual([15]);
    });
  });

  describe("getContext", () => {
    it("gives the latest whole turns, within its budget, oldest first", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "What is it?" }, ["It is a scope."]);
      const context = await fixture.history.getContext(me, id, { question: "And its limits?" });
      expect(context.messages.map(({ message, recalled }) => [message.content, recalled])).toEqual([
        ["What is it?", false],
        ["It is a scope.", false],
      ]);
      expect(context.tokens).toBe(context.messages.reduce((sum, one) => sum + one.tokens, 0));
      expect(context.tokens).toBeLessThan(context.tokenBudget);
      expect(context.summary).toBeNull();
    });

    it("recalls an old turn that fits the question, whole, marked and in order", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const turns = Array.from({ length: 200 }, (_, n) => [
        { role: "user" as const, content: `Question number ${n} is about nothing much.` },
        { role: "assistant" as const, content: `Answer number ${n} says little.` },
      ]).flat();
      turns[20] = { role: "user", content: "My sister lives in Valparaíso." };
      turns[21] = { role: "assistant", content: "Then she sees the Pacific." };
      await fixture.history.appendMessages(me, id, turns);
      const { messages } = await fixture.history.getContext(me, id, {
        question: "Which ocean is near my sister in Valparaiso?",
      });
      const recalled = messages.filter((one) => one.recalled).map(({ message }) => message.content);
      expect(recalled).toEqual(
        expect.arrayContaining(["My sister lives in Valparaíso.", "Then she sees the Pacific."]),
      );
      const seqs = messages.map(({ message }) => message.seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      expect(messages.at(-1)?.message.content).toBe("Answer number 199 says little.");
    });

    it("holds no word of another conversation, scope or owner", async () => {
      const fixture = open();
      const filler = Array.from({ length: 80 }, (_, n) => ({ role: "user" as const, content: `Talk ${n}.` }));
      const me = fixture.owner();
      const secret = [{ role: "user" as const, content: "The password is xylophone." }];
      for (const scope of ["one", "two"]) {
        const { conversation } = await fixture.history.createConversation(me, { scope });
        if (scope === "one") await fixture.history.appendMessages(me, conversation.id, secret);
        await fixture.history.appendMessages(me, conversation.id, filler);
        const { messages } = await fixture.history.getContext(me, conversation.id, {
          question: "What is the xylophone password?",
        });
        const told = messages.some(({ message }) => message.content.includes("xylophone"));
        expect(told).toBe(scope === "one");
      }
    });
  });

  describe("getTurnContext", () => {
    it("tells by their numbers which messages the responder was given", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "What is it?" }, ["It is a scope."]);
      const { turn } = await ask(fixture, me, id, { content: "And its limits?" }, ["None."]);
      // It is kept beside the answer, which does not wait for it.
      await expect
        .poll(() => fixture.history.getTurnContext(me, id, turn.id))
        .toMatchObject({ latest: [1, 2], recalled: [], summary: null, tokens: expect.any(Number) });
    });
  });
}
