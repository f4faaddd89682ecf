import { randomUUID } from "node:crypto";

import { type CoreHistory, openConnection, ownerId } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";

/** A conversation that was filled. */
export interface Filled {
  readonly owner: Owner;
  readonly id: string;
}

/** Words of the language: the n-th is said about n times as rarely as the first, as in all languages (Zipf). */
const VOCABULARY = 20_000;
const WORD = `'w' || floor(exp(random() * ln(${VOCABULARY})))::int`;
const SENTENCE = Array.from({ length: 12 }, () => WORD).join(" || ' ' || ");

/** A sentence of that language. */
export function sentence(words: number): string {
  return Array.from(
    { length: words },
    () => `w${Math.floor(Math.exp(Math.random() * Math.log(VOCABULARY)))}`,
  ).join(" ");
}

/** A new conversation with that many messages, questions and answers in turn, as SQL: one by one would take an hour. */
export async function fillConversation(history: CoreHistory, url: string, count: number): Promise<Filled> {
  const owner: Owner = { kind: "user", id: randomUUID() };
  const { conversation } = await history.createConversation(owner);
  const values = [ownerId(owner), conversation.id];
  await run(
    url,
    `with said as (
       insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
       select $1::uuid, $2, n, 'm' || n, case n % 2 when 1 then 'user' else 'assistant' end,
         json_build_array(json_build_object('type', 'text', 'text', ${SENTENCE}))
       from generate_series(1, ${count}) n
       returning owner_id, conversation_id, seq, parts
     )
     insert into chatkeep.message_words (owner_id, conversation_id, seq, size, words)
     select s.owner_id, s.conversation_id, s.seq, 12,
       array_to_tsvector(array(select 'n0' || w from regexp_split_to_table(s.parts #>> '{0,text}', ' ') w group by 1))
     from said s`,
    values,
  );
  await run(
    url,
    `update chatkeep.conversations set last_seq = ${count} where owner_id = $1 and id = $2`,
    values,
  );
  return { owner, id: conversation.id };
}

/** The words of that many messages of 5,000 other owners: what they share with ours is the table and its index. */
export async function fillOthers(url: string, count: number): Promise<void> {
  const size = 250_000;
  for (let from = 0; from < count; from += size) {
    await run(
      url,
      `insert into chatkeep.message_words (owner_id, conversation_id, seq, size, words)
       select md5((n % 5000)::text)::uuid, 'other', n, 12,
         array_to_tsvector(array(select 'n0' || w from regexp_split_to_table(${SENTENCE}, ' ') w group by 1))
       from generate_series(${from + 1}, ${from + size}) n`,
      [],
    );
  }
}

/** Takes the words' index away while a table is filled: entry by entry it would take an hour. */
export async function dropIndex(url: string): Promise<void> {
  await run(url, "drop index chatkeep.message_words_words", []);
}

/** Brings index and statistics to what they are after a while of use. */
export async function finishFilling(url: string): Promise<void> {
  await run(
    url,
    `create index message_words_words on chatkeep.message_words using gin (owner_id, words)
     with (fastupdate = on, gin_pending_list_limit = 512)`,
    [],
  );
  await run(url, "vacuum analyze chatkeep.message_words, chatkeep.messages, chatkeep.conversations", []);
  await run(url, "checkpoint", []);
}

/** Not of a pool, and without foreign keys: it takes longer than a pool's statements may. */
async function run(url: string, text: string, values: unknown[]): Promise<void> {
  const connection = await openConnection(url);
  try {
    await connection.query({ text: "set session_replication_role = replica" });
    await connection.query({ text: "set maintenance_work_mem = '512MB'" });
    await connection.query({ text, values });
  } finally {
    await connection.end();
  }
}
