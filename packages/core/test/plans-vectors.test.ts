import {
  type Embedding,
  createDocsStore,
  createHistory,
  migrate,
  ownerId,
  releaseSchema,
} from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";
import {
  type Database,
  type Postgres,
  PGVECTOR_SETTINGS,
  UNHURRIED,
  createDatabase,
  hasPgvector,
  startPostgres,
} from "@chatkeep/testing";
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { newSession, newUser } from "./fixture.ts";
import { type Ran, openTellingPool, scansOf, wasteOf } from "./telling-pool.ts";

/** Messages of one owner, and passages of one docs: enough that a scan costs more than an index. */
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
    const plain = createHistory({ ...UNHURRIED.history, pool: database.pool });
    const store = createDocsStore({ pool: database.pool });
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
    for (const [docs, count] of [
      ["long", MANY],
      ["short", FEW],
    ] as const) {
      const passages = Array.from({ length: count }, (_, place) => ({
        section: null,
        anchor: null,
        context: "A",
        text: `Hello ${place}`,
      }));
      await store.putDocuments(docs, [
        { path: "a", position: 1, title: "A", hash: "", source: "", passages },
      ]);
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

  /** What of messages or passages is read beside an index, more than `most` rows at once, and the index if it is not read. */
  const faultsOf = async (work: () => Promise<unknown>, most: number, index: string): Promise<string[]> => {
    const plans = await plansOf(work);
    const small = /^Seq Scan (conversations|docs|documents|vector_model):/;
    return [
      ...wasteOf(plans, most).filter((waste) => !small.test(waste)),
      ...(scansOf(plans).includes(index) ? [] : [`no ${index}`]),
    ];
  };
  const sql = (text: string, values: unknown[] = []): Promise<unknown> =>
    pool.query(`select * from ${schema}.${text}`, values);

  it("near_messages compares an owner's own, in the index, however many others have", async () => {
    const history = createHistory({ ...UNHURRIED.history, pool, embedding });
    const recall = (owner: Owner) => () =>
      history.recallMessages({ owner, conversationId: owner.kind, question: "Something" });
    expect(await recall(poor)()).toHaveLength(20);
    const compared = "Index Only Scan message_vectors_pkey";
    expect(await faultsOf(recall(poor), 500, compared)).toEqual([]);
    // It grows with the owner's messages; only ten times as many as are wanted are compared in full.
    expect(await faultsOf(recall(rich), MANY, compared)).toEqual([]);
    await history.close();
  });

  it("near_passages compares the passages of the docs", async () => {
    const store = createDocsStore({ pool, embedding });
    const search = () => store.search("short", { question: "Something" });
    expect(await search()).toHaveLength(10);
    expect(await faultsOf(search, 500, "Scan passage_vectors_pkey")).toEqual([]);
    store.close();
  });

  it.each([
    ["message", "message_vectors", "Index Scan message_vectors_due"],
    ["passage", "passage_vectors", "Index Scan passage_vectors_due"],
  ])("claim_%s_vectors reads what is due, not what others have", async (kind, table, index) => {
    await database.pool.query(
      `update chatkeep.${table} set due_at = now() where ctid in (select ctid from chatkeep.${table} limit 500)`,
    );
    const claim = () => sql(`claim_${kind}_vectors(1, '1 min', 20)`);
    expect(await faultsOf(claim, 20, index)).toEqual([]);
    await database.pool.query(`update chatkeep.${table} set due_at = null where due_at is not null`);
  });

  it("claim_message_vectors notes what was there before the model in pages, by the key", async () => {
    const claim = () => sql("claim_message_vectors(1, '1 min', 20)");
    expect(await faultsOf(claim, 1000, "message_words_pkey")).toEqual([]);
  });

  const VECTORS = [JSON.stringify(VECTOR), JSON.stringify(VECTOR)];
  const MESSAGES = [ownerId(rich), ["user", "user"], [7, 8]];
  const PASSAGES = [
    ["long", "long"],
    ["a", "a"],
    [7, 8],
  ];
  it.each([
    ["put_message_vectors($1, 1, $2, $3, $4)", [...MESSAGES, VECTORS], "message_vectors_pkey"],
    ["postpone_message_vectors($1, $2, $3, null)", MESSAGES, "message_vectors_pkey"],
    ["put_passage_vectors(1, $1, $2, $3, $4)", [...PASSAGES, VECTORS], "passage_vectors_pkey"],
    ["postpone_passage_vectors($1, $2, $3, null)", PASSAGES, "passage_vectors_pkey"],
  ])("%s goes by the keys", async (call, values, index) => {
    expect(await faultsOf(() => sql(call, values), 10, index)).toEqual([]);
  });
});
