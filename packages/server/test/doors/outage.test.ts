import { createPool, migrate } from "@chatkeep/core";
import { startPostgres } from "@chatkeep/testing";
import { afterAll, describe, expect, it } from "vitest";

import { type Asked, DOORS, type Door, type Guest, newGuest } from "./outage-doors.ts";
import { startDoors } from "./people.ts";

const postgres = await startPostgres();
const pool = createPool(postgres.url("postgres"));
await migrate(pool);
await pool.end();

/** How often each question was answered, and what each waits for in the middle of its answer. */
const calls = new Map<string, number>();
const middles = new Map<string, { reached: () => void; goOn: Promise<void> }>();

const { url, send, history, logged } = await startDoors({
  databaseUrl: postgres.url("postgres"),
  async *answers({ question: { content } }) {
    calls.set(content, (calls.get(content) ?? 0) + 1);
    yield "Half ";
    const middle = middles.get(content);
    middle?.reached();
    await middle?.goOn;
    yield `of ${content}.`;
  },
});
afterAll(() => postgres.remove());

const cut = (): Promise<void> => postgres.stop("immediate");
const mend = async (): Promise<void> => {
  await postgres.start();
  // All connections of the pool died at once; which ones, their next calls find out.
  const guest = await newGuest("session");
  const call = (): Promise<boolean> =>
    history.listConversations(guest.owner).then(
      () => true,
      () => false,
    );
  await expect
    .poll(async () => (await Promise.all(Array.from({ length: 20 }, call))).every(Boolean), {
      timeout: 10_000,
    })
    .toBe(true);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok" });
};

/** Every door for a user, whose answers have to be saved, and for a session, which is answered all the same. */
const CASES = DOORS.flatMap((door) =>
  door.kinds.map((kind) => ({ door, kind, name: `${door.name}, ${kind}` })),
);

/** Does the same through every door at once, each for somebody new, who has asked once before. */
async function everywhere<T>(
  work: (at: { door: Door; kind: Guest["kind"]; guest: Guest; name: string }) => Promise<T>,
): Promise<void> {
  await Promise.all(
    CASES.map(async ({ door, kind, name }) => {
      const guest = guests.get(name) as Guest;
      await work({ door, kind, guest, name });
    }),
  );
}

const guests = new Map<string, Guest>();

async function arrive(): Promise<void> {
  for (const { door, kind, name } of CASES) {
    const guest = await newGuest(kind);
    guests.set(name, guest);
    const begun = await door.begin({ send, history, guest });
    Object.assign(guest, begun);
  }
}

async function ask(door: Door, guest: Guest, question: string, attempt = 0): Promise<Asked> {
  const began = performance.now();
  const response = await door.ask({ send, guest, question, attempt });
  const answer = response.status === 200 ? await door.read(response) : NOTHING;
  return {
    ...answer,
    status: response.status,
    refusal: response.status === 200 ? undefined : await refusalOf(door, response),
    isLate: performance.now() - began > 2500,
  };
}

const NOTHING = { text: "", persisted: undefined, ended: undefined };

/** The code of a refusal in the door's own form, which says when to try again. */
async function refusalOf(door: Door, response: Response): Promise<unknown> {
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  return door.codeOf(await response.json());
}

/** What is asked in vain. */
const REFUSED = { ...NOTHING, status: 503, refusal: "unavailable", isLate: false };

/** An answer, and what its door says of whether it is saved. */
function answerOf(door: Door, question: string, persisted: boolean) {
  return {
    status: 200,
    text: `Half of ${question}.`,
    persisted: persisted && !door.marks ? undefined : persisted,
    ended: door.streams ? true : undefined,
    refusal: undefined,
    isLate: false,
  };
}

/** The reads of a door are refused in its own form; none is an empty page. */
async function expectNoReads(door: Door, guest: Guest): Promise<void> {
  for (const path of door.reads(guest)) {
    const response = await send(path, { headers: guest.headers });
    expect([path, response.status, await refusalOf(door, response)]).toEqual([path, 503, "unavailable"]);
  }
}

/** Sent again, and once more: answered and stored as one exchange. */
async function expectOnce(door: Door, guest: Guest, question: string): Promise<void> {
  for (const attempt of [1, 2])
    expect(await ask(door, guest, question, attempt)).toEqual(answerOf(door, question, true));
  const { messages } = await history.listMessages(guest.owner, guest.conversation);
  expect(messages.slice(2).map(({ content }) => content)).toEqual([question, `Half of ${question}.`]);
}

describe("through every door", () => {
  it("a database that is down before a question is told, and the question is stored once when it is back", async () => {
    await arrive();
    await cut();
    await everywhere(async ({ door, kind, guest, name }) => {
      const question = `before ${name}`;
      const isAnswered = kind === "session" && !door.needsStore;
      expect({ question, ...(await ask(door, guest, question)) }).toEqual({
        question,
        ...(isAnswered ? answerOf(door, question, false) : REFUSED),
      });
      expect([question, calls.get(question)]).toEqual([question, isAnswered ? 1 : undefined]);
      await expectNoReads(door, guest);
    });
    await mend();
    await everywhere(({ door, guest, name }) => expectOnce(door, guest, `before ${name}`));
  });

  it("a database that goes down in the middle of an answer is told, and the answer is stored once when it is back", async () => {
    await arrive();
    const goOn = Promise.withResolvers<void>();
    const halves: Promise<void>[] = [];
    for (const { name } of CASES) {
      const half = Promise.withResolvers<void>();
      halves.push(half.promise);
      middles.set(`during ${name}`, { reached: half.resolve, goOn: goOn.promise });
    }
    const asking = everywhere(async ({ door, kind, guest, name }) => {
      const question = `during ${name}`;
      const { isLate: _, ...asked } = await ask(door, guest, question);
      const { isLate: __, ...refused } = REFUSED;
      // A user's stream breaks off where it was last saved, without an end, so that its reader resumes.
      const broken = { ...asked, status: 200, ended: false, refusal: undefined };
      const { isLate: ___, ...answered } = answerOf(door, question, false);
      expect({ question, ...asked }).toEqual({
        question,
        ...(kind === "session" ? answered : door.streams ? broken : refused),
      });
    });
    await Promise.all(halves);
    await cut();
    goOn.resolve();
    await asking;
    await everywhere(({ door, guest }) => expectNoReads(door, guest));
    await mend();
    await everywhere(({ door, guest, name }) => expectOnce(door, guest, `during ${name}`));
    for (const { name } of CASES) expect([name, calls.get(`during ${name}`)]).toEqual([name, 1]);
  });

  it("a database that goes down after an answer keeps it", async () => {
    await arrive();
    await everywhere(async ({ door, guest, name }) => {
      const question = `after ${name}`;
      expect(await ask(door, guest, question)).toEqual(answerOf(door, question, true));
    });
    await cut();
    await everywhere(({ door, guest }) => expectNoReads(door, guest));
    await mend();
    await everywhere(({ door, guest, name }) => expectOnce(door, guest, `after ${name}`));
    for (const { name } of CASES) expect([name, calls.get(`after ${name}`)]).toEqual([name, 1]);
    expect(logged().filter((line) => line["msg"] === "a request failed")).toEqual([]);
  });
});
