import { createHash } from "node:crypto";

import { type CoreHistory, openConnection, ownerId } from "@chatkeep/core";
import type { Owner } from "@chatkeep/protocol";

/** What a stored message says: no two the same, as otherwise an array of them would be compressed to nothing. */
export const textOf = (place: number): string =>
  `${TEXT} ${createHash("md5").update(String(place)).digest("hex")}`;
const TEXT = "How do I keep what was said when the page is closed?";

export interface Tree {
  readonly owner: Owner;
  readonly messages: number;
  /** Forks of the conversation `forked`, each of two messages, evenly spread, and of `crossing`, one a message. */
  readonly forks: number;
}

/**
 * Makes three conversations: `plain` without forks, `forked` of the same length with forks all over, and `crossing`,
 * whose branch is one message of each of its segments. In SQL: through the library it would take an hour.
 */
export async function fillTrees(history: CoreHistory, url: string, tree: Tree): Promise<void> {
  const { owner, messages, forks } = tree;
  const client = await openConnection(url);
  const sql = (text: string, ...values: unknown[]): Promise<unknown> =>
    client.query(text, [ownerId(owner), ...values]);
  await fillConversation(history, url, owner, "plain", messages);
  await fillConversation(history, url, owner, "forked", messages);
  await fillConversation(history, url, owner, "crossing", 2 * forks);
  const columns = "owner_id, conversation_id, first_seq, parent_seq, depth, next_follows";
  await sql(
    // The last two messages of each stretch fork off the first of it; what follows goes on from before them.
    `insert into chatkeep.segments (${columns})
     select $1::uuid, 'forked', n * $2::int - 1, n * $2::int - 3, n * $2::int - 3 - 2 * (n - 1) + 1, true
     from generate_series(1, $3::int - 1) n
     union all
     select $1::uuid, 'forked', n * $2::int + 1, n * $2::int - 2, n * $2::int - 2 - 2 * (n - 1) + 1, false
     from generate_series(1, $3::int - 1) n`,
    messages / forks,
    forks,
  );
  await sql(
    `insert into chatkeep.segments (${columns})
     select $1::uuid, 'crossing', 2 * n + 1, 2 * n - 1, n + 1, true from generate_series(1, $2::int - 1) n`,
    forks,
  );
  // As branch_off writes it: each after those that lead to it.
  await client.query(
    `do $$
     declare
       s record;
       before record;
     begin
       for s in select * from chatkeep.segments order by conversation_id, first_seq loop
         select * into before from chatkeep.segments k
         where k.owner_id = s.owner_id and k.conversation_id = s.conversation_id and k.first_seq <= s.parent_seq
         order by k.first_seq desc limit 1;
         update chatkeep.segments k set
           path_firsts = (coalesce(before.first_seq, 0) || before.path_firsts)[:64],
           path_parents = (coalesce(before.parent_seq, 0) || before.path_parents)[:64]
         where k.owner_id = s.owner_id and k.conversation_id = s.conversation_id and k.first_seq = s.first_seq;
       end loop;
     end $$`,
  );
  await sql(
    `update chatkeep.conversations set
       fork_count = case id when 'forked' then 2 * ($2::int - 1) else $2::int - 1 end,
       elsewhere_count = case id when 'forked' then 2 * ($2::int - 1) else $2::int - 1 end
     where owner_id = $1 and id in ('forked', 'crossing')`,
    forks,
  );
  await client.query("vacuum full analyze chatkeep.segments");
  await client.query("vacuum analyze");
  await client.end();
}

/** A conversation of that many messages without forks, and without their search words. */
export async function fillConversation(
  history: CoreHistory,
  url: string,
  owner: Owner,
  id: string,
  count: number,
): Promise<void> {
  await history.createConversation(owner, { id });
  const client = await openConnection(url);
  await client.query("set session_replication_role = replica");
  await client.query(
    `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
     select $1::uuid, $2, n, 'm' || n, case n % 2 when 1 then 'user' else 'assistant' end,
       json_build_array(json_build_object('type', 'text', 'text', $4::text || ' ' || md5(n::text)))
     from generate_series(1, $3::int) n`,
    [ownerId(owner), id, count, TEXT],
  );
  await client.query("update chatkeep.conversations set last_seq = $3 where owner_id = $1 and id = $2", [
    ownerId(owner),
    id,
    count,
  ]);
  await client.end();
}
