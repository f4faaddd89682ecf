export { type ConversationExport, exportConversation } from "./export/export.ts";
export { type ConversationExportOptions, EXPORT_FORMATS, type ExportFormat } from "./export/source.ts";
