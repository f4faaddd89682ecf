import { randomUUID } from "node:crypto";

import type { Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, createReader, errorOf, newConversation } from "./fixture.ts";
import { Tree, codeOf, treesOf } from "./letters.ts";

/** What each act means while an answer is given. docs/guide/turns.md has the table. */
export function describeWhileRunning(open: OpenedFixture): void {
  const { letters } = treesOf(open);

  /** a-b, and behind a the question q, whose answer has said "It" and is the head. */
  const answering = async () => {
    const tree = await letters("ab");
    const question = { id: "q", content: "?", parent: "a" };
    const { turn, events } = await tree.history.startTurn(tree.me, tree.id, question);
    const reader = createReader(events);
    const run = await open().responder.started(tree.id);
    await run.emit("It");
    await reader.untilText("It");
    const finish = async (): Promise<void> => {
      await run.emit(" is.");
      run.finish();
      await reader.rest();
      expect(await tree.message(turn.replyId!)).toMatchObject({ content: "It is.", status: "complete" });
      expect((await tree.conversation()).runningTurn).toBeNull();
    };
    return { tree, turn, reply: turn.replyId!, reader, run, finish };
  };

  describe("while an answer is given", () => {
    it("asking, editing and regenerating are turn_in_progress with its id, and store nothing", async () => {
      const { tree, turn, reply, finish } = await answering();
      const { me, id, history } = tree;
      for (const work of [
        () => history.startTurn(me, id, { content: "and?" }),
        () => history.startTurn(me, id, { content: "otherwise?", parent: null }),
        () => history.regenerate(me, id, "q"),
        () => history.regenerate(me, id, reply),
      ])
        expect(await errorOf(work())).toMatchObject({ code: "turn_in_progress", turnId: turn.id });
      expect((await tree.page({ branches: "all" })).total).toBe(4);
      await finish();
    });

    it("appending puts messages behind it or elsewhere, and the preview is the head's", async () => {
      const { tree, reply, finish } = await answering();
      const [c] = await tree.append("c");
      expect(c?.parentId).toBe(reply);
      await tree.append("d", "b");
      expect(await tree.branch()).toBe("abd");
      await tree.head(reply);
      await finish();
      expect(await tree.conversation()).toMatchObject({ headId: "c", preview: "c" });
    });

    it("deleting its question or itself is refused; deleting what leads to it is not", async () => {
      const { tree, reply, finish } = await answering();
      expect(await codeOf(tree.remove("q"))).toBe("turn_in_progress");
      expect(await codeOf(tree.history.deleteMessage(tree.me, tree.id, reply))).toBe("turn_in_progress");
      expect(await codeOf(tree.history.deleteMessages(tree.me, tree.id, { from: "a" }))).toBe(
        "turn_in_progress",
      );
      expect(await tree.remove("ab")).toEqual({ deleted: 2 });
      await finish();
      expect((await tree.page()).messages.map(({ id }) => id)).toEqual(["q", reply]);
      await tree.history.restoreMessages(tree.me, tree.id, ["b", "a"]);
      expect((await tree.page()).messages.map(({ id }) => id)).toEqual(["a", "q", reply]);
    });

    it("restoring messages brings them back, and the answer stays the head", async () => {
      const { tree, reply, finish } = await answering();
      await tree.remove("b");
      expect(await tree.history.restoreMessages(tree.me, tree.id, ["b"])).toEqual({ restored: 1 });
      expect((await tree.conversation()).headId).toBe(reply);
      expect(await tree.versions("b")).toEqual(["b", "q"]);
      await finish();
    });

    it("forking copies what is settled: other branches and its question, not itself", async () => {
      const { tree, reply, finish } = await answering();
      const fork = (message: string) => tree.history.forkConversation(tree.me, tree.id, message);
      expect(await codeOf(fork(reply))).toBe("turn_in_progress");
      for (const [message, count] of [
        ["b", 2],
        ["q", 2],
      ] as const)
        expect(await fork(message)).toMatchObject({
          messageCount: count,
          runningTurn: null,
          waitingTurn: null,
          headId: message,
        });
      await finish();
    });

    it("clearing stops it and takes everything, and it writes nothing more", async () => {
      const { tree, turn, reader, run } = await answering();
      expect(await tree.history.clearMessages(tree.me, tree.id)).toEqual({ deleted: 4 });
      await run.aborted;
      await reader.rest().catch(() => undefined); // what it followed is gone
      expect(await tree.page({ branches: "all" })).toMatchObject({ messages: [], total: 0 });
      expect(await codeOf(tree.history.getTurn(tree.me, tree.id, turn.id))).toBe("turn_not_found");
      await ask(open(), tree.me, tree.id, { id: "q", content: "again?" });
      expect((await tree.page()).total).toBe(2);
    });

    it("erasing its owner's data takes everything, and it writes nothing more", async () => {
      const { tree, reader, run } = await answering();
      await tree.history.eraseData(tree.me);
      await run.aborted;
      await reader.rest().catch(() => undefined); // what it followed is gone
      expect(await codeOf(tree.conversation())).toBe("conversation_not_found");
      expect((await tree.history.listConversations(tree.me)).total).toBe(0);
    });

    it("deleting the conversation settles it as stopped, with all that was shown; restoring shows it", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await using other = await fixture.asRestarted();
      const { turn, events } = await fixture.history.startTurn(me, id, { id: "q", content: "?" });
      const reader = createReader(events);
      const run = await fixture.responder.started(id);
      await run.emit("It is a");
      await reader.untilText("It is a");
      await other.deleteConversation(me, id);
      await run.aborted;
      await reader.rest();
      expect(reader.answer()).toMatchObject({ status: "stopped" });
      expect(await other.restoreConversation(me, id)).toMatchObject({ runningTurn: null, messageCount: 2 });
      expect((await other.listMessages(me, id)).messages[1]).toMatchObject({
        content: "It is a",
        status: "stopped",
      });
      expect((await other.getTurn(me, id, turn.id)).turn.status).toBe("stopped");
    });

    it("claiming lets it go on under its new owner", async () => {
      const fixture = open();
      const user = fixture.owner();
      if (user.kind !== "user") return;
      const session: Owner = { kind: "session", id: randomUUID() };
      const { conversation } = await fixture.history.createConversation(session);
      const tree = new Tree(fixture.history, session, conversation.id);
      await tree.append("ab");
      const started = await fixture.history.startTurn(session, tree.id, {
        id: "q",
        content: "?",
        parent: "a",
      });
      const reader = createReader(started.events);
      const run = await fixture.responder.started(tree.id);
      await run.emit("It");
      await reader.untilText("It");
      await fixture.history.claimSession(user, session);
      await run.emit(" is.");
      run.finish();
      await reader.rest().catch(() => undefined); // its old owner's reader may be told that it is gone
      await expect
        .poll(async () => (await fixture.history.getConversation(user, tree.id)).runningTurn)
        .toBeNull();
      const { messages } = await fixture.history.listMessages(user, tree.id);
      expect(messages.map(({ content }) => content)).toEqual(["a", "?", "It is."]);
      expect(messages[1]?.versions).toEqual({ index: 2, count: 2 });
    });
  });
}
