export { type ImportOptions, type ImportReport, importArchive } from "./import/import.ts";
export { TABLES, type TableImportOptions, importTables } from "./import/tables/import-tables.ts";
