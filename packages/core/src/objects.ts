import { ChatkeepError } from "@chatkeep/protocol";

import type { Database } from "./database/database.ts";

/**
 * A store of objects, such as S3, for the bytes of files. Their names, owners, sizes and hashes stay in PostgreSQL. A key
 * is used for one object only. Any error counts as an outage of the store.
 */
export interface ObjectStore {
  /** Stores an object, whole or not at all. */
  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** The bytes from `start` up to and without `end`, which lie within the object. */
  get(key: string, range: { readonly start: number; readonly end: number }): Promise<Uint8Array>;
  /** Deletes an object. One that does not exist is no error. */
  delete(key: string): Promise<void>;
}

/** Objects deleted in one step. */
const PAGE = 20;

/**
 * Deletes objects from the store that no file refers to any more. Any number of nodes may run it, and a call that broke off
 * can be repeated. Resolves with the number of deleted objects. Errors: `unavailable`; the next call tries the rest again.
 */
export async function deleteDueObjects(
  database: Pick<Database, "call">,
  objects: ObjectStore | undefined,
  signal?: AbortSignal,
): Promise<number> {
  for (let deleted = 0; ;) {
    if (signal?.aborted === true) return deleted;
    const due = await database.call("due_objects", { page_limit: PAGE });
    const ids = due.map(({ object }) => object!);
    if (ids.length === 0) return deleted;
    if (objects === undefined) throw noStore();
    await Promise.all(ids.map((id) => objects.delete(id))).catch((error: unknown) => {
      throw objectsUnavailable(error);
    });
    await database.call("forget_objects", { ids });
    deleted += ids.length;
  }
}

/** The error while the store of objects is down. */
export function objectsUnavailable(cause: unknown): ChatkeepError {
  const detail = "The files cannot be reached just now. Nothing is lost; try again in a moment.";
  return new ChatkeepError("unavailable", detail, { retryAfter: 2, cause });
}

/** The error of a server without the store that other servers use. */
export function noStore(): ChatkeepError {
  const detail =
    "This file is in a store that this server does not use. Nothing is lost. The operator must set the store on this server too.";
  return new ChatkeepError("unavailable", detail, { retryAfter: 10 });
}
