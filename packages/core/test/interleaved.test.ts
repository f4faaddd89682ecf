import { ownerId } from "@chatkeep/core";
import type { Message, Owner, TurnEvent } from "@chatkeep/protocol";
import { type Run, createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { newSession, newUser, openFixture } from "./fixture.ts";

const database = await fileDatabase();
const responder = createScriptedResponder();
const { history, asRestarted, close } = openFixture(database.url, newSession, { lease: 600_000 }, responder);
/** A node that looks for dead ones as soon as it is used. */
const other = await asRestarted({ lease: 1000 });
afterAll(() => Promise.all([close(), other.close()]));

/** Keeps every step that writes events at its insert, until `end`. */
async function holdEvents(): Promise<{ end(): Promise<void> }> {
  const client = await database.pool.connect();
  await client.query("begin");
  await client.query("lock table chatkeep.turn_events in share mode");
  return {
    async end() {
      await client.query("commit");
      client.release();
    },
  };
}

/** Resolves when so many statements wait for a lock. */
async function waiting(count: number): Promise<void> {
  const locked = async (): Promise<number> => {
    const { rows } = await database.pool.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    return rows.length;
  };
  await expect.poll(locked).toBeGreaterThanOrEqual(count);
}

interface Asked {
  readonly session: Owner;
  readonly conversation: string;
  turn: string;
  run: Run;
  readonly reader: AsyncIterator<TurnEvent>;
}

/** A running turn of a session, of which the first words are shown. */
async function ask(): Promise<Asked> {
  const session = newSession();
  const { conversation } = await history.createConversation(session);
  const { turn, events } = await history.startTurn(session, conversation.id, { content: "Whose is it?" });
  const run = await responder.started(conversation.id);
  const reader = events[Symbol.asyncIterator]();
  await run.emit("One ");
  while (!JSON.stringify((await reader.next()).value).includes("One "));
  return { session, conversation: conversation.id, turn: turn.id, run, reader };
}

const textOf = (message: Message | null): string => message?.content ?? "";

/** Rows of an owner's in each table that a turn writes to. */
async function rowsOf(owner: Owner): Promise<Record<string, number>> {
  const { rows } = await database.pool.query<Record<string, number>>(
    `select
       (select count(*)::integer from chatkeep.turn_events where owner_id = $1) as events,
       (select count(*)::integer from chatkeep.running_turns where owner_id = $1) as running,
       (select count(*)::integer from chatkeep.turns where owner_id = $1) as turns,
       (select count(*)::integer from chatkeep.messages where owner_id = $1) as messages`,
    [ownerId(owner)],
  );
  return rows[0]!;
}

const NOTHING = { events: 0, running: 0, turns: 0, messages: 0 };

/** What a reader was shown of a turn's text, until its end or until it may read no more. */
async function shownBy(reader: AsyncIterator<TurnEvent>, before: string): Promise<string> {
  let text = before;
  try {
    for (;;) {
      const { done, value } = await reader.next();
      if (done === true) return text;
      if (value.chunk.type === "text-delta") text += (value.chunk as { delta: string }).delta;
    }
  } catch {
    return text;
  }
}

/** What a turn does next, of its own accord or because somebody wants it. */
const STEPS: Record<string, (asked: Asked) => Promise<unknown>> = {
  "flushes its next words": ({ run }) => run.emit("two "),
  settles: async ({ run }) => run.finish(),
  stops: ({ session, conversation, turn }) => history.stopTurn(session, conversation, turn),
  "is taken over from its dead node": async ({ session, conversation, turn }) => {
    await database.pool.query(
      "delete from chatkeep.nodes where id = (select node_id from chatkeep.running_turns where id = $1)",
      [turn],
    );
    await other.getTurn(session, conversation, turn);
  },
};

/** Does something while `step` of a turn, of which "One " is shown, is held open at its insert of events. */
async function meanwhile(
  step: (asked: Asked) => Promise<unknown>,
  act: (asked: Asked) => Promise<unknown>,
): Promise<Asked & { shown: string }> {
  const asked = await ask();
  const shown = shownBy(asked.reader, "One ");
  const holder = await holdEvents();
  const stepped = Promise.allSettled([step(asked)]);
  await waiting(1);
  const acted = act(asked);
  await Promise.race([acted, waiting(2)]);
  await holder.end();
  await acted;
  asked.run.finish();
  await stepped;
  return { ...asked, shown: await shown };
}

describe.each(Object.entries(STEPS))("while a turn %s, held open at its insert,", (_, step) => {
  const during = (act: (asked: Asked) => Promise<unknown>): ReturnType<typeof meanwhile> =>
    meanwhile(step, act);

  it("a claim moves it whole", async () => {
    const user = newUser();
    const { session, conversation, turn, shown } = await during(({ session }) =>
      history.claimSession(user, session),
    );
    for await (const _ of history.followTurn(user, conversation, turn));
    const { reply } = await history.getTurn(user, conversation, turn);
    expect(textOf(reply)).toContain(shown);
    expect(await rowsOf(session)).toEqual(NOTHING);
  });

  it("claims by two users give it to one of them, whole", async () => {
    const users = [newUser(), newUser()];
    const { session, conversation, turn, shown } = await during(({ session }) =>
      Promise.all(users.map((user) => history.claimSession(user, session))),
    );
    const found = await Promise.all(
      users.map((user) => history.getTurn(user, conversation, turn).catch(() => undefined)),
    );
    const [owner] = users.filter((_, place) => found[place] !== undefined);
    expect(found.filter((state) => state !== undefined)).toHaveLength(1);
    for await (const _ of history.followTurn(owner!, conversation, turn));
    expect(textOf((await history.getTurn(owner!, conversation, turn)).reply)).toContain(shown);
    for (const other of [session, ...users.filter((user) => user !== owner)]) {
      expect(await rowsOf(other)).toEqual(NOTHING);
    }
  });

  it("a clear leaves nothing of it", async () => {
    const { session, conversation, turn } = await during(({ session, conversation }) =>
      history.clearMessages(session, conversation),
    );
    expect((await history.listMessages(session, conversation)).messages).toEqual([]);
    await expect(history.getTurn(session, conversation, turn)).rejects.toMatchObject({
      code: "turn_not_found",
    });
  });

  it("a deletion that is undone loses nothing that was shown", async () => {
    const { session, conversation, shown } = await during(async ({ session, conversation }) => {
      await history.deleteConversation(session, conversation);
      await history.restoreConversation(session, conversation);
    });
    const { messages } = await history.listMessages(session, conversation);
    expect(messages).toHaveLength(2);
    expect(textOf(messages[1]!)).toContain(shown);
  });

  it("an erasure leaves nothing", async () => {
    const { session } = await during(({ session }) => history.eraseData(session));
    expect(await rowsOf(session)).toEqual(NOTHING);
  });
});

/** What comes to a turn while a claim moves it, and finds it moved. */
const ACTS: Record<string, (asked: Asked) => Promise<unknown>> = {
  ...STEPS,
  "is claimed by somebody else": ({ session }) => history.claimSession(newUser(), session),
  "is cleared": ({ session, conversation }) => history.clearMessages(session, conversation),
  "is deleted": ({ session, conversation }) => history.deleteConversation(session, conversation),
  "is erased": ({ session }) => history.eraseData(session),
};

describe("while a claim moves a turn, held open at its events,", () => {
  it.each(Object.entries(ACTS))("a turn that %s goes to the claiming user, whole", async (_, act) => {
    const user = newUser();
    const { session, conversation, turn, shown } = await meanwhile(
      ({ session }) => history.claimSession(user, session),
      (asked) => act(asked).catch(() => undefined),
    );
    for await (const _ of history.followTurn(user, conversation, turn));
    expect(textOf((await history.getTurn(user, conversation, turn)).reply)).toContain(shown);
    expect((await history.listMessages(user, conversation)).messages).toHaveLength(2);
    expect(await rowsOf(session)).toEqual(NOTHING);
  });
});

/** What comes to a conversation while a question is being stored in it; the question is there first. */
describe("while a turn begins, held open at its first event,", () => {
  const during = async (act: (asked: Asked) => Promise<unknown>): Promise<Asked> => {
    const session = newSession();
    const { conversation } = await history.createConversation(session);
    const { id } = conversation;
    const holder = await holdEvents();
    const started = history.startTurn(session, id, { content: "Whose is it?" });
    await waiting(1);
    const acted = act({ session, conversation: id } as Asked);
    await waiting(2);
    await holder.end();
    await acted;
    const { turn, events } = await started;
    const run = await responder.started(id);
    await run.emit("One ").catch(() => undefined);
    run.finish();
    await shownBy(events[Symbol.asyncIterator](), "");
    return { session, conversation: id, turn: turn.id, run, reader: events[Symbol.asyncIterator]() };
  };

  it("a claim moves it whole", async () => {
    const user = newUser();
    const { session, conversation, turn } = await during(({ session }) =>
      history.claimSession(user, session),
    );
    for await (const _ of history.followTurn(user, conversation, turn));
    expect(textOf((await history.getTurn(user, conversation, turn)).reply)).toBe("One ");
    expect(await rowsOf(session)).toEqual(NOTHING);
  });

  it("a clear leaves nothing of it", async () => {
    const { session, conversation, turn } = await during(({ session, conversation }) =>
      history.clearMessages(session, conversation),
    );
    expect((await history.listMessages(session, conversation)).messages).toEqual([]);
    await expect(history.getTurn(session, conversation, turn)).rejects.toMatchObject({
      code: "turn_not_found",
    });
  });

  it("a deletion that is undone loses no question", async () => {
    const { session, conversation } = await during(async ({ session, conversation }) => {
      await history.deleteConversation(session, conversation);
      await history.restoreConversation(session, conversation);
    });
    expect((await history.listMessages(session, conversation)).messages).toHaveLength(2);
  });

  it("an erasure leaves nothing", async () => {
    const { session } = await during(({ session }) => history.eraseData(session));
    expect(await rowsOf(session)).toEqual(NOTHING);
  });
});
