import { randomUUID } from "node:crypto";

import type { MessageInput, Owner, Part } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, createReader, errorOf, newConversation } from "./fixture.ts";
import { codeOf, treesOf } from "./letters.ts";

const SECRET = "only for the owner";

/** What a history promises of links. */
export function describeShares(open: OpenedFixture): void {
  const { letters, questions } = treesOf(open);
  const textOf = async (token: string): Promise<string> =>
    (await open().history.listShared(token, { limit: 100 })).messages.map(({ content }) => content).join("");

  describe("a link", () => {
    it("shows its branch as it was, without later messages and other branches", async () => {
      const tree = await letters("abc");
      const { share, token } = await tree.history.createShare(tree.me, tree.id, { name: "Ada 😀" });
      expect(token).toMatch(/^[\w-]{43}$/);
      expect(share).toMatchObject({
        conversationId: tree.id,
        messageId: "c",
        name: "Ada 😀",
        expiresAt: null,
      });
      await tree.append("d");
      await tree.append("xy", "a");
      expect(await textOf(token)).toBe("abc");
      const early = await tree.history.createShare(tree.me, tree.id, { messageId: "x" });
      expect(await textOf(early.token)).toBe("ax");
      const { title } = await tree.history.getShared(token);
      await tree.history.updateConversation(tree.me, tree.id, { title: "Private" });
      await using other = await open().asRestarted();
      expect((await other.getShared(token)).title).toBe(title);
      expect(await other.getShared(token)).toMatchObject({ name: "Ada 😀", live: false, expiresAt: null });
    });

    it("that is live also shows later messages, on the branch that the owner sees", async () => {
      const tree = await letters("ab");
      const { token, share } = await tree.history.createShare(tree.me, tree.id, { live: true });
      expect(share.messageId).toBeNull();
      await tree.append("c");
      expect(await textOf(token)).toBe("abc");
      await tree.append("x", "a");
      expect(await textOf(token)).toBe("ax");
      expect(await tree.history.getShared(token)).toMatchObject({ live: true, name: null });
    });

    it("pages forth and back", async () => {
      const tree = await letters("abcdefgh");
      const { token } = await tree.history.createShare(tree.me, tree.id, { messageId: "g" });
      const page = await tree.history.listShared(token, { limit: 3 });
      expect(page).toMatchObject({ total: 7, hasMore: true });
      expect(page.messages.map(({ id }) => id).join("")).toBe("efg");
      const older = await tree.history.listShared(token, { limit: 9, before: page.messages[0]!.seq });
      expect([older.messages.map(({ id }) => id).join(""), older.hasMore]).toEqual(["abcd", false]);
      const newer = await tree.history.listShared(token, { limit: 2, after: 3 });
      expect(newer.messages.map(({ id }) => id).join("")).toBe("de");
    });

    it("shows text, citations, sources and files, and nothing else of any message", async () => {
      const { history, owner } = open();
      const me = owner();
      const { conversation } = await history.createConversation(me, { title: "Shown", metadata: { SECRET } });
      const { id } = conversation;
      const citation = {
        path: "a.md",
        chapter: "A",
        section: null,
        anchor: null,
        quote: "Q",
        score: 1,
        url: null,
      };
      const provider = { openai: { itemId: SECRET } };
      const parts: Part[] = [
        { type: "reasoning", text: SECRET },
        { type: "tool-call", id: "c1", name: "look", arguments: JSON.stringify({ SECRET }) },
        { type: "tool-result", id: "c1", result: { SECRET } },
        { type: "data", name: "private", data: SECRET },
        { type: "text", text: "Shown.", metadata: provider, ui: { SECRET } },
        { type: "citation", citation },
        { type: "source", id: "s", url: "https://example.org", metadata: provider },
      ];
      const hidden: Omit<MessageInput, "role"> = { metadata: { SECRET }, intent: SECRET, model: SECRET };
      await history.appendMessages(me, id, [
        { role: "system", content: SECRET },
        { role: "user", content: "Question?", contextText: "selected", ...hidden },
        { role: "assistant", parts, usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 }, ...hidden },
        { role: "assistant", parts: [{ type: "tool-call", id: "c2", name: SECRET, arguments: "{}" }] },
        { role: "tool", parts: [{ type: "tool-result", id: "c2", result: SECRET }] },
        { id: "last", role: "assistant", content: "End." },
      ]);
      await history.setFeedback(me, id, "last", { rating: "down", comment: SECRET });
      const { token } = await history.createShare(me, id);
      const { messages } = await history.listShared(token);
      expect(messages.map(({ role, content, contextText }) => [role, content, contextText])).toEqual([
        ["user", "Question?", "selected"],
        ["assistant", "Shown.", null],
        ["assistant", "End.", null],
      ]);
      expect(messages[1]!.parts).toEqual([
        { type: "text", text: "Shown." },
        { type: "citation", citation },
        { type: "source", id: "s", url: "https://example.org" },
      ]);
      const told = JSON.stringify([messages, await history.getShared(token)]);
      for (const secret of [SECRET, id, me.id]) expect(told).not.toContain(secret);
    });

    it("serves the files of its branch, and no other files of its owner", async () => {
      const { history, owner } = open();
      const me = owner();
      const { conversation } = await history.createConversation(me);
      const { id } = conversation;
      const put = async (name: string): Promise<string> =>
        (await history.putFile(me, { name, mediaType: "text/plain" }, Buffer.from(name))).id;
      const [shown, later, lone] = [await put("shown"), await put("later"), await put("lone")];
      const say = (message: string, file: string): MessageInput => ({
        id: message,
        role: "user",
        parts: [{ type: "file", url: "", mime: "", file }],
      });
      await history.appendMessages(me, id, [say("a", shown)]);
      const { token } = await history.createShare(me, id);
      await history.appendMessages(me, id, [say("b", later)]);
      const part = (await history.listShared(token)).messages[0]!.parts[0];
      expect(part).toMatchObject({
        type: "file",
        file: shown,
        name: "shown",
        url: `/api/shared/${token}/files/${shown}`,
      });
      expect(await history.getSharedFile(token, shown)).toMatchObject({ name: "shown", size: 5 });
      expect(await bytesOf(history.readSharedFile(token, shown, { start: 1 }))).toBe("hown");
      for (const file of [later, lone, randomUUID(), "x"]) {
        expect(await codeOf(history.getSharedFile(token, file))).toBe("file_not_found");
        expect(await codeOf(bytesOf(history.readSharedFile(token, file)))).toBe("file_not_found");
      }
    });

    it("is gone when it is deleted, expired, or its conversation or last message is deleted", async () => {
      const tree = await letters("abc");
      const { history, me, id } = tree;
      const { share, token } = await history.createShare(me, id, { messageId: "b" });
      const isGone = async (): Promise<void> => {
        expect(await errorOf(history.getShared(token))).toMatchObject({
          code: "share_not_found",
          status: 404,
        });
        expect(await codeOf(history.listShared(token))).toBe("share_not_found");
        expect(await codeOf(history.getSharedFile(token, randomUUID()))).toBe("share_not_found");
        expect(await codeOf(history.forkShared(open().owner(), token))).toBe("share_not_found");
      };
      await tree.remove("a");
      expect(await textOf(token)).toBe("b");
      await tree.remove("b");
      await isGone();
      await history.restoreMessages(me, id, ["b"]);
      await history.deleteConversation(me, id);
      await isGone();
      await history.restoreConversation(me, id);
      expect(await textOf(token)).toBe("b");
      await history.clearMessages(me, id);
      await isGone();
      await history.deleteShare(me, share.id);
      await isGone();
      expect(await codeOf(history.deleteShare(me, share.id))).toBe("share_not_found");
      const soon = { live: true, expiresAt: new Date(Date.now() + 400).toISOString() };
      const brief = await history.createShare(me, id, soon);
      await expect.poll(() => codeOf(history.getShared(brief.token))).toBe("share_not_found");
      expect(await history.listShares(me)).toEqual([]);
    });

    it("is exported without its token, and gone with its owner's data", async () => {
      const tree = await letters("ab");
      const { history, me, id } = tree;
      const { token } = await history.createShare(me, id);
      const lines: unknown[] = [];
      for await (const line of history.exportData(me)) if (line.type === "share") lines.push(line.share);
      expect(lines).toEqual(await history.listShares(me));
      expect(lines).toHaveLength(1);
      await history.eraseData(me);
      expect(await codeOf(history.getShared(token))).toBe("share_not_found");
      expect(await history.listShares(me)).toEqual([]);
    });

    it("is listed and deleted by its owner only", async () => {
      const tree = await letters("ab");
      const { history, me, id } = tree;
      const { conversation } = await history.createConversation(me);
      const first = await history.createShare(me, id);
      const second = await history.createShare(me, conversation.id, { live: true });
      expect(await history.listShares(me)).toEqual([second.share, first.share]);
      expect(await history.listShares(me, conversation.id)).toEqual([second.share]);
      expect(JSON.stringify(await history.listShares(me))).not.toContain(first.token);
      const stranger = open().owner();
      await history.createConversation(stranger);
      expect(await history.listShares(stranger, id)).toEqual([]);
      expect(await codeOf(history.deleteShare(stranger, first.share.id))).toBe("share_not_found");
      expect(await codeOf(history.createShare(stranger, id))).toBe("forbidden");
      expect(await textOf(first.token)).toBe("ab");
    });

    it("is not found by a string that is no token", async () => {
      const { history } = open();
      for (const token of ["x", "A".repeat(43), `${"A".repeat(42)}%`, "A".repeat(128)])
        expect(await codeOf(history.getShared(token))).toBe("share_not_found");
    });

    it("is refused while its last answer runs, and shows no running answer", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const { history } = fixture;
      const live = await history.createShare(me, id, { live: true });
      expect(await codeOf(history.createShare(me, id))).toBe("message_not_found");
      const { events } = await history.startTurn(me, id, { content: "What is it?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("It is");
      await reader.untilText("It is");
      expect(await codeOf(history.createShare(me, id))).toBe("turn_in_progress");
      expect(await textOf(live.token)).toBe("What is it?");
      run.finish();
      await reader.rest();
      expect(await textOf(live.token)).toBe("What is it?It is");
    });

    it("accepts a name of at most 200 characters, a future time, and a last message or `live`", async () => {
      const tree = await letters("ab");
      const make = (init: object): Promise<string | undefined> =>
        codeOf(tree.history.createShare(tree.me, tree.id, init));
      expect(await make({ name: "x".repeat(201) })).toBe("invalid_request");
      expect(await make({ expiresAt: "2020-01-01T00:00:00Z" })).toBe("invalid_request");
      expect(await make({ expiresAt: "soon" })).toBe("invalid_request");
      expect(await make({ live: true, messageId: "a" })).toBe("invalid_request");
      expect(await make({ messageId: "nobody" })).toBe("message_not_found");
    });
  });

  describe("forkShared", () => {
    it("copies the shown messages and files into the reader's history, once for each id", async () => {
      const tree = await questions();
      const { history, me, id } = tree;
      const file = await history.putFile(
        me,
        { name: "a.txt", mediaType: "text/plain" },
        Buffer.from("words"),
      );
      await history.appendMessages(me, id, [
        {
          role: "user",
          parts: [
            { type: "text", text: "three?" },
            { type: "file", url: "", mime: "", file: file.id },
          ],
        },
        { role: "tool", parts: [{ type: "tool-result", id: "c", result: SECRET }] },
        { role: "assistant", content: "three." },
      ]);
      await history.updateConversation(me, id, { title: "Counting" });
      const { token } = await history.createShare(me, id);
      const reader: Owner = open().owner();
      const copy = await history.forkShared(reader, token, { id: randomUUID() });
      expect(await history.forkShared(reader, token, { id: copy.id })).toMatchObject({
        id: copy.id,
        messageCount: 6,
      });
      expect(copy).toMatchObject({ title: "Counting", messageCount: 6 });
      const { messages } = await history.listMessages(reader, copy.id);
      expect(messages.map(({ content }) => content)).toEqual([
        "one?",
        "one.",
        "two?",
        "two.",
        "three?",
        "three.",
      ]);
      const part = messages[4]!.parts.find(({ type }) => type === "file") as { file: string };
      expect(part.file).not.toBe(file.id);
      await history.eraseData(me);
      expect(await bytesOf(history.readFile(reader, part.file))).toBe("words");
      const fixture = open();
      const { run } = await ask(fixture, reader, copy.id, { content: "four?" });
      expect(run.request.history.map(({ content }) => content)).toHaveLength(6);
      expect(await codeOf(history.getConversation(fixture.owner(), copy.id))).toBe("forbidden");
    });

    it("into another owner's conversation is refused", async () => {
      const tree = await letters("ab");
      const { token } = await tree.history.createShare(tree.me, tree.id);
      expect(await codeOf(tree.history.forkShared(open().owner(), token, { id: tree.id }))).toBe("forbidden");
      expect((await tree.page()).total).toBe(2);
    });

    it("into the reader's conversation with other messages is a conflict, and changes nothing", async () => {
      const tree = await letters("ab");
      const { token } = await tree.history.createShare(tree.me, tree.id);
      const other = await letters("xy");
      expect(await codeOf(tree.history.forkShared(other.me, token, { id: other.id }))).toBe("conflict");
      expect(await other.branch()).toBe("xy");
    });
  });
}

async function bytesOf(file: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of file) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
