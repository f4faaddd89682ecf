import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { ChatkeepError } from "@chatkeep/protocol";

import { type ImportOptions, type ImportReport, importArchive } from "./import.ts";

/** Bytes of one upload, and uploads of a process at once: they lie on its disk. */
const MOST = { bytes: 1024 ** 3, uploads: 2 };
let uploads = 0;

/** A line of a reply. */
interface ImportLine extends ImportReport {
  readonly type: "progress" | "end";
}

/**
 * Imports what is uploaded: a zip is read from its end, so that it is written to a file first. Errors: those of
 * {@link importArchive}; `payload_too_large`; `rate_limited` while others import.
 */
export async function* importUpload(
  options: Omit<ImportOptions, "path">,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<ImportLine, void, void> {
  if (uploads >= MOST.uploads)
    throw new ChatkeepError("rate_limited", "Others import just now. Try again in a minute.", {
      retryAfter: 60,
    });
  uploads += 1;
  const folder = await mkdtemp(join(tmpdir(), "chatkeep-upload-"));
  try {
    const path = join(folder, "upload");
    await pipeline(bounded(bytes), createWriteStream(path));
    let came: ImportReport | undefined;
    for await (const report of importArchive({ ...options, path })) {
      came = report;
      yield { type: "progress", ...report };
    }
    yield { type: "end", ...came! };
  } finally {
    uploads -= 1;
    await rm(folder, { recursive: true, force: true });
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
