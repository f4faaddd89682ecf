import type { DocsStore, DocumentInput } from "@chatkeep/core";

import { readDocument } from "./document.ts";
import { type DocsFile, readFolder } from "./folder.ts";
import { cutPassages } from "./passages.ts";

/** The result of an ingest, in documents. */
export interface Ingested {
  /** The documents of the folder. */
  readonly documents: number;
  /** New and changed documents that this call wrote. */
  readonly changed: number;
  /** Documents removed because their file was deleted. */
  readonly removed: number;
}

export interface IngestOptions {
  readonly store: DocsStore;
  /** The docs' name in the store. */
  readonly name: string;
  readonly folder: string;
  /** Reports faults in files that were read nevertheless. */
  readonly warn: (message: string) => void;
}

/** Bytes of text in one statement, which may take 10 s: 300 kB of Japanese took 3 s on a busy machine. */
const BATCH = 300_000;

/**
 * Makes the stored docs equal to the folder. Unchanged files are only read and hashed. Each document is replaced in one
 * transaction. Several nodes may run it at once. Errors: those of `readFolder` and of the store.
 */
export async function ingestFolder({ store, name, folder, warn }: IngestOptions): Promise<Ingested> {
  const [files, stored] = await Promise.all([readFolder(folder), store.documents(name)]);
  const hashes = new Map(stored.map((document) => [document.path, document.hash]));
  const paths = files.map((file) => file.path);

  let changed = 0;
  const due = files.filter((file) => hashes.get(file.path) !== file.hash);
  for (const batch of batches(due, warn)) changed += await store.putDocuments(name, batch);

  const kept = new Set(paths);
  const vanished = stored.some((document) => !kept.has(document.path));
  const removed = vanished ? await store.removeOtherDocuments(name, paths) : 0;
  return { documents: files.length, changed, removed };
}

function* batches(files: readonly DocsFile[], warn: (message: string) => void): Generator<DocumentInput[]> {
  let batch: DocumentInput[] = [];
  let size = 0;
  for (const { path, text, hash } of files) {
    const document = readDocument(path, text, warn);
    const passages = cutPassages(document);
    batch.push({ path, position: document.position, title: document.title, hash, source: text, passages });
    size += Buffer.byteLength(text);
    if (size < BATCH) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}
