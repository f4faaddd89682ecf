import type { Feedback } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, errorOf } from "./fixture.ts";
import { type Tree, codeOf, treesOf } from "./letters.ts";

const GOOD: Feedback = { rating: "up", comment: null };
const BAD: Feedback = { rating: "down", comment: "It is \0 wrong \ud800 \ufdd0 😀." };

/** What a history promises of feedback. */
export function describeFeedback(open: OpenedFixture): void {
  const { questions } = treesOf(open);
  const give = (tree: Tree, id: string, feedback: Feedback | null): Promise<void> =>
    tree.history.setFeedback(tree.me, tree.id, id, feedback);
  const answers = async (tree: Tree): Promise<string[]> =>
    (await tree.page()).messages.filter(({ role }) => role === "assistant").map(({ id }) => id);

  describe("setFeedback", () => {
    it("is returned with the answer, and changes nothing else", async () => {
      const tree = await questions();
      const [first] = await answers(tree);
      const before = (await tree.page()).messages;
      const conversation = await tree.conversation();
      expect(before.map(({ feedback }) => feedback)).toEqual([null, null, null, null]);
      await give(tree, first!, BAD);
      const after = before.map((one) => (one.id === first ? { ...one, feedback: BAD } : one));
      await using other = await open().asRestarted();
      expect((await other.listMessages(tree.me, tree.id)).messages).toEqual(after);
      expect((await tree.page({ after: 1 })).messages).toEqual(after.slice(1));
      expect((await tree.page({ around: 2 })).messages).toEqual(after);
      expect((await tree.page({ branches: "all" })).messages).toEqual(after);
      expect(await tree.message(first!)).toEqual(after[1]);
      expect((await tree.history.getTurn(tree.me, tree.id, after[1]!.turnId!)).reply).toEqual(after[1]);
      expect(
        (await tree.history.getContext(tree.me, tree.id)).messages.map(({ message }) => message),
      ).toEqual(after);
      expect(await tree.conversation()).toEqual(conversation);
    });

    it("replaces earlier feedback, an equal one too; `null` removes it", async () => {
      const tree = await questions();
      const [first] = await answers(tree);
      for (const feedback of [GOOD, BAD, BAD, GOOD, null, null]) {
        await give(tree, first!, feedback);
        expect((await tree.message(first!)).feedback).toEqual(feedback);
      }
    });

    it("given several times at once, ends as one of them", async () => {
      const tree = await questions();
      const [first] = await answers(tree);
      await Promise.all(Array.from({ length: 8 }, (_, n) => give(tree, first!, n % 2 === 0 ? GOOD : BAD)));
      expect([GOOD, BAD]).toContainEqual((await tree.message(first!)).feedback);
    });

    it("belongs to one version, on every branch, and is not copied by a fork", async () => {
      const tree = await questions();
      const [, second] = await answers(tree);
      await give(tree, second!, BAD);
      const [version] = await tree.history.appendMessages(
        tree.me,
        tree.id,
        [{ role: "assistant", content: "two!" }],
        { parent: "q2" },
      );
      await give(tree, version!.id, GOOD);
      expect((await tree.page()).messages.map(({ feedback }) => feedback)).toEqual([null, null, null, GOOD]);
      expect((await tree.page({ leaf: second! })).messages.at(-1)?.feedback).toEqual(BAD);
      const fork = await tree.history.forkConversation(tree.me, tree.id, version!.id);
      const { messages } = await tree.history.listMessages(tree.me, fork.id);
      expect(messages.map(({ feedback }) => feedback)).toEqual([null, null, null, null]);
    });

    it("is restored with a deleted answer, and deleted with a cleared one", async () => {
      const tree = await questions();
      const [first] = await answers(tree);
      await give(tree, first!, BAD);
      await tree.history.deleteMessage(tree.me, tree.id, first!);
      expect(await codeOf(give(tree, first!, GOOD))).toBe("message_not_found");
      await tree.history.restoreMessages(tree.me, tree.id, [first!]);
      expect((await tree.message(first!)).feedback).toEqual(BAD);
      await tree.history.clearMessages(tree.me, tree.id);
      expect(await codeOf(give(tree, first!, GOOD))).toBe("message_not_found");
    });

    it("is exported", async () => {
      const tree = await questions();
      const [first] = await answers(tree);
      await give(tree, first!, BAD);
      const exported: (Feedback | null)[] = [];
      for await (const line of tree.history.exportData(tree.me))
        if (line.type === "message") exported.push(line.message.feedback);
      expect(exported).toEqual([null, BAD, null, null]);
    });

    it("is on answers only", async () => {
      const tree = await questions();
      const error = await errorOf(give(tree, "q1", GOOD));
      expect(error).toMatchObject({ code: "conflict", status: 409 });
      expect(await codeOf(give(tree, "q1", null))).toBe("conflict");
      expect(await codeOf(give(tree, "nobody", GOOD))).toBe("message_not_found");
    });

    it("accepts `up` and `down`, and a comment of at most 10,000 characters", async () => {
      const tree = await questions();
      const [first] = await answers(tree);
      await give(tree, first!, { rating: "up", comment: "😀".repeat(10_000) });
      expect(await codeOf(give(tree, first!, { rating: "up", comment: "x".repeat(10_001) }))).toBe(
        "invalid_request",
      );
      expect(await codeOf(give(tree, first!, { rating: "sideways" as "up", comment: null }))).toBe(
        "invalid_request",
      );
      await give(tree, first!, { rating: "up", comment: " \n" });
      expect((await tree.message(first!)).feedback).toEqual(GOOD);
    });
  });
}
