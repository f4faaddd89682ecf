import {
  type Embedding,
  createBookStore,
  createHistory,
  migrate,
  ownerId,
  releaseSchema,
} from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import {
  type Database,
  PGVECTOR_SETTINGS,
  type Postgres,
  createDatabase,
  hasPgvector,
  startPostgres,
} from "@chatkeep/testing";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newSession, newUser } from "./fixture.ts";
import { type Ran, openTellingPool, scansOf, wasteOf } from "./telling-pool.ts";

/** Messages of one owner, and passages of one book: enough that a scan costs more than an index. */
const MANY = 20_000;
const FEW = 50;
const VECTOR = [1, 0, 0, 0, 0, 0, 0, 1];
const embedding: Embedding = { model: "own", embed: (texts) => Promise.resolve(texts.map(() => VECTOR)) };

describe.runIf(hasPgvector())("the statements of vectors", () => {
  let postgres: Postgres;
  let database: Database;
  let pool: Pool;
  let plansOf: (work: (time: number) => Promise<unknown>) => Promise<readonly Ran[]>;
  let schema: string;
  const [rich, poor] = [newUser(), newSession()];

  beforeAll(async () => {
    postgres = await startPostgres({ settings: { ...PGVECTOR_SETTINGS, fsync: "off" } });
    database = await createDatabase({ server: postgres.url("postgres"), contents: "empty" });
    await migrate(database.pool, { vectors: true });
    schema = releaseSchema("chatkeep");
    ({ pool, plansOf } = openTellingPool(database.url));
    const query = (text: string, values: unknown[]): Promise<unknown> => database.pool.query(text, values);
    const plain = createHistory({ pool: database.pool });
    const store = createBookStore({ pool: database.pool });
    for (const [owner, count] of [
      [rich, MANY],
      [poor, FEW],
    ] as const) {
      const id = owner.kind;
      await plain.createConversation(owner, { id });
      await query(
        `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
         select $1, $2, n, 'm' || n, 'user', '[{"type":"text","text":"Hello"}]' from generate_series(1, $3::int) n`,
        [ownerId(owner), id, count],
      );
      await query("update chatkeep.conversations set last_seq = $1 where id = $2", [count, id]);
      await query(
        `insert into chatkeep.message_words (owner_id, conversation_id, seq, size, words)
         select $1, $2, n, 1, to_tsvector('chatkeep.message_words', 'hello') from generate_series(1, $3::int) n`,
        [ownerId(owner), id, count],
      );
    }
    for (const [book, count] of [
      ["long", MANY],
      ["short", FEW],
    ] as const) {
      const passages = Array.from({ length: count }, (_, place) => ({
        section: null,
        anchor: null,
        context: "A",
        text: `Hello ${place}`,
      }));
      await store.putChapters(book, [{ path: "a", position: 1, title: "A", hash: "", source: "", passages }]);
    }
    store.close();
    await pool.query(`select ${schema}.begin_embedding('own')`);
    for (const table of ["message_vectors", "passage_vectors"]) {
      await query(
        `update chatkeep.${table} set model_number = 1, embedding = $1, code = binary_quantize($1::halfvec), due_at = null`,
        [JSON.stringify(VECTOR)],
      );
    }
    await plain.close();
    await database.pool.query("vacuum analyze");
  });
  afterAll(async () => {
    await pool.end();
    await database.close();
    await postgres.remove();
  });

  /** Expects that nothing of messages or passages is read beside an index, and no more than `most` rows at once. */
  const expectPlans = (plans: readonly Ran[], most: number, index: RegExp): void => {
    expect(
      wasteOf(plans, most).filter(
        (waste) => !/^Seq Scan (conversations|books|chapters|vector_model):/.test(waste),
      ),
    ).toEqual([]);
    expect(scansOf(plans)).toMatch(index);
  };
  const sql = (text: string, values: unknown[] = []): Promise<unknown> =>
    pool.query(`select * from ${schema}.${text}`, values);

  it("near_messages compares an owner's own, in the index, however many others have", async () => {
    const history = createHistory({ pool, embedding });
    const recall = (owner: Owner) => () =>
      history.recallMessages({ owner, conversationId: owner.kind, question: "Something" });
    expect(await recall(poor)()).toHaveLength(20);
    expectPlans(await plansOf(recall(poor)), 500, /Index Only Scan message_vectors_pkey/);
    // It grows with the owner's messages; in full only ten times as many are compared as are wanted.
    const plans = await plansOf(recall(rich));
    expectPlans(plans, MANY, /Index Only Scan message_vectors_pkey/);
    const full = plans
      .flatMap(({ scans }) => scans)
      .filter((scan) => scan === "Index Scan message_vectors_pkey");
    expect(full).toHaveLength(1);
    await history.close();
  });

  it("book_near compares the passages of the book", async () => {
    const store = createBookStore({ pool, embedding });
    const search = () => store.search("short", { question: "Something" });
    expect(await search()).toHaveLength(10);
    expectPlans(await plansOf(search), 500, /Scan passage_vectors_pkey/);
    store.close();
  });

  it.each([
    ["message", "message_vectors", /Index Scan message_vectors_due/],
    ["passage", "passage_vectors", /Index Scan passage_vectors_due/],
  ])("claim_%s_vectors reads what is due, not what others have", async (kind, table, index) => {
    await database.pool.query(
      `update chatkeep.${table} set due_at = now() where ctid in (select ctid from chatkeep.${table} limit 500)`,
    );
    expectPlans(await plansOf(() => sql(`claim_${kind}_vectors(1, '1 min', 20)`)), 20, index);
    await database.pool.query(`update chatkeep.${table} set due_at = null where due_at is not null`);
  });

  it("claim_message_vectors notes what was there before the model in pages, by the key", async () => {
    const plans = await plansOf(() => sql("claim_message_vectors(1, '1 min', 20)"));
    expectPlans(plans, 1000, /message_words_pkey/);
  });

  it("vectors are kept and put off by their keys", async () => {
    const message = [ownerId(rich), ["user", "user"], [7, 8]];
    const vectors = [JSON.stringify(VECTOR), JSON.stringify(VECTOR)];
    const pkey = /message_vectors_pkey/;
    expectPlans(
      await plansOf(() => sql("put_message_vectors($1, 1, $2, $3, $4)", [...message, vectors])),
      10,
      pkey,
    );
    expectPlans(await plansOf(() => sql("postpone_message_vectors($1, $2, $3, null)", message)), 10, pkey);
    const passage = [
      ["long", "long"],
      ["a", "a"],
      [7, 8],
    ];
    const ofPassages = /passage_vectors_pkey/;
    expectPlans(
      await plansOf(() => sql("put_passage_vectors(1, $1, $2, $3, $4)", [...passage, vectors])),
      10,
      ofPassages,
    );
    expectPlans(
      await plansOf(() => sql("postpone_passage_vectors($1, $2, $3, null)", passage)),
      10,
      ofPassages,
    );
  });
});
