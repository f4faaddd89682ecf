import type { Question } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask } from "./fixture.ts";
import { codeOf, treesOf } from "./letters.ts";

// No base64: its text stays in the message.
const PICTURE = `data:image/svg+xml,${"A".repeat(5 * 1024 * 1024)}`;

/** What a history promises of parents and versions. */
export function describeVersions(open: OpenedFixture): void {
  const { letters, questions } = treesOf(open);

  describe("parents and versions", () => {
    it("are told by each message: the one before it, and one version, where nothing was said anew", async () => {
      const tree = await letters("abc");
      const { messages } = await tree.page();
      expect(messages.map(({ parentId }) => parentId)).toEqual([null, "a", "b"]);
      expect(messages.map(({ versions }) => versions.index / versions.count)).toEqual([1, 1, 1]);
      expect((await tree.page({ limit: 1 })).messages[0]?.parentId).toBe("b");
      expect((await tree.page({ after: 1, limit: 1 })).messages[0]?.parentId).toBe("a");
      expect(await tree.message("c")).toMatchObject({ parentId: "b", versions: { index: 1, count: 1 } });
      const [d] = await tree.append("d");
      expect(d).toMatchObject({ seq: 4, parentId: "c", versions: { index: 1, count: 1 } });
    });

    it("a question behind an earlier message is a new version, and the conversation goes on from its answer", async () => {
      const tree = await questions();
      const { messages: before } = await tree.page();
      const { run } = await ask(
        open(),
        tree.me,
        tree.id,
        { id: "q2b", content: "two, then?", parent: before[1]!.id },
        ["two!"],
      );
      expect(run.request.history.map(({ content }) => content)).toEqual(["one?", "one."]);
      expect(run.request.question).toMatchObject({ id: "q2b", versions: { index: 2, count: 2 } });
      const { messages, total } = await tree.page();
      expect(messages.map(({ content }) => content)).toEqual(["one?", "one.", "two, then?", "two!"]);
      expect(messages[2]).toMatchObject({
        seq: 5,
        parentId: before[1]!.id,
        versions: { index: 2, count: 2 },
      });
      expect(messages.map(({ versions }) => versions.count)).toEqual([1, 1, 2, 1]);
      expect(total).toBe(4);
      expect(await tree.conversation()).toMatchObject({
        messageCount: 4,
        headId: messages[3]!.id,
        preview: "two!",
      });
      expect(await tree.message("q2")).toMatchObject({ versions: { index: 1, count: 2 } });
      expect(await tree.versions("q2b")).toEqual(["q2", "q2b"]);
    });

    it("a question with parent `null` is a version of the first", async () => {
      const tree = await questions();
      const { run } = await ask(open(), tree.me, tree.id, { id: "q1b", content: "other?", parent: null });
      expect(run.request.history).toEqual([]);
      const { messages, hasMore } = await tree.page();
      expect(messages.map((message) => message.id)).toEqual(["q1b", messages[1]!.id]);
      expect([messages[0]?.parentId, hasMore]).toEqual([null, false]);
      expect(await tree.versions("q1")).toEqual(["q1", "q1b"]);
      expect((await tree.conversation()).title).toBe("other?");
    });

    it("appended messages follow the head or their parent, each the one before", async () => {
      const tree = await letters("abc");
      expect((await tree.append("xy", "a")).map(({ parentId }) => parentId)).toEqual(["a", "x"]);
      expect(await tree.branch()).toBe("axy");
      await tree.append("z");
      expect(await tree.branch()).toBe("axyz");
      expect((await tree.page()).messages.map(({ seq }) => seq)).toEqual([1, 4, 5, 6]);
    });

    it("a parent that is not there is message_not_found, and nothing is stored", async () => {
      const tree = await letters("ab");
      expect(await codeOf(tree.append("x", "nobody"))).toBe("message_not_found");
      expect(await codeOf(tree.history.startTurn(tree.me, tree.id, { content: "?", parent: "nobody" }))).toBe(
        "message_not_found",
      );
      expect(await tree.branch()).toBe("ab");
    });

    it("a client's id is one over all branches", async () => {
      const tree = await letters("abc");
      await tree.append("x", "a");
      const [again] = await tree.append("c");
      expect(again).toMatchObject({ seq: 3, parentId: "b" });
      expect(await tree.branch()).toBe("ax");
      const other = tree.history.appendMessages(tree.me, tree.id, [
        { id: "c", role: "user", content: "other" },
      ]);
      expect(await codeOf(other)).toBe("idempotency_mismatch");
    });

    it("versions are asked for by id, in the order of arrival; of nobody's message they are not", async () => {
      const tree = await letters("ab");
      await tree.append("c", "a");
      await tree.append("d", "a");
      expect(await tree.history.listVersions(tree.me, tree.id, "c")).toMatchObject([
        { id: "b", role: "user", preview: "b" },
        { id: "c", role: "user", preview: "c" },
        { id: "d", role: "user", preview: "d" },
      ]);
      expect(await codeOf(tree.versions("z"))).toBe("message_not_found");
      const stranger = open().owner();
      expect(await codeOf(tree.history.listVersions(stranger, tree.id, "b"))).toBe("forbidden");
    });

    it("an expected head keeps two writers apart, and a repeated call is none", async () => {
      const tree = await letters("abc");
      const write = (id: string): Promise<unknown> =>
        tree.history.appendMessages(tree.me, tree.id, [{ id, role: "user", content: id }], {
          parent: "b",
          expectedHead: "c",
        });
      const codes = await Promise.all(Array.from("0123456789").map((id) => codeOf(write(id))));
      expect(codes.filter((code) => code === undefined)).toHaveLength(1);
      expect(new Set(codes)).toEqual(new Set([undefined, "conflict"]));
      expect(await codeOf(write(String(codes.indexOf(undefined))))).toBeUndefined();
      expect((await tree.branch()).slice(0, 2)).toBe("ab");
    });

    it.each<[string, Question]>([
      ["a blank text", { content: " " }],
      ["a text that is too long", { content: "x".repeat(10_001) }],
      ["a picture that is too large", { parts: [{ type: "file", mime: "image/png", url: PICTURE }] }],
      ["metadata that is too large", { content: "uno?", metadata: { all: "x".repeat(20 * 1024) } }],
      ["an id that is taken", { id: "q2", content: "uno?" }],
    ])("an edit to %s is refused, and changes nothing", async (_what, edit) => {
      const tree = await questions();
      const before = await tree.page();
      expect(await codeOf(tree.history.startTurn(tree.me, tree.id, { ...edit, parent: null }))).toMatch(
        /^(invalid_request|payload_too_large|idempotency_mismatch)$/,
      );
      expect(await tree.page()).toEqual(before);
      expect((await tree.page({ branches: "all" })).total).toBe(4);
      expect(await tree.history.getConversation(tree.me, tree.id)).toMatchObject({
        runningTurn: null,
        waitingTurn: null,
        headId: before.messages[3]!.id,
      });
    });

    it("two tabs that ask the same anew at once make two versions", async () => {
      const fixture = open();
      const tree = await letters("ab");
      await using other = await fixture.asRestarted();
      await Promise.all([
        tree.append("x", "a"),
        other.appendMessages(tree.me, tree.id, [{ id: "y", role: "user", content: "y" }], { parent: "a" }),
      ]);
      expect(new Set(await tree.versions("b"))).toEqual(new Set(["b", "x", "y"]));
    });
  });
}
