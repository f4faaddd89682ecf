import { createHash } from "node:crypto";

import { type CoreHistory, openConnection, ownerId, releaseSchema } from "@chatkeep/core";
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
  await sql("select set_config('chatkeep.owner', $1, false)");
  /** Lets a message follow another one than the message before it, and the later ones go on from there. */
  const branchOff = async (id: string, seq: number, parent: number): Promise<void> => {
    await sql("update chatkeep.conversations set last_seq = $3 where owner_id = $1 and id = $2", id, seq - 1);
    await sql(`select ${releaseSchema("chatkeep")}.branch_off($1, $2, $3)`, id, `m${parent}`);
  };
  const stretch = messages / forks;
  for (let end = stretch; end < messages; end += stretch) {
    // The last two messages of each stretch fork off the first of it; what follows goes on from before them.
    await branchOff("forked", end - 1, end - 3);
    await branchOff("forked", end + 1, end - 2);
  }
  for (let first = 3; first < 2 * forks; first += 2) await branchOff("crossing", first, first - 2);
  await sql(
    `update chatkeep.conversations set last_seq = case id when 'forked' then $2::int else 2 * $3::int end
     where owner_id = $1 and id in ('forked', 'crossing')`,
    messages,
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
