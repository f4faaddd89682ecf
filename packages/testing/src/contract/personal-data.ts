import { randomUUID } from "node:crypto";

import type { ExportLine, History, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, errorOf, newConversation } from "./fixture.ts";

/** The trash, and claimSession, exportData and eraseData: what is done with all that is kept of one owner. */
export function describePersonalData(open: OpenedFixture): void {
  describe("restoreConversation", () => {
    it("takes a deleted conversation back with all that it held; a second time is a conflict", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "What is it?" });
      const before = (await fixture.history.listMessages(me, id)).messages;
      await fixture.history.deleteConversation(me, id);
      await using other = await fixture.asRestarted();
      const trash = await other.listTrash(me);
      expect(trash).toMatchObject({ conversations: [{ id, messageCount: 2 }], nextCursor: null });
      expect(Number.isNaN(Date.parse(trash.conversations[0]!.deletedAt))).toBe(false);
      expect(await other.restoreConversation(me, id)).toMatchObject({ id, messageCount: 2 });
      expect((await fixture.history.listMessages(me, id)).messages).toEqual(before);
      expect((await fixture.history.listConversations(me)).total).toBe(1);
      expect((await other.listTrash(me)).conversations).toEqual([]);
      expect((await errorOf(other.restoreConversation(me, id)))?.code).toBe("conflict");
    });

    it("leaves the default of a scope to the one that took its place", async () => {
      const { history, owner } = open();
      const me = owner();
      const first = await history.createConversation(me, { scope: "intro" });
      await history.deleteConversation(me, first.conversation.id);
      const second = await history.createConversation(me, { scope: "intro" });
      expect((await history.restoreConversation(me, first.conversation.id)).isDefault).toBe(false);
      expect((await history.createConversation(me, { scope: "intro" })).conversation.id).toBe(
        second.conversation.id,
      );
    });

    it("of another's, and of what was never there, gives nothing", async () => {
      const { history, owner } = open();
      const [me, stranger] = [owner(), owner()];
      const { conversation } = await history.createConversation(me);
      await history.deleteConversation(me, conversation.id);
      for (const id of [conversation.id, randomUUID()]) {
        expect((await errorOf(history.restoreConversation(stranger, id)))?.code).toBe(
          "conversation_not_found",
        );
      }
      expect((await history.listTrash(stranger)).conversations).toEqual([]);
    });
  });

  describe("listTrash", () => {
    it("pages by last activity, each once", async () => {
      const { history, owner } = open();
      const me = owner();
      const ids: string[] = [];
      for (let count = 0; count < 5; count++) {
        const { conversation } = await history.createConversation(me);
        await history.deleteConversation(me, conversation.id);
        ids.unshift(conversation.id);
      }
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await history.listTrash(me, { limit: 2, cursor });
        seen.push(...page.conversations.map(({ id }) => id));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual(ids);
    });
  });

  describe("exportData", () => {
    it("yields each conversation, archived and deleted ones too, followed by its messages in order", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "What is it?" });
      await fixture.history.updateConversation(me, id, { archived: true });
      const deleted = await fixture.history.createConversation(me);
      await fixture.history.appendMessages(me, deleted.conversation.id, [{ role: "user", content: "Gone" }]);
      await fixture.history.deleteConversation(me, deleted.conversation.id);
      await fixture.history.createConversation(fixture.owner());

      const lines = await exported(fixture.history, me);
      expect(lines.map(summaryOf)).toEqual([
        ["conversation", id, null],
        ["message", 1, "What is it?"],
        ["message", 2, "Yes."],
        ["conversation", deleted.conversation.id, expect.any(String)],
        ["message", 1, "Gone"],
        ["end", 2, 3],
      ]);
      expect(lines[1]).toMatchObject({ message: (await fixture.history.listMessages(me, id)).messages[0] });
    });

    it("of somebody of whom nothing is kept is its end", async () => {
      const { history, owner } = open();
      expect(await exported(history, owner())).toEqual([
        { type: "end", conversations: 0, messages: 0, files: 0 },
      ]);
    });
  });

  describe("eraseData", () => {
    it("erases all that is kept of the owner, says what it was, and leaves everybody else's", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "Forget it." });
      const deleted = await fixture.history.createConversation(me);
      await fixture.history.deleteConversation(me, deleted.conversation.id);
      const other = await newConversation(fixture);
      const receipt = await fixture.history.eraseData(me);
      expect(receipt).toMatchObject({ conversations: 2, messages: 2, turns: 1 });
      expect(Number.isNaN(Date.parse(receipt.erasedAt))).toBe(false);
      await using restarted = await fixture.asRestarted();
      for (const history of [fixture.history, restarted]) {
        expect((await exported(history, me)).map(summaryOf)).toEqual([["end", 0, 0]]);
        expect((await errorOf(history.restoreConversation(me, deleted.conversation.id)))?.code).toBe(
          "conversation_not_found",
        );
        expect((await history.listConversations(other.me)).total).toBe(1);
      }
    });
  });

  describe("claimSession", () => {
    it("moves a session's conversations to a user, once; to a session nothing is moved", async () => {
      const { history, owner } = open();
      const session: Owner = { kind: "session", id: randomUUID() };
      const me = owner();
      const isUser = me.kind === "user";
      const { conversation } = await history.createConversation(session, { scope: "intro" });
      const { id } = conversation;
      await history.appendMessages(session, id, [{ role: "user", content: "Mine" }]);
      const own = await history.createConversation(me, { scope: "intro" });

      const outcome: unknown = await history.claimSession(me, session).catch(() => "refused");
      expect(outcome).toEqual(isUser ? { claimed: 1 } : "refused");
      const [holder, other] = isUser ? [me, session] : [session, me];
      expect((await history.listMessages(holder, id)).messages).toMatchObject([{ content: "Mine" }]);
      expect((await errorOf(history.getConversation(other, id)))?.code).toBe("forbidden");
      expect((await history.listConversations(session)).total).toBe(isUser ? 0 : 1);
      expect((await history.getConversation(holder, id)).isDefault).toBe(!isUser);
      expect((await history.getConversation(me, own.conversation.id)).isDefault).toBe(true);
      for (const again of [me, owner()]) {
        const claimed: unknown = await history.claimSession(again, session).catch(() => "refused");
        expect(claimed).toEqual(isUser ? { claimed: 0 } : "refused");
      }
    });
  });
}

async function exported(history: History, owner: Owner): Promise<ExportLine[]> {
  const lines: ExportLine[] = [];
  for await (const line of history.exportData(owner)) lines.push(line);
  return lines;
}

function summaryOf(line: ExportLine): unknown[] {
  switch (line.type) {
    case "conversation":
      return [line.type, line.conversation.id, line.deletedAt];
    case "message":
      return [line.type, line.message.seq, line.message.content];
    case "queued":
      return [line.type, line.question.content];
    case "file":
      return [line.type, line.file.name];
    case "bytes":
      return [line.type, line.bytes];
    case "share":
      return [line.type, line.share.id];
    case "end":
      return [line.type, line.conversations, line.messages];
  }
}
