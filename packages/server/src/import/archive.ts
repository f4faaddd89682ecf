import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

import { ChatkeepError } from "@chatkeep/protocol";
import { type Entry, type ZipFile, open as openZip } from "yauzl";

/** The files of an export: of a zip, of a folder, or one alone. */
export interface Archive extends AsyncDisposable {
  readonly entries: readonly ArchiveEntry[];
  /** The file with this path, this name, or an id that its name begins with, as ChatGPT's do. */
  find(key: string): ArchiveEntry | undefined;
}

export interface ArchiveEntry {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  open(): Promise<Readable>;
}

/** So much smaller than its content is no file that somebody wrote. */
const BOMB = { ratio: 500, size: 100 * 1024 * 1024 };

/** Opens a zip, a folder or a file. Errors: `invalid_request` for a zip that cannot be read. */
export async function openArchive(path: string): Promise<Archive> {
  const found = await stat(path);
  if (found.isDirectory()) return archiveOf(await entriesOfFolder(path));
  if (!(await isZip(path))) {
    return archiveOf([{ path: basename(path), size: found.size, open: async () => createReadStream(path) }]);
  }
  try {
    const zip = await promisify<string, object, ZipFile>(openZip as never)(path, {
      autoClose: false,
      lazyEntries: true,
    });
    return archiveOf(await entriesOfZip(zip), () => zip.close());
  } catch (error) {
    if (error instanceof ChatkeepError) throw error;
    throw new ChatkeepError("invalid_request", `This zip cannot be read: ${(error as Error).message}.`);
  }
}

function archiveOf(entries: readonly ArchiveEntry[], close = (): void => {}): Archive {
  const byKey = new Map<string, ArchiveEntry>();
  for (const entry of entries) {
    const name = basename(entry.path);
    for (const key of [entry.path, name, ...idsOf(name)]) if (!byKey.has(key)) byKey.set(key, entry);
  }
  return {
    entries,
    find: (key) => byKey.get(key),
    [Symbol.asyncDispose]: async () => close(),
  };
}

/** `file-AbC123-photo.png` and `file_00ab-sanitized.png` have the ids `file-AbC123` and `file_00ab`. */
function idsOf(name: string): string[] {
  const id = /^(file[-_][A-Za-z0-9]+)[-.]/.exec(name)?.[1];
  return id === undefined ? [] : [id];
}

async function isZip(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { end: 3 }))
    return (chunk as Buffer).toString("latin1") === "PK\u0003\u0004";
  return false;
}

async function entriesOfFolder(folder: string): Promise<ArchiveEntry[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  // Links lead out of the folder.
  const files = found.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const path = join(parentPath, name);
      const { size } = await stat(path);
      return { path: path.slice(folder.length + 1), size, open: async () => createReadStream(path) };
    }),
  );
}

/** Errors: those of yauzl, which refuses names that lead out of the archive; `invalid_request` for a bomb. */
function entriesOfZip(zip: ZipFile): Promise<ArchiveEntry[]> {
  const openEntry = promisify<Entry, Readable>(zip.openReadStream.bind(zip) as never);
  return new Promise((resolve, reject) => {
    const entries: ArchiveEntry[] = [];
    zip.once("error", reject).once("end", () => resolve(entries));
    zip.on("entry", (entry: Entry) => {
      const { fileName: path, uncompressedSize: size, compressedSize } = entry;
      if (size > BOMB.size && size > compressedSize * BOMB.ratio) {
        reject(
          new ChatkeepError(
            "invalid_request",
            `"${path}" in this zip unpacks to ${size} bytes and is no export.`,
          ),
        );
        return;
      }
      if (!path.endsWith("/")) entries.push({ path, size, open: () => openEntry(entry) });
      zip.readEntry();
    });
    zip.readEntry();
  });
}
