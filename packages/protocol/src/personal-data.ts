import type { Conversation } from "./conversation.ts";
import type { StoredFile } from "./file.ts";
import type { Message } from "./message.ts";
import type { Share } from "./share.ts";
import type { QueuedQuestion } from "./turn.ts";

/** A line of an export. */
export type ExportLine =
  | { readonly type: "conversation"; readonly conversation: Conversation; readonly deletedAt: string | null }
  | { readonly type: "message"; readonly message: Message }
  /** A question that waits in the conversation before it. */
  | { readonly type: "queued"; readonly question: QueuedQuestion }
  /** Followed by its bytes. */
  | { readonly type: "file"; readonly file: StoredFile }
  /** The next bytes of the file before, in base64. */
  | { readonly type: "bytes"; readonly bytes: string }
  /** A link to one of the conversations, without its token. */
  | { readonly type: "share"; readonly share: Share }
  /** The last line. An export without it is incomplete. */
  | {
      readonly type: "end";
      readonly conversations: number;
      readonly messages: number;
      readonly files: number;
    };

/** What came of an import. */
export interface ImportReport {
  /** The services whose conversations were found, by name. */
  readonly from: readonly string[];
  readonly conversations: number;
  readonly messages: number;
  readonly files: number;
  /** Conversations that were there already, whole. */
  readonly known: number;
  /** What was left, by why, with how often. */
  readonly left: { readonly [why: string]: number };
}

/** The counts and time of an erasure. */
export interface ErasureReceipt {
  /** ISO 8601, milliseconds, UTC. */
  readonly erasedAt: string;
  readonly conversations: number;
  readonly messages: number;
  readonly turns: number;
  readonly files: number;
}
