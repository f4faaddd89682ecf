import type { ErasureReceipt, ExportLine } from "../personal-data.ts";
import { type WireConversation, conversationFromWire, conversationToWire } from "./conversation.ts";
import { type WireMessage, messageFromWire, messageToWire } from "./message.ts";

export type WireExportLine =
  | { type: "conversation"; conversation: WireConversation; deleted_at: string | null }
  | { type: "message"; message: WireMessage }
  | { type: "end"; conversations: number; messages: number };

export interface WireErasureReceipt {
  erased_at: string;
  conversations: number;
  messages: number;
  turns: number;
}

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

export function erasureReceiptToWire({ erasedAt, ...counts }: ErasureReceipt): WireErasureReceipt {
  return { erased_at: erasedAt, ...counts };
}

export function erasureReceiptFromWire({
  erased_at: erasedAt,
  ...counts
}: WireErasureReceipt): ErasureReceipt {
  return { erasedAt, ...counts };
}
