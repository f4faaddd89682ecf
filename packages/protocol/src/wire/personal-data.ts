import type { ErasureReceipt, ExportLine } from "../personal-data.ts";
import { type WireConversation, conversationFromWire, conversationToWire } from "./conversation.ts";
import { type WireMessage, messageFromWire, messageToWire } from "./message.ts";

/** A line of an export as JSON on the wire. */
export type WireExportLine =
  | { type: "conversation"; conversation: WireConversation; deleted_at: string | null }
  | { type: "message"; message: WireMessage }
  | { type: "end"; conversations: number; messages: number };

/** A receipt as JSON on the wire. */
export interface WireErasureReceipt {
  erased_at: string;
  conversations: number;
  messages: number;
  turns: number;
}

/** To the wire. */
export function exportLineToWire(line: ExportLine): WireExportLine {
  if (line.type === "end") return line;
  return line.type === "message"
    ? { type: "message", message: messageToWire(line.message) }
    : {
        type: "conversation",
        conversation: conversationToWire(line.conversation),
        deleted_at: line.deletedAt,
      };
}

/** From the wire. */
export function exportLineFromWire(wire: WireExportLine): ExportLine {
  if (wire.type === "end") return wire;
  return wire.type === "message"
    ? { type: "message", message: messageFromWire(wire.message) }
    : {
        type: "conversation",
        conversation: conversationFromWire(wire.conversation),
        deletedAt: wire.deleted_at,
      };
}

/** To the wire. */
export function erasureReceiptToWire({ erasedAt, ...counts }: ErasureReceipt): WireErasureReceipt {
  return { erased_at: erasedAt, ...counts };
}

/** From the wire. */
export function erasureReceiptFromWire({
  erased_at: erasedAt,
  ...counts
}: WireErasureReceipt): ErasureReceipt {
  return { erasedAt, ...counts };
}
