import type { Failure, Turn, TurnStatus } from "@chatkeep/protocol";

import { instant } from "../database/values.ts";

/** A row of the table `turns` as `to_json` writes it. */
export interface TurnRow {
  id: string;
  conversation_id: string;
  status: TurnStatus;
  message_id: string;
  reply_id: string;
  error: Failure | null;
  created_at: string;
  settled_at: string | null;
}

/** A turn from its row. */
export function turnFromRow(row: TurnRow): Turn {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    status: row.status,
    messageId: row.message_id,
    replyId: row.reply_id,
    persisted: true,
    error: row.error,
    createdAt: instant(row.created_at),
    settledAt: instant(row.settled_at),
  };
}
