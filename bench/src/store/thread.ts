import { randomUUID } from "node:crypto";

import { openConnection, ownerId } from "@chatkeep/core";
import type { History, Owner } from "@chatkeep/protocol";

/** A conversation that is measured, and whose it is. */
export interface Thread {
  readonly owner: Owner;
  readonly ownerId: string;
  readonly id: string;
}

/** A new conversation of somebody new. */
export async function newThread(history: History): Promise<Thread> {
  const owner: Owner = { kind: "session", id: randomUUID() };
  const { conversation } = await history.createConversation(owner);
  return { owner, ownerId: ownerId(owner), id: conversation.id };
}

/**
 * Fills an empty conversation with `count` messages in one statement, as superuser and without the
 * trigger of the foreign key: through the front door a million would take minutes.
 */
export async function fillThread(url: string, thread: Thread, count: number, content: string): Promise<void> {
  // Not of a pool: it loses its triggers, and takes longer than a pool's statements may.
  const connection = await openConnection(url);
  try {
    await connection.query({ text: "set session_replication_role = replica" });
    await connection.query({
      text: `insert into chatkeep.messages (owner_id, conversation_id, seq, id, role, parts)
        select $1, $2, seq, gen_random_uuid()::text, case when seq % 2 = 1 then 'user' else 'assistant' end, $3
        from generate_series(1, $4::bigint) seq`,
      values: [thread.ownerId, thread.id, JSON.stringify([{ type: "text", text: content }]), count],
    });
    await connection.query({
      text: "update chatkeep.conversations set last_seq = $3 where owner_id = $1 and id = $2",
      values: [thread.ownerId, thread.id, count],
    });
    await connection.query({ text: "analyze chatkeep.messages, chatkeep.conversations" });
    // The million's pages are written now, not during a measurement.
    await connection.query({ text: "checkpoint" });
  } finally {
    await connection.end();
  }
}
