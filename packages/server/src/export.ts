export {
  type ConversationExport,
  type ConversationExportOptions,
  EXPORT_FORMATS,
  type ExportFormat,
  exportConversation,
} from "./export/export.ts";
