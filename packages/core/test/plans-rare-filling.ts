import type { Query } from "./filling.ts";

export interface Filling {
  /** The id of whose rows they are; they have a conversation `long`. */
  readonly owner: string;
  /** The schema of the functions. */
  readonly schema: string;
  /** Rows of each table. */
  readonly many: number;
}

/** Fills the tables that the rarer statements read, so that a scan of any of them costs more than an index. */
export async function fillRare(query: Query, { owner, schema, many }: Filling): Promise<void> {
  const filled = (text: string): Promise<unknown> => query(text, owner, many);
  await filled(
    `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
     select $1, 'long', n, 'm' || n, case when n between 600 and 699 then 'assistant' else 'user' end, '[{"type":"text","text":"Hello"}]' from generate_series(1, $2::int) n`,
  );
  await query("update chatkeep.conversations set last_seq = $1 where id = 'long'", many);
  await filled(
    `insert into chatkeep.message_words (owner_id, conversation_id, seq, size, words)
     select $1, 'long', n, 1, to_tsvector('chatkeep.message_words', 'hello') from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.conversations (owner_id, id, deleted_at)
     select $1, 'c' || n, case when n % 2 = 0 then now() end from generate_series(1, $2::int) n`,
  );
  await query("update chatkeep.conversations set title = id, title_source = 'person' where id <> 'long'");
  // Of somebody who has not searched yet.
  await query(
    `with other as (insert into chatkeep.owners (id, kind) values (gen_random_uuid(), 'session') returning id),
     titled as (
       insert into chatkeep.conversations (owner_id, id, title, title_source)
       select other.id, 'o' || n, 'Title', 'person' from other, generate_series(1, 2000) n returning owner_id, id
     )
     insert into chatkeep.unindexed_titles select owner_id, id from titled`,
  );
  await filled(
    `insert into chatkeep.title_words (owner_id, conversation_id, words)
     select $1, 'c' || n, to_tsvector('chatkeep.message_words', case when n <= 20 then 'rarest' else 'river' end)
     from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.queued_questions
       (owner_id, conversation_id, place, turn_id, reply_id, message_id, body, asker, steers, is_held)
     select $1, 'c' || n, 1, gen_random_uuid(), 'r', 'q', '[]', '{"kind":"session"}', false, n > 3
     from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.segments (owner_id, conversation_id, first_seq, parent_seq, depth, next_follows)
     select $1, 'c1', n + 1, n, n, false from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.deleted_messages (owner_id, conversation_id, seq, deleted_at, id, message)
     select $1, 'c1', n, now(), 'm' || n, '{}' from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.turns
       (owner_id, id, conversation_id, question_seq, message_id, reply_id, status, node_id, partition, settled_at, last_event)
     select $1, gen_random_uuid(), 'long', n, 'm' || n, 'm' || n + 1, 'complete', 0, 0, now(), 10
     from generate_series(1, $2::int, 2) n`,
  );
  await filled(
    `insert into chatkeep.turn_events (owner_id, turn_id, seq, partition, chunk)
     select t.owner_id, t.id, 1, n, '{"type":"finish"}' from chatkeep.turns t, generate_series(0, 2) n
     where t.owner_id = $1 and $2 > 0`,
  );
  await filled(
    `insert into chatkeep.turn_contexts (owner_id, turn_id, context)
     select t.owner_id, t.id, '{}' from chatkeep.turns t where t.owner_id = $1 and $2 > 0`,
  );
  await filled(
    `insert into chatkeep.unindexed_conversations (owner_id, conversation_id, below_seq)
     select $1, case when n = 1 then 'long' else 'c' || n end, case when n = 1 then 4000 else 0 end
     from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.handles (owner_id, hash, conversation_id)
     select $1, sha256(n::text::bytea), 'long' from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.idempotency_keys (owner_id, digest, id, is_ahead, sent_at)
     select $1, sha256(n::text::bytea), gen_random_uuid(), false, now() from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.summaries (owner_id, conversation_id, from_seq, to_seq, body)
     select $1, 'c' || n, 1, n, 'Hello' from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.files (owner_id, id, media_type, size, sha256, unused_since)
     select $1, md5(n::text)::uuid, 'image/png', 3, sha256(n::text::bytea), case when n > 19000 then now() end
     from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.usage_days
     select $1, (now() at time zone 'UTC')::date - n, 'm', 0, 1, 1, 1, 1, 1, 1, 1 from generate_series(0, $2::int - 1) n`,
  );
  await filled(
    `insert into chatkeep.file_chunks (owner_id, file_id, no, bytes)
     select $1, md5(n::text)::uuid, 0, 'abc' from generate_series(1, $2::int) n`,
  );
  await query(
    `insert into chatkeep.objects (id, due_at)
     select md5(n::text)::uuid, case when n > 19000 then now() + interval '1 day' end from generate_series(1, $1::int) n`,
    many,
  );
  await filled(
    `insert into chatkeep.file_uses (owner_id, conversation_id, message_id, file_id)
     select $1, 'long', 'm' || n, md5(n::text)::uuid from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.shares (owner_id, id, hash, conversation_id)
     select $1, md5(n::text)::uuid, sha256(n::text::bytea), 'c' || n from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.checkpoints (owner_id, conversation_id, namespace, id, body, metadata, channels, versions)
     select $1, 'long', '', lpad(n::text, 9, '0'), '{}', '{}', '{messages}', array[n::text]
     from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.checkpoint_values (owner_id, conversation_id, namespace, channel, version, base_version, body)
     select $1, 'long', '', 'messages', n::text, case when n % 9 > 0 then (n - 1)::text end, '{}'
     from generate_series(1, $2::int) n`,
  );
  await filled(
    `insert into chatkeep.checkpoint_writes
       (owner_id, conversation_id, namespace, checkpoint_id, task_path, task_id, no, channel, body)
     select $1, 'long', '', lpad(n::text, 9, '0'), '', 'task', 0, 'messages', '{}' from generate_series(1, $2::int) n`,
  );
  await query(
    "insert into chatkeep.owners (id, kind) select gen_random_uuid(), 'session' from generate_series(1, 2000)",
  );
  await query("insert into chatkeep.budgets select gen_random_uuid() from generate_series(1, $1::int)", many);
  await query(
    `insert into chatkeep.rate_limits (key, points, expires_at)
     select n::text, 1, now() + interval '1 hour' from generate_series(1, $1::int) n`,
    many,
  );
  await query(
    `with others as (
       insert into chatkeep.owners (id, kind) select gen_random_uuid(), 'user' from generate_series(1, $1::int) returning id
     ), theirs as (
       insert into chatkeep.conversations (owner_id, id) select id, id from others returning owner_id, id
     )
     insert into chatkeep.running_turns
       (owner_id, id, conversation_id, question_seq, message_id, reply_id, node_id, partition)
     select owner_id, owner_id, id, 1, 'q', 'a', (select ${schema}.register_node('1 hour', false)), 0 from theirs`,
    many,
  );
  await filled("update chatkeep.owners set conversation_count = $2 where id = $1");
}
