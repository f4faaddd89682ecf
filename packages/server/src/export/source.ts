import type { CoreHistory } from "@chatkeep/core";
import {
  type Conversation,
  type Message,
  type Owner,
  type StoredFile,
  isChatkeepError,
} from "@chatkeep/protocol";

/** The formats of an export of one conversation. */
export const EXPORT_FORMATS = ["markdown", "html", "json"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ConversationExportOptions {
  readonly history: Pick<CoreHistory, "getConversation" | "listMessages" | "getFile" | "readFile">;
  readonly owner: Owner;
  readonly conversationId: string;
  readonly format: ExportFormat;
  /** The last message of the branch. Default: the head's branch; of `json` all branches. */
  readonly leaf?: string | undefined;
}

/** The source of an export's pieces. */
export interface ExportSource extends ConversationExportOptions {
  readonly conversation: Conversation;
  readonly messages: AsyncIterable<Message>;
}

/** A message may refer to a file that was deleted. */
export function whenDeleted(error: unknown): StoredFile | undefined {
  if (isChatkeepError(error, "file_not_found")) return undefined;
  throw error;
}
