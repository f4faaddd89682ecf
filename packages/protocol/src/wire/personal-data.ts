import type { ErasureReceipt, ExportLine } from "../personal-data.ts";
import { type WireConversation, conversationFromWire, conversationToWire } from "./conversation.ts";
import { type WireFile, fileFromWire, fileToWire } from "./file.ts";
import { type WireMessage, messageFromWire, messageToWire } from "./message.ts";
import { type WireShare, shareFromWire, shareToWire } from "./share.ts";
import { type WireQueuedQuestion, queuedQuestionFromWire, queuedQuestionToWire } from "./turn.ts";

export type WireExportLine =
  | { type: "conversation"; conversation: WireConversation; deleted_at: string | null }
  | { type: "message"; message: WireMessage }
  | { type: "queued"; question: WireQueuedQuestion }
  | { type: "file"; file: WireFile }
  | { type: "bytes"; bytes: string }
  | { type: "share"; share: WireShare }
  | { type: "end"; conversations: number; messages: number; files: number };

export interface WireErasureReceipt {
  erased_at: string;
  conversations: number;
  messages: number;
  turns: number;
  files: number;
}

export function exportLineToWire(line: ExportLine): WireExportLine {
  switch (line.type) {
    case "conversation":
      return {
        type: line.type,
        conversation: conversationToWire(line.conversation),
        deleted_at: line.deletedAt,
      };
    case "message":
      return { type: line.type, message: messageToWire(line.message) };
    case "queued":
      return { type: line.type, question: queuedQuestionToWire(line.question) };
    case "file":
      return { type: line.type, file: fileToWire(line.file) };
    case "share":
      return { type: line.type, share: shareToWire(line.share) };
    default:
      return line;
  }
}

export function exportLineFromWire(wire: WireExportLine): ExportLine {
  switch (wire.type) {
    case "conversation":
      return {
        type: wire.type,
        conversation: conversationFromWire(wire.conversation),
        deletedAt: wire.deleted_at,
      };
    case "message":
      return { type: wire.type, message: messageFromWire(wire.message) };
    case "queued":
      return { type: wire.type, question: queuedQuestionFromWire(wire.question) };
    case "file":
      return { type: wire.type, file: fileFromWire(wire.file) };
    case "share":
      return { type: wire.type, share: shareFromWire(wire.share) };
    default:
      return wire;
  }
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
