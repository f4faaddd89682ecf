import { AsyncLocalStorage } from "node:async_hooks";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { ChatkeepError, isChatkeepError } from "@chatkeep/protocol";

import { type ImportOptions, type ImportReport, importArchive } from "./import.ts";

/** Bytes of one upload, and uploads of a process at once: they lie on its disk. */
const MOST = { bytes: 1024 ** 3, uploads: 2 };
let uploads = 0;

/** A line of a reply. */
type ImportLine = ImportReport &
  (
    | { readonly type: "progress" | "end" }
    | { readonly type: "error"; readonly code: string; readonly detail: string }
  );

/**
 * Imports an upload. It is written to a file first, because a zip is read from its end. Errors: those of
 * {@link importArchive}; `payload_too_large`; `rate_limited` while two other imports run.
 */
export async function* importUpload(
  options: Omit<ImportOptions, "path">,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<ImportLine, void, void> {
  if (uploads >= MOST.uploads) {
    const detail = "Other imports are running. Try again in a minute.";
    throw new ChatkeepError("rate_limited", detail, { retryAfter: 60 });
  }
  uploads += 1;
  let folder: string | undefined;
  let came: ImportReport | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), "chatkeep-upload-"));
    const path = join(folder, "upload");
    await pipeline(bounded(bytes), createWriteStream(path));
    for await (const report of inContext(importArchive({ ...options, path }))) {
      came = report;
      yield { type: "progress", ...report };
    }
    yield { type: "end", ...came! };
  } catch (error) {
    // Before the first line it is the status of the reply.
    if (came === undefined || !isChatkeepError(error)) throw error;
    yield { type: "error", ...came, code: error.code, detail: error.message };
  } finally {
    uploads -= 1;
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function* bounded(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  let size = 0;
  for await (const piece of bytes) {
    size += piece.byteLength;
    if (size > MOST.bytes) throw new ChatkeepError("payload_too_large", "An import takes 1 GiB at most.");
    yield piece;
  }
}

/** Runs a generator's steps in the context of the call that began it. Without this, a slow reader's steps run in another context, without limits. */
async function* inContext<T>(steps: AsyncGenerator<T, void, void>): AsyncGenerator<T, void, void> {
  const within = AsyncLocalStorage.snapshot();
  try {
    for (;;) {
      const step = await within(() => steps.next());
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    await steps.return();
  }
}
