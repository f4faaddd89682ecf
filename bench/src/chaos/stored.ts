import { openConnection } from "@chatkeep/core";
import type { Chunk, MessageStatus, Part, Role, TurnStatus } from "@chatkeep/protocol";

/** What the database holds after a run, read by its superuser and not through our functions. */
export interface Stored {
  readonly conversations: readonly StoredConversation[];
  /** In order of conversation and number. */
  readonly messages: readonly StoredMessage[];
  readonly turns: readonly StoredTurn[];
  /** What was deleted and not restored. */
  readonly deleted: readonly { readonly conversationId: string; readonly seq: number; readonly id: string }[];
  /** Of each turn, in order. */
  readonly events: ReadonlyMap<string, readonly { readonly seq: number; readonly chunk: Chunk }[]>;
}

/** A conversation's row, as far as it is looked at. */
interface StoredConversation {
  readonly id: string;
  readonly lastSeq: number;
  readonly runningTurn: string | null;
}

/** A message's row, as far as it is looked at. */
export interface StoredMessage {
  readonly conversationId: string;
  readonly seq: number;
  readonly id: string;
  readonly turnId: string | null;
  readonly role: Role;
  readonly status: MessageStatus;
  readonly parts: readonly Part[];
}

/** A turn's row, as far as it is looked at; times are milliseconds. */
export interface StoredTurn {
  readonly id: string;
  readonly conversationId: string;
  readonly questionSeq: number;
  readonly messageId: string;
  readonly replyId: string;
  readonly status: TurnStatus;
  readonly nodeId: number;
  /** The attempts before the last, in order. */
  readonly earlier: readonly { readonly ended: "died" | "handed over"; readonly at: number }[];
  readonly errorCode: string | null;
  readonly lastEvent: number | null;
  readonly createdAt: number;
  readonly settledAt: number | null;
}

/** Reads it all. */
export async function readStored(url: string): Promise<Stored> {
  const connection = await openConnection(url);
  const rows = async <T>(text: string): Promise<T[]> =>
    (await connection.query<{ row: T }>(`select row_to_json(it) as row from (${text}) it`)).rows.map(
      ({ row }) => row,
    );
  try {
    const events = Map.groupBy(
      await rows<{ turnId: string; seq: number; chunk: Chunk }>(
        `select turn_id as "turnId", seq, chunk from chatkeep.turn_events order by turn_id, seq`,
      ),
      ({ turnId }) => turnId,
    );
    return {
      conversations: await rows(
        `select id, last_seq as "lastSeq", running_turn as "runningTurn" from chatkeep.conversations`,
      ),
      messages: await rows(
        `select conversation_id as "conversationId", seq, id, turn_id as "turnId", role, status, parts
         from chatkeep.messages order by conversation_id, seq`,
      ),
      deleted: await rows(
        `select conversation_id as "conversationId", seq, id from chatkeep.deleted_messages`,
      ),
      turns: await rows(
        `select id, conversation_id as "conversationId", question_seq as "questionSeq", message_id as "messageId",
           reply_id as "replyId", status, node_id as "nodeId", last_event as "lastEvent", error ->> 'code' as "errorCode",
           coalesce((
             select json_agg(json_build_object(
               'ended', a ->> 'ended', 'at', extract(epoch from (a ->> 'ended_at')::timestamptz) * 1000
             )) from jsonb_array_elements(attempts) a
           ), '[]') as earlier,
           extract(epoch from created_at) * 1000 as "createdAt", extract(epoch from settled_at) * 1000 as "settledAt"
         from (
           select id, conversation_id, question_seq, message_id, reply_id, status, node_id, last_event, error, attempts,
             created_at, settled_at from chatkeep.running_turns union all select id, conversation_id, question_seq, message_id, reply_id, status, node_id, last_event, error, attempts,
             created_at, settled_at from chatkeep.turns
         ) t order by created_at`,
      ),
      events,
    };
  } finally {
    await connection.end();
  }
}

/** How many turns still run. */
export async function countRunning(url: string): Promise<number> {
  const connection = await openConnection(url);
  try {
    const { rows } = await connection.query<{ count: string }>("select count(*) from chatkeep.running_turns");
    return Number(rows[0]!.count);
  } finally {
    await connection.end();
  }
}
