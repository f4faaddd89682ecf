import { ownerId } from "@chatkeep/core";
import { type Owner, type ResponderEvent, type Usage, budgetOf, isChatkeepError } from "@chatkeep/protocol";
import { fileDatabase } from "@chatkeep/testing";
import { ask, collect } from "@chatkeep/testing/contract";
import { afterAll, describe, expect, it } from "vitest";

import { newSession, newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const BUDGETS = { tokensPerDay: 100, costPerMonth: 10 };
const fixture = openFixture(database.url, newUser, { budgets: BUDGETS });
const { history, responder } = fixture;
afterAll(() => fixture.close());

const using = (totalTokens: number, cost = 0): ResponderEvent[] => [
  { type: "model", model: "m", usage: { inputTokens: totalTokens, outputTokens: 0, totalTokens, cost } },
];

async function newConversation(me: Owner = newUser()): Promise<{ me: Owner; id: string }> {
  return { me, id: (await history.createConversation(me)).conversation.id };
}

async function refusal(work: Promise<unknown>) {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return isChatkeepError(error, "rate_limited") ? error : undefined;
}

describe("a budget that is used up", () => {
  it("refuses the next question before the model is asked, and says what is left and when it is renewed", async () => {
    const { me, id } = await newConversation();
    await ask(fixture, me, id, { content: "Hello" }, using(99));
    await ask(fixture, me, id, { content: "Hello" }, using(2, 3));
    const calls = responder.calls(id);
    const error = await refusal(history.startTurn(me, id, { id: "late", content: "More" }));
    const tomorrow = new Date();
    tomorrow.setUTCHours(24, 0, 0, 0);
    const renewsAt = tomorrow.toISOString();
    expect(error?.message).toBe(`The budget of 100 tokens a day is used up. It is renewed at ${renewsAt}.`);
    expect(error && budgetOf(error)).toEqual({
      unit: "tokens",
      period: "day",
      limit: 100,
      used: 101,
      left: 0,
      renewsAt,
    });
    expect(error!.retryAfter).toBeLessThanOrEqual((tomorrow.getTime() - Date.now()) / 1000 + 60);
    expect(error!.retryAfter).toBeGreaterThan(0);
    expect(responder.calls(id)).toBe(calls);
    expect(await history.holdsMessages(me, id, ["late"])).toBe(false);
    expect((await history.getUsage(me)).budgets).toEqual([
      { unit: "tokens", period: "day", limit: 100, used: 101, left: 0, renewsAt },
      {
        unit: "cost",
        period: "month",
        limit: 10,
        used: 3,
        left: 7,
        renewsAt: new Date(Date.UTC(tomorrow.getUTCFullYear(), new Date().getUTCMonth() + 1)).toISOString(),
      },
    ]);
  });

  it("answers a retry of what was asked before, and no other version of it", async () => {
    const { me, id } = await newConversation();
    const question = { id: "q", content: "Hello" };
    const { turn } = await ask(fixture, me, id, question, using(100));
    const again = await history.startTurn(me, id, question);
    expect(again.turn.id).toBe(turn.id);
    await collect(again.events);
    expect(await refusal(history.regenerate(me, id, "q"))).toMatchObject({ code: "rate_limited" });
    expect((await history.listVersions(me, id, turn.replyId!)).length).toBe(1);
  });

  it("names the one that is renewed last", async () => {
    const { me, id } = await newConversation();
    await ask(fixture, me, id, { content: "Hello" }, using(100, 10));
    const error = await refusal(history.startTurn(me, id, { content: "More" }));
    expect(error && budgetOf(error)).toMatchObject({ unit: "cost", period: "month" });
  });

  it("is not of another owner, nor of one whose own budget is larger or has no limit", async () => {
    const { me, id } = await newConversation();
    await history.setBudgets(me, { tokensPerDay: 0 });
    await ask(fixture, me, id, { content: "Hello" }, using(1000));
    await ask(fixture, me, id, { content: "Hello" }, using(1));
    expect((await history.getUsage(me)).budgets).toMatchObject([{ unit: "cost" }]);
    await history.setBudgets(me, { tokensPerDay: 1001, tokensPerMonth: 5000 });
    const error = await refusal(history.startTurn(me, id, { content: "More" }));
    expect(error && budgetOf(error)).toMatchObject({ period: "day", used: 1001, left: 0 });
    await history.setBudgets(me, {});
    expect((await history.getUsage(me)).budgets).toMatchObject([{ limit: 100 }, { limit: 10 }]);
    await expect(history.setBudgets(me, { tokensPerDay: -1 })).rejects.toMatchObject({
      pointer: "/tokens_per_day",
    });
    const other = await newConversation();
    await ask(fixture, other.me, other.id, { content: "Hello" });
  });

  it("holds a question that waits; who sends it again is told when the budget is renewed", async () => {
    const { me, id } = await newConversation();
    const { events } = await history.startTurn(me, id, { content: "Hello" });
    const run = await responder.started(id);
    const question = { id: "next", content: "More", whenBusy: "queue" } as const;
    const waiting = collect((await history.startTurn(me, id, question)).events);
    for (const event of using(100)) await run.emit(event);
    run.finish();
    await collect(events);
    await expect(waiting).rejects.toMatchObject({
      code: expect.stringMatching(/^(conflict|rate_limited)$/),
      message: expect.stringContaining("is used up"),
    });
    expect(await history.listQueuedQuestions(me, id)).toMatchObject([{ id: "next", held: true }]);
    const error = await refusal(history.startTurn(me, id, question));
    expect(error && budgetOf(error)).toMatchObject({ unit: "tokens", period: "day", left: 0 });
    expect(await history.listQueuedQuestions(me, id)).toMatchObject([{ id: "next", held: true }]);
    await history.setBudgets(me, { tokensPerDay: 0 });
    const again = await history.startTurn(me, id, question);
    const last = await responder.started(id);
    await last.emit("At last.");
    last.finish();
    await collect(again.events);
    expect(await history.listQueuedQuestions(me, id)).toEqual([]);
  });

  it("of one owner is checked where there are no defaults", async () => {
    await using node = await fixture.asRestarted({ budgets: {} });
    const { me, id } = await newConversation();
    await ask({ ...fixture, history: node }, me, id, { content: "Hello" }, using(1000));
    await node.setBudgets(me, { tokensPerMonth: 1000 });
    expect(await refusal(node.startTurn(me, id, { content: "More" }))).toMatchObject({
      code: "rate_limited",
    });
  });
});

describe("usage", () => {
  it("of two answers that are stored at once is counted without waiting", async () => {
    const { me, id } = await newConversation();
    await ask(fixture, me, id, { content: "Hello" }, using(1));
    const holder = await database.pool.connect();
    await holder.query("begin");
    await holder.query("select from chatkeep.usage_days where owner_id = $1 for update", [ownerId(me)]);
    await ask(fixture, me, id, { content: "Hello" }, using(2));
    await ask(fixture, me, id, { content: "Hello" }, using(4));
    await holder.query("commit");
    holder.release();
    await ask(fixture, me, id, { content: "Hello" }, using(8));
    expect((await history.getUsage(me)).days).toMatchObject([{ answers: 4, totalTokens: 15 }]);
    const { rowCount } = await database.pool.query("select from chatkeep.usage_days where owner_id = $1", [
      ownerId(me),
    ]);
    expect(rowCount).toBe(2);
  });

  it("that is no number, negative or endless ends no turn, and is counted as far as it makes sense", async () => {
    const { me, id } = await newConversation();
    await history.setBudgets(me, { tokensPerDay: 0 });
    const odd = { inputTokens: "7", outputTokens: -3, totalTokens: 1e300, cost: null } as unknown as Usage;
    const { turn } = await ask(fixture, me, id, { content: "Hello" }, [
      "Hi.",
      { type: "model", model: "\0\ud800".repeat(5000), usage: odd },
    ]);
    expect((await history.getTurn(me, id, turn.id)).turn.status).toBe("complete");
    expect((await history.getUsage(me)).days).toMatchObject([
      { answers: 1, inputTokens: 0, outputTokens: 0, totalTokens: 1e12, cost: 0 },
    ]);
  });

  it("of an answer that was written elsewhere is not counted", async () => {
    const { me, id } = await newConversation();
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    const createdAt = "2020-02-02T00:00:00.000Z";
    await history.appendMessages(me, id, [{ role: "assistant", content: "Hi.", usage, createdAt }]);
    expect((await history.getUsage(me)).days).toEqual([]);
  });

  it("of all owners is summed by day and model", async () => {
    const before = await history.sumUsage({ days: 1 });
    const [one, other] = [await newConversation(), await newConversation(newSession())];
    const answer: ResponderEvent[] = [
      { type: "model", model: "sum", usage: { inputTokens: 1, outputTokens: 2, totalTokens: null } },
    ];
    for (const { me, id } of [one, one, other]) await ask(fixture, me, id, { content: "Hello" }, answer);
    const after = await history.sumUsage({ days: 1 });
    expect(after.length).toBe(before.length + 1);
    expect(after.find(({ model }) => model === "sum")).toMatchObject({
      owners: 2,
      answers: 3,
      inputTokens: 3,
      outputTokens: 6,
      totalTokens: 9,
    });
  });

  it("of a session is added to that of the user who claims it", async () => {
    const [user, session] = [await newConversation(), await newConversation(newSession())];
    for (const { me, id } of [user, session]) await ask(fixture, me, id, { content: "Hello" }, using(5));
    // As where both took one row.
    await database.pool.query("update chatkeep.usage_days set slot = 7 where owner_id = any ($1)", [
      [ownerId(user.me), ownerId(session.me)],
    ]);
    await history.claimSession(user.me, session.me);
    expect((await history.getUsage(user.me)).days).toMatchObject([{ answers: 2, totalTokens: 10 }]);
  });
});
