import type { DocsStore, DocumentInput } from "@chatkeep/core";

import { readDocument } from "./document.ts";
import { type DocsFile, readFolder } from "./folder.ts";
import { cutPassages } from "./passages.ts";

/** What an ingest did, in documents. */
export interface Ingested {
  /** How many the docs have now. */
  readonly documents: number;
  /** How many were new or had changed, and were written by this call. */
  readonly changed: number;
  /** How many had vanished from the folder. */
  readonly removed: number;
}

export interface IngestOptions {
  readonly store: DocsStore;
  /** The docs' name in the store. */
  readonly name: string;
  readonly folder: string;
  /** Told what is wrong with a file that was read all the same. */
  readonly warn: (message: string) => void;
}

/** Passages put in one statement: some 300 kB, far below what would hold others up. */
const BATCH = 500;

/**
 * Makes the stored docs equal to the folder. Unchanged files cost their reading and hashing and one query
 * for all; each document is replaced at once, so a reader meets the old or the new one. Safe to run twice
 * and from several nodes at once. Errors: as of `readFolder` and the store.
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
    size += passages.length;
    if (size < BATCH) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}
