import type { History, Owner } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, errorOf, newConversation } from "./fixture.ts";

/** What `getMessage` and `deleteMessage` promise. */
export function describeDeletion(fixture: OpenedFixture): void {
  describe("one message", () => {
    it("is read by its id", async () => {
      const { me, id, history } = await three(fixture);
      const message = await history.getMessage(me, id, "b");
      expect(message).toMatchObject({ id: "b", seq: 2, content: "two" });
      expect(await codeOf(history.getMessage(me, id, "z"))).toBe("message_not_found");
      expect(await codeOf(history.getMessage(fixture().owner(), id, "b"))).toBe("forbidden");
      expect(await codeOf(history.deleteMessage(fixture().owner(), id, "b"))).toBe("forbidden");
    });

    it("is deleted, and the others keep their numbers; its number is given to no other", async () => {
      const { me, id, history } = await three(fixture);
      await history.deleteMessage(me, id, "b");
      expect(await codeOf(history.getMessage(me, id, "b"))).toBe("message_not_found");
      expect(await codeOf(history.deleteMessage(me, id, "b"))).toBe("message_not_found");
      const page = await history.listMessages(me, id);
      expect(page.messages.map(({ seq }) => seq)).toEqual([1, 3]);
      expect(page).toMatchObject({ total: 2, hasMore: false });

      await history.deleteMessage(me, id, "c");
      const [next] = await history.appendMessages(me, id, [{ id: "d", role: "user", content: "four" }]);
      expect(next?.seq).toBe(4);
      expect((await history.getConversation(me, id)).messageCount).toBe(2);
    });

    it("is passed over by every window, and counted in no total", async () => {
      const { me, id, history } = await three(fixture);
      await history.appendMessages(me, id, [{ id: "d", role: "user", content: "four" }]);
      for (const gone of ["a", "c"]) await history.deleteMessage(me, id, gone);
      const ids = async (query: Parameters<History["listMessages"]>[2]): Promise<unknown> => {
        const { messages, hasMore, total } = await history.listMessages(me, id, query);
        return [messages.map((message) => message.id), hasMore, total];
      };
      expect(await ids({ limit: 1 })).toEqual([["d"], true, 2]);
      expect(await ids({ limit: 1, offset: 1 })).toEqual([["b"], false, 2]);
      expect(await ids({ limit: 1, before: 4 })).toEqual([["b"], false, 2]);
      expect(await ids({ limit: 1, after: 0 })).toEqual([["b"], false, 2]);
      expect(await history.clearMessages(me, id)).toEqual({ deleted: 2 });
      expect(await ids({})).toEqual([[], false, 0]);
    });

    it("leaves the list the message before it, and no words of its own", async () => {
      const { me, id, history } = await three(fixture);
      await history.deleteMessage(me, id, "c");
      expect(await history.getConversation(me, id)).toMatchObject({ preview: "two", title: "one" });
      await history.deleteMessage(me, id, "a");
      expect(await history.getConversation(me, id)).toMatchObject({ preview: "two", title: "two" });
      await history.deleteMessage(me, id, "b");
      expect(await history.getConversation(me, id)).toMatchObject({
        preview: null,
        title: null,
        messageCount: 0,
      });
    });

    it("takes its turn along when it is a question, but not while that runs", async () => {
      const { history, responder } = fixture();
      const { me, id } = await newConversation(fixture());
      const { turn, events } = await history.startTurn(me, id, { id: "q", content: "why?" });
      const run = await responder.started(id);
      expect(await codeOf(history.deleteMessage(me, id, "q"))).toBe("turn_in_progress");
      expect(await codeOf(history.deleteMessage(me, id, turn.replyId ?? ""))).toBe("turn_in_progress");
      await run.emit("because");
      run.finish();
      for await (const _ of events) {
        // To the end.
      }
      await history.deleteMessage(me, id, turn.replyId ?? "");
      expect(await history.getTurn(me, id, turn.id)).toMatchObject({ reply: null, message: { id: "q" } });
      await history.deleteMessage(me, id, "q");
      expect(await codeOf(history.getTurn(me, id, turn.id))).toBe("turn_not_found");

      const again = await history.startTurn(me, id, { id: "q", content: "and why not?" });
      const second = await responder.started(id);
      expect(second.request.history).toEqual([]);
      second.finish();
      for await (const _ of again.events) {
        // To the end.
      }
    });
  });
}

async function three(fixture: OpenedFixture): Promise<{ me: Owner; id: string; history: History }> {
  const { history } = fixture();
  const { me, id } = await newConversation(fixture());
  await history.appendMessages(me, id, [
    { id: "a", role: "user", content: "one" },
    { id: "b", role: "user", content: "two" },
    { id: "c", role: "user", content: "three" },
  ]);
  return { me, id, history };
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return (await errorOf(work))?.code;
}
