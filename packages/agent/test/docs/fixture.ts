import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { type Docs, createDocs } from "@chatkeep/agent";
import { type DocsStore, createDocsStore } from "@chatkeep/core";
import { type Database, UNHURRIED, fileDatabase } from "@chatkeep/testing";
import { afterAll, onTestFinished } from "vitest";

/** Chatkeep's own guide. */
export const GUIDE: string = fileURLToPath(new URL("../../../../docs/guide/", import.meta.url));

/** A database of the test file's own, with the store of its docs. */
export async function openStore(): Promise<{ database: Database; store: DocsStore }> {
  const database = await fileDatabase();
  const store = createDocsStore({ ...UNHURRIED.history, pool: database.pool });
  afterAll(() => store.close());
  return { database, store };
}

/** A folder of a test's own with these files; gone when the test is over. */
export async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "ck-docs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) await write(folder, path, text);
  return folder;
}

/** Writes a file of docs. */
export async function write(folder: string, path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

/** Docs of these files, ingested. */
export async function docsOf(
  store: DocsStore,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<{ docs: Docs; folder: string }> {
  const folder = await folderOf(files);
  const docs = createDocs({ store, folder, name });
  await docs.ingest();
  return { docs, folder };
}
