import { createHistory, createPool } from "@chatkeep/core";
import {
  type Responder,
  type ResponderEvent,
  type TurnState,
  createFold,
  waitingCalls,
} from "@chatkeep/protocol";
import { type TakenTimers, UNHURRIED, fileDatabase, takeTimers } from "@chatkeep/testing";
import { collect } from "@chatkeep/testing/contract";
import { fc } from "@chatkeep/testing/properties";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";

import { newUser } from "./fixture.ts";

const database = await fileDatabase();
const pool = createPool(database.url, UNHURRIED.pool);
const me = newUser();
/** Milliseconds of silence after which an answer has failed: more than a busy machine takes for anything here. */
const IDLE = 61_000;
const SHOWN = "Shown before. ";
const WORDS = Array.from({ length: 20 }, (_, index) => `word ${index} `);

/** What is asked of a responder that a test makes up; everybody else's answer is twenty words. */
const hostile = new Map<string, Responder>();
const told: unknown[] = [];
const node = {
  ...UNHURRIED.history,
  pool,
  idleTimeout: IDLE,
  onError: (error: unknown) => void told.push(error),
  responder: ((request) => (hostile.get(request.conversation.id) ?? sayWords)(request)) satisfies Responder,
};
const history = createHistory(node);
/** As the default at an eighth of its length: 10,000 events fill it as 80,000 fill that. */
const brief = createHistory({ ...node, limits: { answerLength: 1024 * 1024 } });
/** Reads what is stored, without anything of the node's own memory. */
const witness = createHistory({ ...UNHURRIED.history, pool });
afterAll(async () => {
  await history.close();
  await brief.close();
  await witness.close();
  await pool.end();
});

async function* sayWords(): AsyncGenerator<string> {
  for (const word of WORDS) {
    yield word;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Asks a responder while three others answer; the others have to be whole, its own turn is given back. With `idle`, time
 * passes for it alone, after the others have ended.
 */
async function beside(responder: Responder, idle?: TakenTimers, asked = history): Promise<TurnState> {
  const ask = async (own?: Responder): Promise<TurnState> => {
    const { id } = (await asked.createConversation(me)).conversation;
    if (own !== undefined) hostile.set(id, own);
    const { turn, events } = await asked.startTurn(me, id, { content: "Hello" });
    const fold = createFold();
    for (const { chunk } of await collect(events)) fold.push(chunk);
    const state = await witness.getTurn(me, id, turn.id);
    const { parts, status, error } = fold.answer();
    // Whatever happened: what was shown is what is stored.
    const waits = status === "complete" && waitingCalls([{ role: "assistant", parts }]).length > 0;
    const ended = waits ? "waiting" : status;
    expect(state).toMatchObject({ turn: { status: ended, error }, reply: { parts, status, error } });
    return state;
  };
  const own = ask(responder);
  const others = await Promise.all([ask(), ask(), ask()]);
  const passing = setInterval(() => idle?.elapse(), 1);
  const mine = await own.finally(() => clearInterval(passing));
  for (const { turn, reply } of others) {
    expect(turn.status).toBe("complete");
    expect(reply?.content).toBe(WORDS.join(""));
  }
  return mine;
}

/** Yields what is no event, after something that is shown. */
function yielding(...values: unknown[]): Responder {
  return async function* () {
    yield SHOWN;
    for (const value of values) {
      await new Promise((resolve) => setImmediate(resolve));
      yield value as ResponderEvent;
    }
  };
}

/** Returns an iterator that is no good, after something that is shown. */
function iterating(next: () => unknown, more: object = {}): Responder {
  let isFirst = true;
  const iterator = {
    next: (): unknown => {
      if (!isFirst) return next();
      isFirst = false;
      return Promise.resolve({ done: false, value: SHOWN });
    },
    ...more,
  };
  return (() => ({ [Symbol.asyncIterator]: () => iterator })) as unknown as Responder;
}

function deep(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level += 1) value = { value };
  return value;
}

const cycle: Record<string, unknown> = {};
cycle["self"] = cycle;
const getter = {
  get value(): never {
    throw new Error("read");
  },
};
const proxy = new Proxy({}, Object.fromEntries(Reflect.ownKeys(Reflect).map((trap) => [trap, () => fail()])));
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

function fail(): never {
  throw proxy as Error;
}

const VALUES: Record<string, () => unknown> = {
  "a cycle": () => cycle,
  "a BigInt": () => 1n,
  "a getter that throws": () => getter,
  "a proxy of which every trap throws": () => proxy,
  "a revoked proxy": () => revoked,
  "a rejected promise": () => ({ later: Promise.reject(new Error("nobody waits")) }),
  "100,000 levels": () => deep(100_000),
  "a million values": () => Array.from({ length: 1_000_000 }, () => 0),
  "a toJSON that throws": () => ({ toJSON: fail }),
  "a length that lies": () => new Proxy([], { get: (_, key) => (key === "length" ? 2 ** 32 : 1) }),
  "100 MB": () => "x".repeat(100_000_000),
};

describe("a value of a responder that cannot be stored", () => {
  const places: Record<string, (value: unknown) => unknown> = {
    "an event": (value) => value,
    "a tool's result": (result) => ({ type: "tool-result", id: "1", result }),
    "a call's arguments": (value) => ({ type: "tool-call", id: "1", name: "t", arguments: value }),
    "a data part": (data) => ({ type: "data", name: "n", data }),
    "a citation": (citation) => ({ type: "citation", citation }),
    "a usage": (usage) => ({ type: "model", model: "m", usage }),
  };
  const cases = Object.keys(VALUES).flatMap((value) =>
    Object.keys(places).map((place) => [value, place] as const),
  );
  it.each(cases)("fails its own turn, with what was shown: %s as %s", async (value, place) => {
    const { turn, reply } = await beside(async function* () {
      yield SHOWN;
      yield places[place]!(VALUES[value]!()) as ResponderEvent;
    });
    expect(turn.status).toBe("failed");
    // What throws when it is awaited throws in the responder itself.
    expect(turn.error?.detail).toMatch(
      /cannot be stored: |larger than can be stored|failed before its answer/,
    );
    expect(reply?.content).toBe(SHOWN);
  });

  it("fails its own turn: arguments of a call that nest too deep to be parsed", async () => {
    for (const text of ["[".repeat(5000) + "]".repeat(5000), '{"a":'.repeat(8000)]) {
      const call = { type: "tool-call", id: "1", name: "t", arguments: text };
      const { turn, reply } = await beside(yielding(call, "After."));
      expect(turn.error?.detail).toMatch(/nested deeper than 500 levels/);
      expect(reply?.content).toBe(SHOWN);
    }
  });

  it("fails its own turn: arguments that nest too deep, given piece by piece, are kept as they were", async () => {
    const piece = { type: "tool-call-delta", id: "1", name: "t", delta: "[".repeat(2500) };
    const { turn, reply } = await beside(yielding(piece, piece, "After."));
    expect(turn.status).toBe("waiting");
    expect(reply?.parts[1]).toEqual({ type: "tool-call", id: "1", name: "t", arguments: "[".repeat(5000) });
    // Its replay is made anew from the stored answer.
    await database.pool.query("delete from chatkeep.turn_events where turn_id = $1", [turn.id]);
    const asked = { id: turn.messageId, content: "Hello" };
    expect(await collect((await history.startTurn(me, turn.conversationId, asked)).events)).not.toEqual([]);
  });
});

describe("an answer that is too large", () => {
  it.each<[string, typeof history, () => Responder]>([
    [
      "a million calls",
      brief,
      () => many(1_000_000, (id) => ({ type: "tool-call", id, name: "t", arguments: "{}" })),
    ],
    ["600 texts of 100 kB", history, () => many(600, () => "y".repeat(100_000))],
    [
      "a million of results",
      brief,
      () => many(1_000_000, (id) => ({ type: "tool-result", id, result: null })),
    ],
  ])("ends with what was shown of it, and says so: %s", async (_what, asked, make) => {
    const { turn, reply } = await beside(make(), undefined, asked);
    expect(turn).toMatchObject({ status: "failed", error: { code: "answer_too_large" } });
    expect(reply?.parts.length).toBeGreaterThan(0);
  });

  it("is stored below the limit: a text of 7 MB in one piece, told in pieces", async () => {
    const text = "😀 words ".repeat(700_000);
    const { turn, reply } = await beside(yielding(text));
    expect(turn.status).toBe("complete");
    expect(reply?.content === SHOWN + text).toBe(true);
    const events = await collect(witness.followTurn(me, turn.conversationId, turn.id));
    const longest = Math.max(...events.map(({ chunk }) => ("delta" in chunk ? chunk.delta.length : 0)));
    expect(longest).toBeLessThanOrEqual(16 * 1024);
  });
});

describe("an event that the database refuses", () => {
  /** Refuses rows with this word, for a reason that stays. */
  async function refuse(table: string, word: string): Promise<void> {
    await database.pool.query(
      `create or replace function public.refuse() returns trigger language plpgsql as $$ begin
         if row_to_json(new)::text like '%${word}%' then raise 'refused' using errcode = 'data_exception'; end if;
         return new;
       end $$;
       create trigger refuse before insert or update on chatkeep.${table} for each row execute function public.refuse()`,
    );
    onTestFinished(async () => void (await database.pool.query(`drop trigger refuse on chatkeep.${table}`)));
  }

  /** Yields after something that is shown, before an answer of the database can arrive: it waits when the turn ends. */
  async function* atOnce(): AsyncGenerator<string> {
    yield SHOWN;
    for (let job = 0; job < 50; job += 1) await Promise.resolve();
    yield "POISON";
  }

  it.each([
    ["turn_events", yielding("POISON")],
    // An event that is committed but refused as part of a message would never be settled.
    ["messages", atOnce],
  ])("fails its own turn, and is not tried for ever: in %s", async (table, responder) => {
    await refuse(table, "POISON");
    told.length = 0;
    const { turn, reply } = await beside(responder);
    expect(turn).toMatchObject({
      status: "failed",
      error: { detail: expect.stringMatching(/cannot be stored/) },
    });
    expect(reply?.content).not.toContain("POISON");
    expect(told.length).toBeGreaterThan(0);
  });

  it("leaves a turn that cannot be settled to be settled as interrupted, and the process lives", async () => {
    await refuse("messages", SHOWN.trim());
    const { id } = (await history.createConversation(me)).conversation;
    const shown = Promise.withResolvers<void>();
    hostile.set(id, async function* () {
      yield SHOWN;
      await shown.promise;
    });
    told.length = 0;
    const { turn, events } = await history.startTurn(me, id, { content: "Hello" });
    const reading = (async () => {
      for await (const { chunk } of events) if (chunk.type === "text-delta") shown.resolve();
    })();
    await expect.poll(() => told.length).toBeGreaterThan(5);
    await database.pool.query(
      "create or replace function public.refuse() returns trigger language plpgsql as $$ begin return new; end $$",
    );
    await reading;
    expect(await witness.getTurn(me, id, turn.id)).toMatchObject({
      turn: { status: "interrupted" },
      reply: { content: SHOWN },
    });
  });
});

describe("a responder that is none", () => {
  it.each<[string, Responder]>([
    ["it returns nothing", (() => undefined) as unknown as Responder],
    ["it throws at once", () => fail()],
    ["its next returns nothing", iterating(() => undefined)],
    ["its next returns a number", iterating(() => 1)],
    ["its next throws what throws", iterating(() => fail())],
    ["its next rejects with what throws", iterating(() => Promise.reject(proxy))],
    ["its result's getters throw", iterating(() => Promise.resolve(proxy))],
    ["its return throws", iterating(() => Promise.resolve({ value: 1 }), { return: () => fail() })],
    ["it says nothing more", iterating(() => new Promise(() => undefined))],
    [
      "it says nothing, for ever, without a pause",
      iterating(() => Promise.resolve({ done: false, value: "" })),
    ],
    ["its failure is none", yieldingThen({ failure: { code: 1n, detail: proxy } })],
  ])("fails its own turn: %s", async (_what, responder) => {
    using idle = takeTimers(IDLE);
    const { turn } = await beside(responder, idle);
    expect(turn).toMatchObject({
      status: "failed",
      error: { code: expect.any(String), detail: expect.any(String) },
    });
  });
});

it("whatever a responder yields ends its own turn at the most, with all that was shown", async () => {
  const anything = fc.anything({
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  });
  const type = fc.constantFrom(
    ..."text reasoning citation tool-call tool-call-delta tool-result file data model intent else".split(" "),
  );
  const fields =
    "id name arguments delta result error url mime data model usage intent processed text citation";
  const event = fc
    .tuple(
      type,
      fc.record(Object.fromEntries(fields.split(" ").map((name) => [name, anything])), { requiredKeys: [] }),
    )
    .map(([kind, given]) => ({ ...given, type: kind }));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(event, anything), { minLength: 1, maxLength: 4 }), async (events) => {
      const { turn, reply } = await beside(yielding(...events));
      expect(["complete", "failed"]).toContain(turn.status);
      expect(reply?.content.startsWith(SHOWN)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

/** Yields so many events, as fast as they are taken. */
function many(count: number, make: (id: string) => unknown): Responder {
  return async function* () {
    for (let index = 0; index < count; index += 1) yield make(String(index)) as ResponderEvent;
  };
}

function yieldingThen(error: unknown): Responder {
  return async function* () {
    yield SHOWN;
    throw error;
  };
}
