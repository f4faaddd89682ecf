import type { Conversation } from "./conversation.ts";
import type { Message } from "./message.ts";

/** A line of an export. */
export type ExportLine =
  | { readonly type: "conversation"; readonly conversation: Conversation; readonly deletedAt: string | null }
  | { readonly type: "message"; readonly message: Message }
  /** The last line: an export without it was cut off. */
  | { readonly type: "end"; readonly conversations: number; readonly messages: number };

/** What was erased, and when. */
export interface ErasureReceipt {
  /** ISO 8601, milliseconds, UTC. */
  readonly erasedAt: string;
  readonly conversations: number;
  readonly messages: number;
  readonly turns: number;
}
