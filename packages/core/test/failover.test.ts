import type { CoreHistory } from "@chatkeep/core";
import type { TurnEvent } from "@chatkeep/protocol";
import { createDatabase, startDatabaseProxy, startPostgres, startStandby } from "@chatkeep/testing";
import { expect, it, onTestFinished } from "vitest";

import { newUser, openFixture } from "./fixture.ts";
import { readerOf, textOf } from "./reader.ts";

/** Two nodes on the address of a primary that has a standby. */
async function openPair(options: { synchronous: boolean }) {
  const primary = await startPostgres();
  const { pool, url } = await createDatabase({ server: primary.url("postgres") });
  await pool.end();
  const standby = await startStandby(primary, options);
  const address = await startDatabaseProxy(url);
  const fixture = openFixture(address.url, newUser);
  const other = await fixture.asRestarted();
  onTestFinished(async () => {
    await other.close();
    await fixture.close();
    await address[Symbol.asyncDispose]();
    await standby.remove();
    await primary.remove();
  });
  return {
    ...fixture,
    other,
    standby,
    async killPrimary() {
      process.kill(primary.pid(), "SIGKILL");
      await primary.stop("immediate");
    },
    async failOver() {
      await standby.promote();
      address.leadTo(standby.url(new URL(url).pathname.slice(1)));
      const health = async (node: CoreHistory) => (await node.health()).status;
      for (const node of [fixture.history, other]) await expect.poll(() => health(node)).toBe("ok");
    },
  };
}

it("a synchronous standby takes the place of a primary that was killed: nothing acknowledged is lost, and answers go on", async () => {
  const { history, other, responder, killPrimary, failOver } = await openPair({ synchronous: true });
  const turns = await Promise.all(
    ["one", "two", "three"].map(async (name) => {
      const me = newUser();
      const { conversation } = await history.createConversation(me);
      const { turn, events } = await history.startTurn(me, conversation.id, { content: name });
      const run = await responder.started(conversation.id);
      const reader = readerOf(events);
      await run.emit("Before. ");
      await reader.until("Before. ");
      return { me, id: conversation.id, turn, run, reader };
    }),
  );
  await killPrimary();
  for (const { run } of turns) await run.emit("During. ");
  await failOver();
  for (const { me, id, turn, run, reader } of turns) {
    await reader.until("Before. During. ");
    await run.emit("After.");
    run.finish();
    await reader.rest();
    const { reply } = await other.getTurn(me, id, turn.id);
    expect(reply).toMatchObject({ status: "complete", content: "Before. During. After." });
    const log: TurnEvent[] = [];
    for await (const event of other.followTurn(me, id, turn.id)) log.push(event);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    expect(textOf(log)).toBe("Before. During. After.");
  }
});

it("a reader whose last events an asynchronous standby lacks is told, and gets no other words under their numbers", async () => {
  const { history, other, responder, standby, killPrimary, failOver } = await openPair({
    synchronous: false,
  });
  const me = newUser();
  const { conversation } = await history.createConversation(me);
  const { id } = conversation;
  const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
  const run = await responder.started(id);
  const reader = readerOf(events);
  await run.emit("Kept. ");
  await reader.until("Kept. ");
  await standby.caughtUp();
  await standby.cutOff();
  const shown: TurnEvent[] = [];
  const before = other.followTurn(me, id, turn.id)[Symbol.asyncIterator]();
  await run.emit("Lost. ");
  while (textOf(shown) !== "Kept. Lost. ") shown.push((await before.next()).value);
  const after = shown.at(-1)!.seq;
  await killPrimary();
  await failOver();

  const resume = async (from: number): Promise<TurnEvent[]> => {
    const got: TurnEvent[] = [];
    for await (const event of other.followTurn(me, id, turn.id, { after: from })) got.push(event);
    return got;
  };
  await expect(resume(after)).rejects.toMatchObject({ code: "events_expired" });
  expect((await other.getTurn(me, id, turn.id)).reply?.content).toBe("Kept. ");
  // Its node lives, and goes on.
  await run.emit("More.");
  await reader.until("Kept. Lost. More.");
  await expect(resume(after - 1)).rejects.toMatchObject({ code: "events_expired" });
  run.finish();
  await reader.rest();
  const { reply } = await other.getTurn(me, id, turn.id);
  expect(reply).toMatchObject({ status: "complete", content: "Kept. Lost. More." });
});
