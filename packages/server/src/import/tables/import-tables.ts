import { ChatkeepError, type ImportReport, isChatkeepError } from "@chatkeep/protocol";

import type { Archive } from "../archive.ts";
import { OF_ONE, type Target, importConversation } from "../conversation.ts";
import { createReport } from "../report.ts";
import { chainlit } from "./chainlit.ts";
import { chatbot } from "./chatbot.ts";
import { langchain, n8n } from "./langchain.ts";
import type { TableOptions, TableReader } from "./table-reader.ts";

const READERS: readonly TableReader[] = [chatbot, chainlit, langchain, n8n];

/** The programs whose tables can be read. */
export const TABLES: readonly string[] = READERS.map(({ key }) => key);

export interface TableImportOptions extends Target, TableOptions {
  /** One of {@link TABLES}. */
  readonly from: string;
}

/**
 * Stores the conversations in the tables of another program, as {@link importArchive} does those of an export. Only reads
 * there. A second run does not store a conversation again.
 */
export async function* importTables(options: TableImportOptions): AsyncGenerator<ImportReport, void, void> {
  const from = READERS.find(({ key }) => key === options.from);
  if (from === undefined) {
    throw new ChatkeepError("invalid_request", `\`from\` must be one of ${TABLES.join(", ")}.`);
  }
  const report = createReport();
  report.foundIn(from.name);
  for await (const conversation of from.read(options)) {
    try {
      await importConversation({ ...options, from, conversation, files: NO_FILES, report });
    } catch (error) {
      if (!isChatkeepError(error) || !OF_ONE.has(error.code)) throw error;
      report.leave(error.message);
    }
    yield report.soFar();
  }
  yield report.soFar();
}

const NO_FILES: Archive = {
  entries: [],
  find: () => undefined,
  async [Symbol.asyncDispose]() {},
};
