import { ChatkeepError, type Feedback, type ImportReport, isChatkeepError } from "@chatkeep/protocol";

import { type Archive, openArchive } from "./archive.ts";
import { chatgpt } from "./chatgpt.ts";
import { CHATKEEP, isExportLine, readExport } from "./chatkeep.ts";
import { claude } from "./claude.ts";
import { type Found, OF_ONE, type Target, importConversation } from "./conversation.ts";
import { readRatings } from "./feedback.ts";
import { type Reader, object } from "./foreign.ts";
import { librechat } from "./librechat.ts";
import { openWebui } from "./open-webui.ts";
import { createReport } from "./report.ts";
import { readValues } from "./values.ts";

export type { ImportReport };

const READERS: readonly Reader[] = [chatgpt, claude, openWebui, librechat];

export interface ImportOptions extends Target {
  /** Of a file, a zip or a folder. */
  readonly path: string;
}

/**
 * Stores the conversations of an export: ChatGPT's, Claude's, Open WebUI's, LibreChat's or our own, with their times,
 * versions and files. What was imported before is not stored again, so that an import that broke off is run once more.
 * Errors: `invalid_request` for a file that is no export; those of `History` that no other conversation would be spared,
 * such as `unavailable`.
 *
 * Yields the report after each conversation, with what came so far.
 */
export async function* importArchive(options: ImportOptions): AsyncGenerator<ImportReport, void, void> {
  const report = createReport();
  await using archive = await openArchive(options.path);
  for await (const found of readArchive(archive)) {
    report.foundIn(found.from.name);
    try {
      await importConversation({ ...options, ...found, report });
    } catch (error) {
      if (!isChatkeepError(error) || !OF_ONE.has(error.code)) throw error;
      report.leave(error.message);
    }
    yield report.soFar();
  }
  if (report.soFar().from.length > 0) return;
  const names = [...READERS, CHATKEEP].map(({ name }) => name).join(", ");
  const detail = `No conversation was found. Exports of these can be read: ${names}.`;
  throw new ChatkeepError("invalid_request", detail);
}

async function* readArchive(archive: Archive): AsyncGenerator<Found, void, void> {
  const ratings = new Map<string, Feedback>();
  for (const entry of archive.entries.filter(({ path }) => /(^|\/)message_feedback\.json$/.test(path)))
    for await (const value of readValues(await entry.open(), entry.path)) readRatings(value, ratings);
  for (const entry of archive.entries) {
    if (archive.entries.length > 1 && !/\.jsonl?$/i.test(entry.path)) continue;
    for await (const value of readValues(await entry.open(), entry.path)) {
      if (isExportLine(value)) {
        for await (const found of readExport(entry)) yield { from: CHATKEEP, ...found };
        break;
      }
      const given = object(value);
      for (const from of given === undefined ? [] : READERS) {
        const conversation = from.read(given!, ratings);
        if (conversation === undefined) continue;
        yield { from, conversation, files: archive };
        break;
      }
    }
  }
}
