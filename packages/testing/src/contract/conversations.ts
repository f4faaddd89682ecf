import { randomUUID } from "node:crypto";

import { userIdOf } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, errorOf, newConversation } from "./fixture.ts";

const MILLISECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** createConversation, getConversation and updateConversation. */
export function describeConversations(open: OpenedFixture): void {
  describe("createConversation", () => {
    it("makes an empty conversation of the owner's", async () => {
      const { history, owner } = open();
      const me = owner();
      const { conversation, created } = await history.createConversation(me);
      expect(created).toBe(true);
      expect(conversation).toEqual({
        id: expect.stringMatching(/^[!-~]{1,128}$/) as string,
        userId: userIdOf(me),
        scope: null,
        scopeLabel: null,
        isDefault: false,
        tags: [],
        expiresAt: null,
        title: null,
        pinnedAt: null,
        archivedAt: null,
        messageCount: 0,
        headId: null,
        runningTurn: null,
        waitingTurn: null,
        preview: null,
        metadata: null,
        createdAt: expect.stringMatching(MILLISECONDS) as string,
        updatedAt: expect.stringMatching(MILLISECONDS) as string,
      });
    });

    it("keeps what it is given, and another node reads it at once", async () => {
      const { history, owner, asRestarted } = open();
      const me = owner();
      const init = {
        id: randomUUID(),
        scope: "docs/intro",
        scopeLabel: "Introduction",
        title: "My own title",
        metadata: { tags: ["a", 1, null], nested: { deep: true } },
      };
      const { conversation } = await history.createConversation(me, init);
      expect(conversation).toMatchObject(init);
      await using other = await asRestarted();
      expect(await other.getConversation(me, init.id)).toEqual(conversation);
    });

    it("makes a new one each time when neither id nor scope is given", async () => {
      const { history, owner } = open();
      const me = owner();
      const first = await history.createConversation(me);
      const second = await history.createConversation(me);
      expect(second.created).toBe(true);
      expect(second.conversation.id).not.toBe(first.conversation.id);
    });

    it("gets the conversation of an id that is there and leaves it as it is", async () => {
      const { history, owner } = open();
      const me = owner();
      const first = await history.createConversation(me, { id: randomUUID(), title: "First" });
      const again = await history.createConversation(me, { id: first.conversation.id, title: "Second" });
      expect(again).toEqual({ conversation: first.conversation, created: false });
    });

    it("takes any printable ASCII of 1 to 128 characters for an id", async () => {
      const { history, owner } = open();
      const me = owner();
      const ids = [
        `/?#%[]@!$&'()*+,;=:|\\"<>^\`{}~_-${randomUUID()}`,
        `%2F..%00${randomUUID()}`,
        `../${randomUUID()}`,
        randomUUID().padEnd(128, "x"),
      ];
      for (const id of ids) {
        expect((await history.createConversation(me, { id })).conversation.id).toBe(id);
        expect((await history.getConversation(me, id)).id).toBe(id);
      }
    });

    it.each(["", ".", "..", " ", "a b", "a\n", "a\u0000", "\ud800", "é", "x".repeat(129)])(
      "refuses the id %j",
      async (id) => {
        const { history, owner } = open();
        const me = owner();
        expect(await errorOf(history.createConversation(me, { id }))).toMatchObject({
          code: "invalid_request",
        });
        expect((await history.listConversations(me)).total).toBe(0);
      },
    );

    it("gets or creates the owner's default conversation of a scope", async () => {
      const { history, owner } = open();
      const me = owner();
      const intro = await history.createConversation(me, { scope: "intro", scopeLabel: "Introduction" });
      const setup = await history.createConversation(me, { scope: "setup" });
      const again = await history.createConversation(me, { scope: "intro" });
      expect(intro).toMatchObject({ created: true, conversation: { isDefault: true, scope: "intro" } });
      expect(setup).toMatchObject({ created: true, conversation: { isDefault: true, scope: "setup" } });
      expect(again).toEqual({ conversation: intro.conversation, created: false });
    });

    it("makes a new default when the one before was deleted", async () => {
      const { history, owner } = open();
      const me = owner();
      const before = await history.createConversation(me, { scope: "intro" });
      await history.deleteConversation(me, before.conversation.id);
      const after = await history.createConversation(me, { scope: "intro" });
      expect(after).toMatchObject({ created: true, conversation: { isDefault: true, messageCount: 0 } });
      expect(after.conversation.id).not.toBe(before.conversation.id);
    });

    it("keeps to one default of an owner and scope, whatever else is made there", async () => {
      const { history, owner } = open();
      const me = owner();
      await history.createConversation(me, { id: randomUUID(), scope: "intro" });
      await history.createConversation(me, { scope: "intro" });
      await history.createConversation(me, { id: randomUUID(), scope: "intro" });
      await history.createConversation(me, { scope: "intro" });
      const { conversations } = await history.listConversations(me, { scope: "intro" });
      expect(conversations.filter((conversation) => conversation.isDefault)).toHaveLength(1);
    });

    it("reuses the latest active conversation, and makes one only when there is none", async () => {
      const { history, owner } = open();
      const me = owner();
      const first = await history.createConversation(me, { reuse: "latest" });
      expect(first.created).toBe(true);
      const second = await history.createConversation(me);
      await history.appendMessages(me, first.conversation.id, [{ role: "user", content: "Hello" }]);
      const reused = await history.createConversation(me, { reuse: "latest" });
      expect(reused.created).toBe(false);
      expect(reused.conversation.id).toBe(first.conversation.id);
      expect(reused.conversation.id).not.toBe(second.conversation.id);
    });

    it("reuses within the scope that is given", async () => {
      const { history, owner } = open();
      const me = owner();
      const intro = await history.createConversation(me, { scope: "intro" });
      await history.createConversation(me);
      const reused = await history.createConversation(me, { scope: "intro", reuse: "latest" });
      expect(reused).toMatchObject({ created: false, conversation: { id: intro.conversation.id } });
      const made = await history.createConversation(me, { scope: "setup", reuse: "latest" });
      expect(made).toMatchObject({ created: true, conversation: { scope: "setup" } });
    });

    it.each([
      ["id", () => ({ id: randomUUID() })],
      ["scope", () => ({ scope: randomUUID() })],
      ["reuse of the latest", () => ({ reuse: "latest" as const })],
      ["reuse of the latest in a scope", () => ({ reuse: "latest" as const, scope: randomUUID() })],
    ])("makes one row for 50 calls at once by %s, and one of them says so", async (_by, init) => {
      const { history, owner, asRestarted } = open();
      await using other = await asRestarted();
      const me = owner();
      // Somebody who was here before: for somebody new, the making of the owner lets one through at a time.
      await history.deleteConversation(me, (await history.createConversation(me)).conversation.id);
      // And with connections open: else the first call is through before the others have theirs.
      await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? history : other).listConversations(me)),
      );
      const given = init();
      const all = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (index % 2 === 0 ? history : other).createConversation(me, given),
        ),
      );
      expect(new Set(all.map(({ conversation }) => conversation.id)).size).toBe(1);
      expect(all.filter(({ created }) => created)).toHaveLength(1);
      expect((await history.listConversations(me)).total).toBe(1);
    });
  });

  describe("getConversation", () => {
    it("tells what was said: count, preview and title", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "How do I install it?" }, ["With two", " commands."]);
      expect(await fixture.history.getConversation(me, id)).toMatchObject({
        messageCount: 2,
        preview: "With two commands.",
        title: "How do I install it?",
        runningTurn: null,
        waitingTurn: null,
      });
    });

    it("names the running turn", async () => {
      const fixture = open();
      const { history, responder } = fixture;
      const { me, id } = await newConversation(fixture);
      const { turn } = await history.startTurn(me, id, { content: "Hello" });
      expect((await history.getConversation(me, id)).runningTurn).toBe(turn.id);
      (await responder.started(id)).finish();
    });

    it("cuts the preview at 200 code points and never inside one", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      await history.appendMessages(me, id, [{ role: "user", content: `a${"😀".repeat(300)}` }]);
      const preview = (await history.getConversation(me, id)).preview ?? "";
      expect(Array.from(preview).length).toBeLessThanOrEqual(200);
      expect(Array.from(preview).length).toBeGreaterThan(100);
      expect(preview.isWellFormed()).toBe(true);
      expect(preview.startsWith("a😀")).toBe(true);
    });

    it("says that there is no conversation of an unknown id", async () => {
      const { history, owner } = open();
      const error = await errorOf(history.getConversation(owner(), randomUUID()));
      expect(error).toMatchObject({ code: "conversation_not_found", status: 404 });
    });
  });

  describe("updateConversation", () => {
    it("renames, pins, archives and annotates, and leaves the rest as it is", async () => {
      const fixture = open();
      const { history, asRestarted } = fixture;
      const { me, id } = await newConversation(fixture);
      await history.updateConversation(me, id, { metadata: { a: 1 } });
      const renamed = await history.updateConversation(me, id, { title: "My title" });
      expect(renamed).toMatchObject({ title: "My title", metadata: { a: 1 }, pinnedAt: null });
      const pinned = await history.updateConversation(me, id, { pinned: true });
      expect(pinned).toMatchObject({ title: "My title", archivedAt: null });
      expect(pinned.pinnedAt).toMatch(MILLISECONDS);
      const archived = await history.updateConversation(me, id, { archived: true });
      expect(archived).toMatchObject({ title: "My title", pinnedAt: pinned.pinnedAt });
      expect(archived.archivedAt).toMatch(MILLISECONDS);
      await using other = await asRestarted();
      expect(await other.getConversation(me, id)).toEqual(archived);
    });

    it("resets what was set", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      await history.updateConversation(me, id, {
        title: "My title",
        pinned: true,
        archived: true,
        metadata: { a: 1 },
      });
      const back = await history.updateConversation(me, id, {
        title: null,
        pinned: false,
        archived: false,
        metadata: null,
      });
      expect(back).toMatchObject({ title: null, pinnedAt: null, archivedAt: null, metadata: null });
    });

    it("changes nothing when nothing is named", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      const before = await history.updateConversation(me, id, { title: "My title", pinned: true });
      const after = await history.updateConversation(me, id, {});
      expect({ ...after, updatedAt: before.updatedAt }).toEqual(before);
    });

    it("makes the title from the first question, and never from a later one", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      await history.appendMessages(me, id, [{ role: "user", content: "What is it?" }]);
      expect((await history.getConversation(me, id)).title).toBe("What is it?");
      await history.appendMessages(me, id, [{ role: "user", content: "And why?" }]);
      expect((await history.getConversation(me, id)).title).toBe("What is it?");
    });

    it("leaves the marks of a block of code out of the title, unless nothing else was said", async () => {
      const fixture = open();
      const titleOf = async (content: string): Promise<string | null> => {
        const { me, id } = await newConversation(fixture);
        await fixture.history.appendMessages(me, id, [{ role: "user", content }]);
        return (await fixture.history.getConversation(me, id)).title;
      };
      expect(await titleOf("Why?\n\n```sql\nselect 1;\n```\nTell me.")).toBe("Why? select 1; Tell me.");
      expect(await titleOf("~~~~ a `b`\nls\n~~~~")).toBe("ls");
      expect(await titleOf("```x``` is what?")).toBe("```x``` is what?");
      expect(await titleOf("```sh\n```")).toBe("```sh ```");
    });

    it("never writes a title over a person's own", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await fixture.history.updateConversation(me, id, { title: "My title" });
      await ask(fixture, me, id, { content: "What is it?" });
      expect((await fixture.history.getConversation(me, id)).title).toBe("My title");
    });

    it("gives the title back to the one made from the first question", async () => {
      const fixture = open();
      const { history } = fixture;
      const { me, id } = await newConversation(fixture);
      await history.updateConversation(me, id, { title: "My title" });
      await history.appendMessages(me, id, [{ role: "user", content: "What is it?" }]);
      await history.appendMessages(me, id, [{ role: "user", content: "And why?" }]);
      expect((await history.updateConversation(me, id, { title: null })).title).toBe("What is it?");
    });

    it("says that there is no conversation of an unknown id", async () => {
      const { history, owner } = open();
      const error = await errorOf(history.updateConversation(owner(), randomUUID(), { title: "x" }));
      expect(error).toMatchObject({ code: "conversation_not_found" });
    });
  });
}
