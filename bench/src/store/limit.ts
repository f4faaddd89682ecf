import { randomUUID } from "node:crypto";

import type { Queryable } from "@chatkeep/core";

import type { Thread } from "./thread.ts";

/** What the best hand-written program would get out of the same tables. */
export interface Limit {
  append(thread: Thread, content: string): Promise<unknown>;
  page(thread: Thread): Promise<unknown>;
}

/**
 * The same statements on the same tables and indexes through the bare driver, prepared under names. No function, no
 * check of what is given, no owner set, no look for an id that is there already, words of a message as a regular
 * expression finds them, and rows as the driver parses them.
 */
export function createLimit(pool: Queryable, schema: string): Limit {
  return {
    append: ({ ownerId, id }, content) =>
      pool.query({
        name: "limit append",
        text: appendText(schema),
        values: [
          ownerId,
          id,
          [randomUUID()],
          ["user"],
          [JSON.stringify([{ type: "text", text: content }])],
          content,
          [content.toLowerCase().replaceAll(/[^a-z ]/g, "")],
          [null],
          [null],
          [null],
        ],
      }),
    page: ({ ownerId, id }) =>
      pool.query({ name: "limit page", text: pageText(schema), values: [ownerId, id, 20] }),
  };
}

const appendText = (schema: string): string => `
  with touched as (
    update ${schema}.owners set active_at = clock_timestamp()
    where id = $1 and active_at < clock_timestamp() - interval '1 day'
  ), conversation as (
    update ${schema}.conversations c set
      last_seq = c.last_seq + cardinality($3::text[]),
      updated_at = clock_timestamp(),
      title = coalesce(c.title, $6),
      title_source = coalesce(c.title_source, 'question'),
      preview = $6
    where c.owner_id = $1 and c.id = $2 and c.deleted_at is null
    returning c.last_seq - cardinality($3::text[]) as base
  ), given as (
    select g.*, base + row_number() over (order by g.place) as seq
    from conversation, unnest(
      $3::text[], $4::text[], $5::json[], $7::text[], $8::text[], $8::text[], $9::boolean[], $8::text[], $10::json[],
      $10::json[]
    ) with ordinality as g (
      id, role, body, word_text, context_text, intent, processed, model, usage, metadata, place
    )
  ), indexed as (
    insert into ${schema}.message_words (owner_id, conversation_id, seq, size, words)
    select $1, $2, seq, cardinality(string_to_array(word_text, ' ')), to_tsvector('${schema}.message_words', word_text)
    from given
  )
  insert into ${schema}.messages as m (
    owner_id, conversation_id, seq, id, role, parts, context_text, intent, processed, model, usage, metadata
  )
  select $1, $2, seq, id, role, body, context_text, intent, processed, model, usage, metadata from given
  on conflict (owner_id, conversation_id, id) do nothing
  returning to_json(m)`;

const pageText = (schema: string): string => `
  select
    c.last_seq - c.cleared_seq as total, c.cleared_seq + 1 as first_seq, c.running_turn,
    (
      select coalesce(json_agg(page order by page.seq), '[]') from (
        select m.* from ${schema}.messages m
        where m.owner_id = $1 and m.conversation_id = $2 and m.seq > c.cleared_seq and m.seq < c.last_seq + 1
        order by m.seq desc limit $3
      ) page
    ) as messages
  from ${schema}.conversations c
  where c.owner_id = $1 and c.id = $2 and c.deleted_at is null`;
