import { existsSync } from "node:fs";

import { type CoreHistory, createHistory, createPool, migrate } from "@chatkeep/core";
import { type Owner, exportLineToWire, isChatkeepError, isSessionId } from "@chatkeep/protocol";
import type { Log } from "@chatkeep/server";
import { EXPORT_FORMATS, exportConversation } from "@chatkeep/server/export";
import {
  type ImportReport,
  type TableImportOptions,
  importArchive,
  importTables,
} from "@chatkeep/server/import";

import { whenAwake, withDatabase } from "./database.ts";
import type { Environment } from "./environment.ts";
import type { Output } from "./log.ts";
import { loadObjects } from "./objects.ts";
import { StartError } from "./start-error.ts";

/** The actor in the audit. */
const ACTOR = "operator";

/** Whose data a command is about, as its options say. */
export interface OwnerOptions {
  readonly user?: string | undefined;
  readonly session?: string | undefined;
}

/** Which export. */
interface ExportOptions extends OwnerOptions {
  readonly conversation?: string | undefined;
  readonly format?: string | undefined;
  readonly leaf?: string | undefined;
}

/** `chatkeep export`: writes all that is kept of one owner as JSON Lines, or one conversation in a format. */
export async function runExport(
  environment: Environment,
  options: ExportOptions,
  { log, output }: { readonly log: Log; readonly output: Output & NodeJS.WritableStream },
): Promise<void> {
  const owner = ownerOf(environment, options, "export");
  const { conversation, leaf } = options;
  if (conversation === undefined && (options.format ?? leaf) !== undefined) {
    throw new StartError("Say of which conversation: --conversation <id>.");
  }
  const format = EXPORT_FORMATS.find((one) => one === (options.format ?? "json"));
  if (format === undefined) throw new StartError(`The formats are ${EXPORT_FORMATS.join(", ")}.`);
  await withHistory(environment, log, async (history) => {
    const pieces =
      conversation === undefined
        ? allLines(history, owner)
        : (await exportConversation({ history, owner, conversationId: conversation, format, leaf })).pieces;
    for await (const piece of pieces) {
      if (output.write(piece)) continue;
      // Waits for a full pipe, so that memory holds one piece.
      await new Promise((resolve) => output.once("drain", resolve));
    }
  }).catch((error: unknown) => {
    throw isChatkeepError(error) ? new StartError(error.message) : error;
  });
}

async function* allLines(history: CoreHistory, owner: Owner): AsyncGenerator<string, void, void> {
  for await (const line of history.exportData(owner, { actor: ACTOR }))
    yield `${JSON.stringify(exportLineToWire(line))}\n`;
}

interface ImportOptions extends OwnerOptions {
  readonly paths: readonly string[];
  /** The program whose tables to read; `paths` are then addresses of databases. */
  readonly from?: string | undefined;
  readonly of?: string | undefined;
  readonly table?: string | undefined;
}

/** `chatkeep import`: stores exports of chats for one owner, and returns a sentence for each. */
export async function runImport(
  environment: Environment,
  { paths, ...options }: ImportOptions,
  { log, progress }: { readonly log: Log; readonly progress: NodeJS.WriteStream },
): Promise<string> {
  const owner = ownerOf(environment, options, "import FILE…");
  return withHistory(environment, log, async (history) => {
    const sentences: string[] = [];
    for (const path of paths) {
      const name = options.from ?? path;
      let came: ImportReport | undefined;
      for await (const report of reportsOf(path, options, { history, owner, isTrusted: true })) {
        came = report;
        if (progress.isTTY) progress.write(`\r${name}: ${report.messages} messages`);
      }
      if (progress.isTTY) progress.write("\r\u001b[K");
      sentences.push(`${name}: ${importSentence(came!)}`);
    }
    return sentences.join("\n");
  }).catch((error: unknown) => {
    throw isChatkeepError(error)
      ? new StartError(`${error.message} What was stored stays; run it again.`)
      : error;
  });
}

/** Reports on an export, or on the tables of another program, which are read over a connection of their own. */
async function* reportsOf(
  path: string,
  { from, of, table }: Omit<ImportOptions, "paths">,
  target: Pick<TableImportOptions, "history" | "owner" | "isTrusted">,
): AsyncGenerator<ImportReport, void, void> {
  if (from === undefined) {
    if (!existsSync(path)) throw new StartError(`There is no file ${path}.`);
    yield* importArchive({ ...target, path });
    return;
  }
  const tables = createPool(path);
  try {
    yield* importTables({ ...target, tables, from, of, table });
  } catch (error) {
    if (isChatkeepError(error)) throw error;
    throw new StartError(`The tables of ${from} cannot be read: ${(error as Error).message}.`);
  } finally {
    await tables.end();
  }
}

function importSentence({ from, conversations, messages, files, known, left }: ImportReport): string {
  const attached = files === 0 ? "" : `, ${files} files`;
  const there = known === 0 ? "" : ` ${known} conversations were there already.`;
  const lines = Object.entries(left).map(([why, count]) => `\n  left: ${count} × ${why}`);
  return `${conversations} conversations of ${from.join(", ")} with ${messages} messages${attached}.${there}${lines.join("")}`;
}

/** `chatkeep erase`: erases all data of one owner, and returns a sentence with the counts. */
export async function runErase(environment: Environment, options: OwnerOptions, log: Log): Promise<string> {
  const owner = ownerOf(environment, options, "erase");
  return withHistory(environment, log, async (history) => {
    const { conversations, messages, turns } = await history.eraseData(owner, { actor: ACTOR });
    return `Erased ${conversations} conversations with ${messages} messages and ${turns} turns.`;
  });
}

/** `chatkeep prune`: permanently deletes expired sessions, trashed and temporary conversations. */
export async function runPrune(environment: Environment, log: Log): Promise<string> {
  const { undo, sessionIdle, waiting } = environment.limits;
  return withHistory(environment, log, async (history) => {
    const steps = await history.purge({ undo, sessionIdle, waiting });
    return steps === 0 ? "There was nothing to prune." : `Pruned in ${steps} steps.`;
  });
}

/** The owner that the options name. Errors: `StartError` unless they name exactly one. */
export function ownerOf({ identity }: Environment, { user, session }: OwnerOptions, command: string): Owner {
  if ((user === undefined) === (session === undefined)) {
    throw new StartError(`Say whose: chatkeep ${command} --user <id>, or --session <id>.`);
  }
  if (user !== undefined) {
    const { userIssuer: issuer } = identity;
    return { kind: "user", id: user, ...(issuer === undefined ? {} : { issuer }) };
  }
  if (session === undefined || !isSessionId(session)) throw new StartError("A session's id is a UUID v4.");
  return { kind: "session", id: session };
}

/** Runs work with a history of the database, and closes it. */
export async function withHistory<T>(
  environment: Environment,
  log: Log,
  work: (history: CoreHistory) => Promise<T>,
): Promise<T> {
  const { schema } = environment;
  return withDatabase(environment, log, async (pool) => {
    await whenAwake(() => migrate(pool, { schema }));
    const objects = await loadObjects(environment);
    try {
      await using history = createHistory({
        pool,
        schema,
        budgets: environment.limits.budgets,
        ...(objects === undefined ? {} : { objects }),
      });
      return await work(history);
    } finally {
      objects?.close();
    }
  });
}
