import type { BookStore, ChapterInput } from "@chatkeep/core";

import { readChapter } from "./chapter.ts";
import { type BookFile, readFolder } from "./folder.ts";
import { cutPassages } from "./passages.ts";

/** What an ingest did, in chapters. */
export interface Ingested {
  /** How many the book has now. */
  readonly chapters: number;
  /** How many were new or had changed, and were written by this call. */
  readonly changed: number;
  /** How many had vanished from the folder. */
  readonly removed: number;
}

/** What {@link ingestFolder} takes. */
export interface IngestOptions {
  readonly store: BookStore;
  /** The book's name in the store. */
  readonly name: string;
  readonly folder: string;
  /** Told what is wrong with a file that was read all the same. */
  readonly warn: (message: string) => void;
}

/** Passages put in one statement: some 300 kB, far below what would hold others up. */
const BATCH = 500;

/**
 * Makes the stored book equal to the folder. Unchanged files cost their reading and hashing and one query
 * for all; each chapter is replaced at once, so a reader meets the old or the new one. Safe to run twice
 * and from several nodes at once. Errors: as of `readFolder` and the store.
 */
export async function ingestFolder({ store, name, folder, warn }: IngestOptions): Promise<Ingested> {
  const [files, stored] = await Promise.all([readFolder(folder), store.chapters(name)]);
  const hashes = new Map(stored.map((chapter) => [chapter.path, chapter.hash]));
  const paths = files.map((file) => file.path);

  let changed = 0;
  const due = files.filter((file) => hashes.get(file.path) !== file.hash);
  for (const batch of batches(due, warn)) changed += await store.putChapters(name, batch);

  const kept = new Set(paths);
  const vanished = stored.some((chapter) => !kept.has(chapter.path));
  const removed = vanished ? await store.removeOtherChapters(name, paths) : 0;
  return { chapters: files.length, changed, removed };
}

function* batches(files: readonly BookFile[], warn: (message: string) => void): Generator<ChapterInput[]> {
  let batch: ChapterInput[] = [];
  let size = 0;
  for (const { path, text, hash } of files) {
    const chapter = readChapter(path, text, warn);
    const passages = cutPassages(chapter);
    batch.push({ path, position: chapter.position, title: chapter.title, hash, source: text, passages });
    size += passages.length;
    if (size < BATCH) continue;
    yield batch;
    batch = [];
    size = 0;
  }
  if (batch.length > 0) yield batch;
}
