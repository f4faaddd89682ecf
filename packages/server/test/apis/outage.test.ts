import { createPool, migrate } from "@chatkeep/core";
import { holdTimers, startPostgres } from "@chatkeep/testing";
import { startApiServer } from "@chatkeep/testing/people";
import { afterAll, describe, expect, it } from "vitest";

import { type Asked, APIS, type Api, type Guest, newGuest } from "./outage-apis.ts";

const postgres = await startPostgres();
const pool = createPool(postgres.url("postgres"));
await migrate(pool);
await pool.end();

/** How often each question was answered, and what each waits for in the middle of its answer. */
const calls = new Map<string, number>();
const middles = new Map<string, { reached: () => void; goOn: Promise<void> }>();

const { url, send, history, logged } = await startApiServer({
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
    .poll(async () => (await Promise.all(Array.from({ length: 20 }, call))).every(Boolean))
    .toBe(true);
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: "ok" });
};

/** Every API for a user, whose answers have to be saved, and for a session, which is answered all the same. */
const CASES = APIS.flatMap((api) => api.kinds.map((kind) => ({ api, kind, name: `${api.name}, ${kind}` })));

/** Does the same through every API at once, each for somebody new, who has asked once before. */
async function everywhere<T>(
  work: (at: { api: Api; kind: Guest["kind"]; guest: Guest; name: string }) => Promise<T>,
): Promise<void> {
  await Promise.all(
    CASES.map(async ({ api, kind, name }) => {
      const guest = guests.get(name) as Guest;
      await work({ api, kind, guest, name });
    }),
  );
}

const guests = new Map<string, Guest>();

async function arrive(): Promise<void> {
  for (const { api, kind, name } of CASES) {
    const guest = await newGuest(kind);
    guests.set(name, guest);
    const begun = await api.begin({ send, history, guest });
    Object.assign(guest, begun);
  }
}

async function ask(api: Api, guest: Guest, question: string, attempt = 0): Promise<Asked> {
  const response = await api.ask({ send, guest, question, attempt });
  const answer = response.status === 200 ? await api.read(response) : NOTHING;
  return {
    ...answer,
    status: response.status,
    refusal: response.status === 200 ? undefined : await refusalOf(api, response),
  };
}

const NOTHING = { text: "", persisted: undefined, ended: undefined };

/** The code of a refusal in the API's own form, which says when to try again. */
async function refusalOf(api: Api, response: Response): Promise<unknown> {
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  return api.codeOf(await response.json());
}

/** What is asked in vain. */
const REFUSED = { ...NOTHING, status: 503, refusal: "unavailable" };

/** An answer, and what its API says of whether it is saved. */
function answerOf(api: Api, question: string, persisted: boolean) {
  return {
    status: 200,
    text: `Half of ${question}.`,
    persisted: persisted && !api.marks ? undefined : persisted,
    ended: api.streams ? true : undefined,
    refusal: undefined,
  };
}

/** The reads of an API are refused in its own form; none is an empty page. */
async function expectNoReads(api: Api, guest: Guest): Promise<void> {
  for (const path of api.reads(guest)) {
    const response = await send(path, { headers: guest.headers });
    expect([path, response.status, await refusalOf(api, response)]).toEqual([path, 503, "unavailable"]);
  }
}

/** Sent again, and once more: answered and stored as one exchange. Who is told to try again in a moment does. */
async function expectOnce(api: Api, guest: Guest, question: string): Promise<void> {
  for (const attempt of [1, 2])
    await expect.poll(() => ask(api, guest, question, attempt)).toEqual(answerOf(api, question, true));
  const { messages } = await history.listMessages(guest.owner, guest.conversation);
  expect(messages.slice(2).map(({ content }) => content)).toEqual([question, `Half of ${question}.`]);
}

describe("through every API", () => {
  it("a database that is down before a question is told, and the question is stored once when it is back", async () => {
    await arrive();
    await cut();
    const held = holdTimers(2000);
    await everywhere(async ({ api, kind, guest, name }) => {
      const question = `before ${name}`;
      const isAnswered = kind === "session" && !api.needsStore;
      expect({ question, ...(await ask(api, guest, question)) }).toEqual({
        question,
        ...(isAnswered ? answerOf(api, question, false) : REFUSED),
      });
      expect([question, calls.get(question)]).toEqual([question, isAnswered ? 1 : undefined]);
      await expectNoReads(api, guest);
    });
    held[Symbol.dispose]();
    await mend();
    await everywhere(({ api, guest, name }) => expectOnce(api, guest, `before ${name}`));
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
    const refusals: Promise<void>[] = [];
    const asking = everywhere(async ({ api, guest, name }) => {
      const question = `during ${name}`;
      const refusal = Promise.withResolvers<void>();
      if (!api.streams) refusals.push(refusal.promise);
      const asked = await ask(api, guest, question);
      // A stream waits, and shows the rest once it is committed; a reply at once says when to ask again.
      const answered = answerOf(api, question, true);
      expect({ question, ...asked }).toEqual({ question, ...(api.streams ? answered : REFUSED) });
      refusal.resolve();
    });
    await Promise.all(halves);
    await cut();
    goOn.resolve();
    await Promise.all(refusals);
    await everywhere(({ api, guest }) => expectNoReads(api, guest));
    await mend();
    await asking;
    await everywhere(({ api, guest, name }) => expectOnce(api, guest, `during ${name}`));
    for (const { name } of CASES) expect([name, calls.get(`during ${name}`)]).toEqual([name, 1]);
  });

  it("a database that goes down after an answer keeps it", async () => {
    await arrive();
    await everywhere(async ({ api, guest, name }) => {
      const question = `after ${name}`;
      expect(await ask(api, guest, question)).toEqual(answerOf(api, question, true));
    });
    await cut();
    await everywhere(({ api, guest }) => expectNoReads(api, guest));
    await mend();
    await everywhere(({ api, guest, name }) => expectOnce(api, guest, `after ${name}`));
    for (const { name } of CASES) expect([name, calls.get(`after ${name}`)]).toEqual([name, 1]);
    expect(logged().filter((line) => line["msg"] === "a request failed")).toEqual([]);
  });
});
