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

import { checkLength, checkRange, ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { instant, unescapeText } from "./database/values.ts";
import type { Limits } from "./maintenance/limits.ts";

/** The methods of {@link History} on files. */
export type Files = Pick<History, "putFile" | "getFile" | "listFiles" | "readFile" | "deleteFile">;

/** Bytes in a row of `file_chunks`. */
const CHUNK = 8096;
/** Bytes in one statement: about 5 ms of work. */
const PIECE = 64 * CHUNK;

export const NIL = "00000000-0000-0000-0000-000000000000";

/** RFC 9110's media type, with parameters. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]{1,127}\/[\w!#$%&'*+.^`|~-]{1,127}(\s*;[\x20-\x7e]{0,255})?$/;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Stores files in pieces, one statement each, so that no connection is held while a client is slow. */
export function createFiles({ database, limits }: { database: Database; limits: Limits }): Files {
  return {
    async putFile(owner, init, bytes) {
      const id = randomUUID();
      try {
        return await putFile({ database, limits, owner, id, init, bytes });
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
      yield* readFile(database, ownerId(owner), checkFileId(id), range);
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
  readonly owner: Owner;
  readonly id: string;
  readonly init: FileInit;
  readonly bytes: FileBytes;
}

/** Stores a file under an id. Storing the same bytes again changes nothing. */
export async function putFile({ database, limits, owner, id, init, bytes }: PutOptions): Promise<StoredFile> {
  const { mediaType, name = null } = init;
  if (!MEDIA_TYPE.test(mediaType)) {
    throw new ChatkeepError("invalid_request", "`media_type` must be a media type such as `image/png`.", {
      pointer: "/media_type",
    });
  }
  checkLength(name, "/name", 500);
  const hash = createHash("sha256");
  const place = { owner: ownerId(owner), owner_kind: owner.kind, file: id, name, media_type: mediaType };
  let position = 0;
  const write = async (piece: Uint8Array, isLast: boolean): Promise<FileRow | null> => {
    if (position + piece.byteLength > limits.fileBytes) {
      throw new ChatkeepError("payload_too_large", `A file must have at most ${limits.fileBytes} bytes.`, {
        pointer: "",
      });
    }
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
    if (stored !== null) return fileFromRow(stored);
    waiting = piece;
  }
  return fileFromRow((await write(waiting ?? new Uint8Array(), true))!);
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

/** Reads a file piece by piece, each when it is asked for. */
export async function* readFile(
  database: Pick<Database, "call">,
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
    const bytes = row?.read_file ?? new Uint8Array();
    if (bytes.byteLength > 0) yield bytes;
    position += bytes.byteLength;
    if (bytes.byteLength < length || position >= to) return;
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
    name: row.name === null ? null : unescapeText(row.name),
    mediaType: row.media_type,
    size: row.size,
    sha256: row.sha256,
    createdAt: instant(row.created_at),
    ...(row.purpose === null ? {} : { purpose: row.purpose }),
  };
}

export function isFileId(id: unknown): boolean {
  return typeof id === "string" && ID.test(id);
}

/** PostgreSQL would refuse another form as a syntax error. */
export function checkFileId(id: string): string {
  if (!isFileId(id)) throw fileNotFound();
  return id;
}

export function fileNotFound(): ChatkeepError {
  return new ChatkeepError("file_not_found", "There is no file with this id.");
}
