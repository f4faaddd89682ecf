import { randomUUID } from "node:crypto";

import { checkIsolation, createHistory, createPool, migrate, releaseSchema } from "@chatkeep/core";
import {
  type Database,
  UNHURRIED,
  createDatabase,
  createScriptedResponder,
  holdDeadlines,
  holdTimers,
} from "@chatkeep/testing";
import type { PoolClient } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type CoreFixture, createLogin, newSession, newUser, openFixture, rolesOf } from "./fixture.ts";
import {
  type OwnerFunction,
  type Victim,
  dropPolicies,
  dropPredicates,
  intrude,
  makeVictim,
  ownerFunctions,
  undone,
} from "./intruder.ts";
import { openTellingPool } from "./telling-pool.ts";

/** What a function of an owner may say to somebody who names another's things: nothing, or one of these. */
const REFUSALS = new Set([
  undefined,
  "forbidden",
  "conversation_not_found",
  "message_not_found",
  "turn_not_found",
  "file_not_found",
  "conflict",
  // A foreign key: what is added to another's conversation would have to be in a conversation of one's own.
  "23503",
]);

/** Functions that must give or change what is another's when both locks are open: else the suite would see no leak. */
const TELLING = [
  "clear_messages",
  "delete_conversation",
  "delete_file",
  "export_files",
  "export_messages",
  "get_conversation",
  "get_file",
  "get_turn",
  "list_conversations",
  "page_messages",
  "read_events",
  "search_words",
  "stop_turn",
  "update_conversation",
];

describe.each(["roles", "forced"] as const)("with row-level security by %s", (security) => {
  let database: Database;
  let login: Awaited<ReturnType<typeof createLogin>>;
  let fixture: CoreFixture;
  let victim: Victim;
  let functions: OwnerFunction[];
  let client: PoolClient;

  beforeAll(async () => {
    database = await createDatabase({ contents: security === "roles" ? "migrated" : "empty" });
    login = await createLogin(database);
    if (security === "roles") {
      await migrate(database.pool, { grantTo: [login.name] });
    } else {
      await database.pool.query(`grant create on database ${database.name} to ${login.name}`);
      const pool = createPool(login.url, UNHURRIED.pool);
      await migrate(pool);
      await pool.end();
    }
    const responder = createScriptedResponder();
    // A lease that lasts: the running turn's node writes nothing while rows are compared.
    fixture = openFixture(login.url, newUser, { lease: 600_000 }, responder);
    victim = await makeVictim(fixture.history, responder, database.pool, newUser());
    functions = await ownerFunctions(database.pool);
    client = await database.pool.connect();
  });
  afterAll(async () => {
    client.release();
    await fixture.close();
    await login[Symbol.asyncDispose]();
    await database.close();
  });

  /** Calls every function as an intruder, after `prepare` opened one lock or both, and takes all of it back. */
  const intrudeAll = (prepare: (on: PoolClient) => Promise<unknown>) =>
    undone(client, async () => {
      await prepare(client);
      const outcomes: ({ name: string } & Awaited<ReturnType<typeof intrude>>)[] = [];
      for (const fn of functions) outcomes.push({ name: fn.name, ...(await intrude(client, fn, victim)) });
      return outcomes;
    });
  const leaks = (outcomes: Awaited<ReturnType<typeof intrudeAll>>): string[] =>
    outcomes.filter(({ seen, changed }) => seen || changed).map(({ name }) => name);

  it("no function of one owner sees or changes anything of another's", async () => {
    const outcomes = await intrudeAll(() => Promise.resolve());
    expect(outcomes.length).toBeGreaterThan(25);
    expect(leaks(outcomes)).toEqual([]);
    // Any other error would mean that a function was not really called.
    expect(outcomes.filter(({ refusal }) => !REFUSALS.has(refusal))).toEqual([]);
  });

  it("row-level security alone holds, when the owner is taken out of every function's conditions", async () => {
    const outcomes = await intrudeAll(dropPredicates);
    expect(leaks(outcomes)).toEqual([]);
  });

  it("the owner in every function's conditions alone holds, when row-level security is taken off", async () => {
    const outcomes = await intrudeAll(dropPolicies);
    expect(leaks(outcomes)).toEqual([]);
    expect(outcomes.filter(({ refusal }) => !REFUSALS.has(refusal))).toEqual([]);
  });

  it("with both locks open the same calls do leak: this suite would see it", async () => {
    const outcomes = await intrudeAll(async (on) => {
      await dropPolicies(on);
      await dropPredicates(on);
    });
    expect(leaks(outcomes)).toEqual(expect.arrayContaining(TELLING));
  });

  it("whoever logs in sees no row of any owner's table, and changes none", async () => {
    const pool = createPool(login.url, UNHURRIED.pool);
    const { rows: tables } = await database.pool.query<{ name: string }>(
      `select c.relname as name from pg_class c
       where c.relnamespace = 'chatkeep'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity`,
    );
    expect(tables.length).toBeGreaterThanOrEqual(8);
    for (const { name } of tables) {
      for (const statement of [
        `select * from chatkeep.${name}`,
        `update chatkeep.${name} set ${name === "owners" ? "created_at = now()" : "owner_id = gen_random_uuid()"}`,
        `delete from chatkeep.${name}`,
      ]) {
        const outcome = await pool.query(statement).then(
          ({ rowCount }) => `${rowCount} rows`,
          ({ code }: { code: string }) => code,
        );
        expect([statement, outcome]).toEqual([statement, security === "roles" ? "42501" : "0 rows"]);
      }
    }
    const { rows } = await pool.query("select chatkeep.schema_security() as kind");
    expect(rows).toEqual([{ kind: security }]);
    await pool.end();
  });

  describe("the check at the start", () => {
    /** What the check says, as the role that serves, after `prepare` spoiled something; all of it is rolled back. */
    const checkAfter = async (prepare: string): Promise<string[]> => {
      await database.pool.query(prepare);
      const pool = createPool(login.url, { ...UNHURRIED.pool, max: 1 });
      const connection = await pool.connect();
      try {
        return (await checkIsolation(connection)).faults;
      } finally {
        connection.release();
        await pool.end();
      }
    };

    it("finds nothing wrong with what migrate made, and leaves nothing behind", async () => {
      const before = await database.pool.query("select count(*)::int from chatkeep.conversations");
      expect(await checkAfter("select 1")).toEqual([]);
      expect((await database.pool.query("select count(*)::int from chatkeep.conversations")).rows).toEqual(
        before.rows,
      );
    });

    it.each([
      [
        "alter table chatkeep.messages disable row level security",
        "alter table chatkeep.messages enable row level security",
        "The table messages has no forced row-level security.",
      ],
      [
        "alter table chatkeep.turns no force row level security",
        "alter table chatkeep.turns force row level security",
        "The table turns has no forced row-level security.",
      ],
      [
        "create policy all_of_it on chatkeep.messages using (true)",
        "drop policy all_of_it on chatkeep.messages",
        'The table messages has a policy "all_of_it" that is not ours.',
      ],
      [
        `do $$ begin execute format('alter function %s owner to postgres', 'FUNCTIONS.get_conversation(uuid, text)'::regprocedure); end $$`,
        `do $$ begin execute format('alter function %s owner to OWNER', 'FUNCTIONS.get_conversation(uuid, text)'::regprocedure); end $$`,
        "The function get_conversation runs as postgres, whom row-level security does not bind.",
      ],
      [
        "grant execute on function FUNCTIONS.get_conversation(uuid, text) to public",
        "revoke execute on function FUNCTIONS.get_conversation(uuid, text) from public",
        "Anybody may call the function get_conversation.",
      ],
      [
        "alter function FUNCTIONS.get_conversation(uuid, text) security invoker",
        "alter function FUNCTIONS.get_conversation(uuid, text) security definer",
        "The function get_conversation runs as whoever calls it.",
      ],
    ])("after %s it refuses", async (spoil, mend, sentence) => {
      const { rows } = await database.pool.query<{ superuser: string }>("select current_user as superuser");
      const { superuser } = rows[0]!;
      const schema = releaseSchema("chatkeep");
      const owner = security === "roles" ? (await rolesOf(database)).store : login.name;
      const own = (text: string): string =>
        text.replaceAll("FUNCTIONS", schema).replaceAll("OWNER", owner).replaceAll("postgres", superuser);
      try {
        expect(await checkAfter(own(spoil)).catch((error: Error) => [error.message])).toContain(
          own(sentence),
        );
      } finally {
        await database.pool.query(own(mend));
      }
      expect(await checkAfter("select 1")).toEqual([]);
    });
  });
});

it("whoever logs in cannot act as the roles that own the functions, nor read what nodes share", async () => {
  await using database = await createDatabase();
  await using login = await createLogin(database);
  await migrate(database.pool, { grantTo: [login.name] });
  const pool = createPool(login.url, UNHURRIED.pool);
  const { store, engine } = await rolesOf(database);
  for (const statement of [
    `set role ${store}`,
    `set role ${engine}`,
    ...["secrets", "audit", "nodes", "rate_limits", "migrations"].map(
      (table) => `select from chatkeep.${table}`,
    ),
  ]) {
    await expect(pool.query(statement)).rejects.toMatchObject({ code: "42501" });
  }
  await pool.end();
});

describe("a claim", () => {
  it("takes what is followed along: the session sees nothing more of its running turn", async () => {
    await using database = await createDatabase();
    const responder = createScriptedResponder();
    const { history, close } = openFixture(database.url, newSession, {}, responder);
    const [session, user] = [newSession(), newUser()];
    const { conversation } = await history.createConversation(session);
    const { turn } = await history.startTurn(session, conversation.id, { content: "Whose is it?" });
    const run = await responder.started(conversation.id);
    expect(await history.claimSession(user, session)).toEqual({ claimed: 1 });
    const follow = async (): Promise<void> => {
      for await (const _ of history.followTurn(session, conversation.id, turn.id));
    };
    await expect(follow()).rejects.toMatchObject({ code: "forbidden" });
    await expect(history.stopTurn(session, conversation.id, turn.id)).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(run.request.signal.aborted).toBe(false);
    using _ = holdDeadlines();
    expect((await history.stopTurn(user, conversation.id, turn.id)).status).toBe("stopped");
    await close();
  });

  it("by two users at once gives each conversation to one of them, and the rest to nobody", async () => {
    await using database = await createDatabase();
    const { history, close } = openFixture(database.url, newSession);
    for (let round = 0; round < 10; round++) {
      const session = newSession();
      for (let count = 0; count < 3; count++) await history.createConversation(session);
      const users = [newUser(), newUser(), newUser()];
      const claims = await Promise.all(users.map((user) => history.claimSession(user, session)));
      expect(claims.map(({ claimed }) => claimed).toSorted((a, b) => a - b)).toEqual([0, 0, 3]);
      const totals = await Promise.all(
        users.map(async (user) => (await history.listConversations(user)).total),
      );
      expect(totals).toEqual(claims.map(({ claimed }) => claimed));
      expect((await history.listConversations(session)).total).toBe(0);
    }
    await close();
  });
});

describe("of another's and of what is not there", async () => {
  const database = await createDatabase();
  const telling = openTellingPool(database.url);
  const history = createHistory({ ...UNHURRIED.history, pool: telling.pool });
  const [me, stranger] = [newUser(), newUser()];
  const { conversation } = await history.createConversation(me);
  afterAll(async () => {
    await history.close();
    await telling.pool.end();
    await database.close();
  });

  const CALLS: Record<string, (id: string) => Promise<unknown>> = {
    getConversation: (id) => history.getConversation(stranger, id),
    updateConversation: (id) => history.updateConversation(stranger, id, { title: "Mine" }),
    deleteConversation: (id) => history.deleteConversation(stranger, id),
    listMessages: (id) => history.listMessages(stranger, id),
    appendMessages: (id) => history.appendMessages(stranger, id, [{ role: "user", content: "Hello" }]),
    clearMessages: (id) => history.clearMessages(stranger, id),
    getTurn: (id) => history.getTurn(stranger, id, randomUUID()),
  };

  it.each(Object.entries(CALLS))("%s runs the same statements over the same indexes", async (_, call) => {
    const read = async (id: string): Promise<readonly string[]> => {
      // Nor is anything run that the node does by itself once a second.
      using _ = holdTimers(1000);
      const ran = await telling.plansOf(() => call(id).catch(() => undefined));
      return ran.map(({ text, scans }) => [text, ...scans].join("\n"));
    };
    expect(await read(conversation.id)).toEqual(await read(randomUUID()));
  });
});
