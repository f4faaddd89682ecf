import type { OwnerUsage, ResponderEvent, Usage } from "@chatkeep/protocol";
import { describe, expect, it } from "vitest";

import { type OpenedFixture, ask, newConversation } from "./fixture.ts";

const USED: Usage = {
  inputTokens: 100,
  outputTokens: 20,
  totalTokens: 120,
  cachedTokens: 60,
  reasoningTokens: 5,
  cost: 0.1,
};
const ANSWER: readonly ResponderEvent[] = ["Hi.", { type: "model", model: "m", usage: USED }];
const NOTHING: OwnerUsage = { days: [], budgets: [] };

/** getUsage. */
export function describeUsage(open: OpenedFixture): void {
  describe("getUsage", () => {
    it("adds up the answers of a day and model, and is empty for others", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      expect(await fixture.history.getUsage(me)).toEqual(NOTHING);
      for (const model of ["b", "a", "b"]) {
        await ask(fixture, me, id, { content: "Hello" }, ["Hi.", { type: "model", model, usage: USED }]);
      }
      const { days, budgets } = await fixture.history.getUsage(me, { days: 1 });
      const day = days[0]!.day;
      expect(day).toMatch(/^\d{4}-\d\d-\d\d$/);
      const once = {
        day,
        answers: 1,
        inputTokens: 100,
        cachedTokens: 60,
        outputTokens: 20,
        reasoningTokens: 5,
        totalTokens: 120,
        cost: 0.1,
      };
      const twice = {
        day,
        answers: 2,
        inputTokens: 200,
        cachedTokens: 120,
        outputTokens: 40,
        reasoningTokens: 10,
        totalTokens: 240,
        cost: 0.2,
      };
      expect(days).toEqual([
        { model: "a", ...once },
        { model: "b", ...twice },
      ]);
      expect(budgets).toEqual([]);
      expect(await fixture.history.getUsage(fixture.owner())).toEqual(NOTHING);
    });

    it("counts an answer once after a retry, and another version once more", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const question = { id: "q", content: "Hello" };
      await ask(fixture, me, id, question, ANSWER);
      const again = await fixture.history.startTurn(me, id, question);
      for await (const _ of again.events);
      expect(await answersOf(fixture.history.getUsage(me))).toBe(1);
      const { events } = await fixture.history.regenerate(me, id, "q");
      const run = await fixture.responder.started(id);
      await run.emit({ type: "model", model: "m", usage: USED });
      run.finish();
      for await (const _ of events);
      expect(await answersOf(fixture.history.getUsage(me))).toBe(2);
    });

    it("keeps the counts of deleted conversations, and erases them with all", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      await ask(fixture, me, id, { content: "Hello" }, ANSWER);
      await fixture.history.clearMessages(me, id);
      await fixture.history.deleteConversation(me, id);
      const counted = await fixture.history.getUsage(me);
      expect(counted.days).toMatchObject([{ answers: 1, totalTokens: 120 }]);
      await fixture.history.eraseData(me);
      expect(await fixture.history.getUsage(me)).toEqual(NOTHING);
    });

    it("counts appended answers with usage once, and no copies", async () => {
      const fixture = open();
      const { me, id } = await newConversation(fixture);
      const answer = { role: "assistant", content: "Hi.", model: "m", usage: USED } as const;
      const [, stored] = await fixture.history.appendMessages(me, id, [
        { role: "user", content: "Hello" },
        { ...answer, id: "a" },
        { ...answer, role: "user" },
      ]);
      await fixture.history.appendMessages(me, id, [{ ...answer, id: "a" }]);
      await fixture.history.forkConversation(me, id, stored!.id);
      expect(await answersOf(fixture.history.getUsage(me))).toBe(1);
    });

    it("refuses a number of days below 1 and above 366", async () => {
      const fixture = open();
      const me = fixture.owner();
      for (const days of [0, 367]) {
        await expect(fixture.history.getUsage(me, { days })).rejects.toMatchObject({
          code: "invalid_request",
          pointer: "days",
        });
      }
    });
  });
}

async function answersOf(usage: Promise<OwnerUsage>): Promise<number> {
  return (await usage).days.reduce((sum, { answers }) => sum + answers, 0);
}
