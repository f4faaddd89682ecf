export { type ImportOptions, type ImportReport, importArchive } from "./import/import.ts";
