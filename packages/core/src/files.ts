import { createHash, randomUUID } from "node:crypto";

import {
  ChatkeepError,
  type FileBytes,
  type FileInit,
  type FileRange,
  type History,
  type Owner,
  type StoredFile,
} from "@chatkeep/protocol";

import { checkLength, checkRange, isUuid, ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { instant, unescapeText } from "./database/values.ts";
import type { Limits } from "./maintenance/limits.ts";
import { type ObjectStore, noStore, objectsUnavailable } from "./objects.ts";

/** The methods of {@link History} on files. */
export type Files = Pick<History, "putFile" | "getFile" | "listFiles" | "readFile" | "deleteFile">;

/** Bytes in a row of `file_chunks`. */
const CHUNK = 8096;
/** Bytes in one statement: about 5 ms of work. */
const PIECE = 64 * CHUNK;
/** Bytes of an object in one request. No connection is held while a reader is slow. */
const OBJECT_PIECE = 4 * 1024 * 1024;

export const NIL = "00000000-0000-0000-0000-000000000000";

/** RFC 9110's media type, with parameters. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]{1,127}\/[\w!#$%&'*+.^`|~-]{1,127}(\s*;[\x20-\x7e]{0,255})?$/;

export interface FilesOptions {
  readonly database: Database;
  readonly limits: Limits;
  /** Where bytes are stored and read. Default: PostgreSQL. */
  readonly objects: ObjectStore | undefined;
}

/** Stores files in pieces, one statement each, so that no connection is held while a client is slow. */
export function createFiles({ database, limits, objects }: FilesOptions): Files {
  return {
    async putFile(owner, init, bytes) {
      const id = randomUUID();
      try {
        return await putFile({ database, limits, objects, owner, id, init, bytes });
      } catch (error) {
        // Else the part that was written would count against the owner's quota for a day.
        await database
          .call("delete_file", { owner: ownerId(owner), file: id, if_unfinished: false })
          .catch(() => undefined);
        throw error;
      }
    },

    async getFile(owner, id) {
      const [row] = await database.call("get_file", { owner: ownerId(owner), file: checkFileId(id) });
      return fileFromRow(row?.get_file as FileRow);
    },

    async listFiles(owner, { after, limit: given, order = "desc", purpose } = {}) {
      const limit = checkRange(given, "limit", 1, 1_000, 100);
      const [row] = await database.call("list_files", {
        owner: ownerId(owner),
        after_id: after === undefined ? NIL : checkFileId(after),
        only_purpose: purpose ?? null,
        ascending: order === "asc",
        page_limit: limit + 1,
      });
      const rows = (row?.list_files ?? []) as FileRow[];
      return { files: rows.slice(0, limit).map(fileFromRow), hasMore: rows.length > limit };
    },

    async *readFile(owner, id, range) {
      yield* readFile({ database, objects }, ownerId(owner), checkFileId(id), range);
    },

    async deleteFile(owner, id) {
      const place = { owner: ownerId(owner), file: checkFileId(id) };
      const [row] = await database.call("delete_file", { ...place, if_unfinished: false });
      if (row?.delete_file !== true) throw fileNotFound();
    },
  };
}

interface PutOptions {
  readonly database: Pick<Database, "call">;
  readonly limits: Limits;
  /** Default: PostgreSQL. */
  readonly objects: ObjectStore | undefined;
  readonly owner: Owner;
  readonly id: string;
  readonly init: FileInit;
  readonly bytes: FileBytes;
}

/** Stores a file under an id. Storing the same bytes again changes nothing. */
export async function putFile({ objects, ...options }: PutOptions): Promise<StoredFile> {
  const { mediaType, name = null } = options.init;
  if (!MEDIA_TYPE.test(mediaType)) {
    throw new ChatkeepError("invalid_request", "`media_type` must be a media type such as `image/png`.", {
      pointer: "/media_type",
    });
  }
  checkLength(name, "/name", 500);
  return fileFromRow(await (objects === undefined ? putChunks(options) : putObject({ objects, ...options })));
}

async function putChunks({
  database,
  limits,
  owner,
  id,
  init,
  bytes,
}: Omit<PutOptions, "objects">): Promise<FileRow> {
  const hash = createHash("sha256");
  const place = placeOf(owner, id, init);
  let position = 0;
  const write = async (piece: Uint8Array, isLast: boolean): Promise<FileRow | null> => {
    if (position + piece.byteLength > limits.fileBytes) throw tooLarge(limits);
    hash.update(piece);
    const digest = isLast ? hash.digest("hex") : null;
    const [row] = await database.call("write_file", {
      ...place,
      // A form may have it behind the bytes.
      purpose: isLast ? purposeOf(init) : null,
      start: position,
      bytes: piece,
      digest,
      quota: limits.ownerFileBytes,
    });
    position += piece.byteLength;
    return (row?.write_file ?? null) as FileRow | null;
  };
  let waiting: Uint8Array | undefined;
  for await (const piece of piecesOf(bytes)) {
    // A file under this id is complete already.
    const stored = waiting === undefined ? null : await write(waiting, false);
    if (stored !== null) return stored;
    waiting = piece;
  }
  return (await write(waiting ?? new Uint8Array(), true))!;
}

async function putObject({
  database,
  limits,
  objects,
  owner,
  id,
  init,
  bytes,
}: PutOptions & { readonly objects: ObjectStore }): Promise<FileRow> {
  const object = randomUUID();
  const quota = limits.ownerFileBytes;
  const [begun] = await database.call("begin_object", { ...placeOf(owner, id, init), object, quota });
  if (begun!.stored !== null) return begun!.stored as FileRow;
  const room = begun!.room!;
  const hash = createHash("sha256");
  let size = 0;
  let fault: { readonly error: unknown } | undefined;
  const pieces = piecesOf(bytes);
  const next = async (): Promise<Uint8Array | undefined> => {
    try {
      const { value: piece } = await pieces.next();
      size += piece?.byteLength ?? 0;
      if (size > limits.fileBytes) throw tooLarge(limits);
      if (size > room) throw quotaExceeded(quota);
      if (piece !== undefined) hash.update(piece);
      return piece ?? undefined;
    } catch (error) {
      fault = { error };
      throw error;
    }
  };
  const counted = async function* (): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (let piece = await next(); piece !== undefined; piece = await next()) yield piece;
    } finally {
      await pieces.return();
    }
  };
  await objects.put(object, counted()).catch((error: unknown) => {
    // Its sender's fault is not the store's.
    throw fault === undefined ? objectsUnavailable(error) : fault.error;
  });
  const [row] = await database.call("finish_object", {
    owner: ownerId(owner),
    file: id,
    purpose: purposeOf(init),
    object,
    size,
    digest: hash.digest("hex"),
    quota,
  });
  return row!.finish_object as FileRow;
}

function placeOf(owner: Owner, file: string, { name = null, mediaType }: FileInit) {
  return { owner: ownerId(owner), owner_kind: owner.kind, file, name, media_type: mediaType };
}

function tooLarge({ fileBytes }: Limits): ChatkeepError {
  return new ChatkeepError("payload_too_large", `A file must have at most ${fileBytes} bytes.`, {
    pointer: "",
  });
}

function quotaExceeded(quota: number): ChatkeepError {
  const detail = `The files of one person must have at most ${quota} bytes. Delete some first.`;
  return new ChatkeepError("quota_exceeded", detail);
}

function purposeOf({ purpose }: FileInit): string | null {
  checkLength(purpose, "/purpose", 100);
  return purpose ?? null;
}

/** Cuts bytes into pieces of one size; the last may be smaller. */
async function* piecesOf(bytes: FileBytes): AsyncGenerator<Uint8Array, void, void> {
  const source = bytes instanceof Uint8Array ? [bytes] : bytes instanceof Blob ? bytes.stream() : bytes;
  let piece = Buffer.allocUnsafeSlow(PIECE);
  let filled = 0;
  for await (const given of source) {
    for (let from = 0; from < given.byteLength;) {
      const part = given.subarray(from, from + PIECE - filled);
      piece.set(part, filled);
      from += part.byteLength;
      filled += part.byteLength;
      if (filled < PIECE) continue;
      yield piece;
      // The one before may still be waiting to be written.
      piece = Buffer.allocUnsafeSlow(PIECE);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

/** Where the bytes of files are read. */
export interface FileSource {
  readonly database: Pick<Database, "call">;
  readonly objects: ObjectStore | undefined;
}

/** Reads a file piece by piece, each when it is asked for. */
export async function* readFile(
  { database, objects }: FileSource,
  owner: string,
  id: string,
  { start, end }: FileRange = {},
): AsyncGenerator<Uint8Array, void, void> {
  const most = Number.MAX_SAFE_INTEGER;
  const to = checkRange(end, "end", 0, most, most);
  let position = checkRange(start, "start", 0, most, 0);
  // An empty range is read too: the file may not exist.
  for (;;) {
    // Up to a border of pieces, so that no chunk is read twice.
    const length = Math.max(0, Math.min(to - position, PIECE - (position % PIECE)));
    const [row] = await database.call("read_file", { owner, file: id, start: position, length });
    const object = row?.object ?? null;
    if (object !== null) {
      if (objects === undefined) throw noStore();
      yield* readObject(objects, object, position, Math.min(to, row!.size!));
      return;
    }
    const bytes = row?.bytes ?? new Uint8Array();
    if (bytes.byteLength > 0) yield bytes;
    position += bytes.byteLength;
    if (bytes.byteLength < length || position >= to) return;
  }
}

async function* readObject(
  objects: ObjectStore,
  key: string,
  from: number,
  to: number,
): AsyncGenerator<Uint8Array, void, void> {
  for (let start = from; start < to; start += OBJECT_PIECE) {
    const end = Math.min(to, start + OBJECT_PIECE);
    const bytes = await objects.get(key, { start, end }).catch((error: unknown) => {
      throw objectsUnavailable(error);
    });
    if (bytes.byteLength !== end - start)
      throw objectsUnavailable(new Error(`The store gave ${bytes.byteLength} of ${end - start} bytes.`));
    yield bytes;
  }
}

/** A file as `file_json` writes it. */
export interface FileRow {
  id: string;
  name: string | null;
  media_type: string;
  size: number;
  sha256: string;
  created_at: string;
  purpose: string | null;
}

export function fileFromRow(row: FileRow): StoredFile {
  return {
    id: row.id,
    name: unescapeText(row.name),
    mediaType: row.media_type,
    size: row.size,
    sha256: row.sha256,
    createdAt: instant(row.created_at),
    ...(row.purpose === null ? {} : { purpose: row.purpose }),
  };
}

export function checkFileId(id: string): string {
  if (!isUuid(id)) throw fileNotFound();
  return id;
}

export function fileNotFound(): ChatkeepError {
  return new ChatkeepError("file_not_found", "There is no file with this id.");
}
