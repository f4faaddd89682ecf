import { type History, type Owner, type Part, type StoredFile, isChatkeepError } from "@chatkeep/protocol";
import { getMimeType } from "hono/utils/mime";

import type { Archive, ArchiveEntry } from "./archive.ts";
import { type Attachment, text } from "./foreign.ts";
import type { Report } from "./report.ts";

/** Where attached files come from and go to. */
export interface AttachedOptions {
  readonly history: Pick<History, "putFile">;
  readonly owner: Owner;
  readonly files: Archive;
  readonly report: Report;
}

/** The part of an attached file, which is stored; it only names a file that cannot be. */
export async function storeAttached(options: AttachedOptions, attachment: Attachment): Promise<Part> {
  const { files, report } = options;
  const { key, name, part } = attachment;
  const entry = files.find(key) ?? (name === undefined ? undefined : files.find(name));
  const missing: Part = {
    type: "data",
    name: "missing-file",
    data: { key, ...(name === undefined ? {} : { name }) },
  };
  if (entry === undefined) {
    report.leave("A file that the export does not hold");
    return missing;
  }
  try {
    if (part !== undefined && text(part.url)?.startsWith("data:") === true) return await inlined(part, entry);
    return await stored(options, attachment, entry);
  } catch (error) {
    if (!isChatkeepError(error) || !OF_A_FILE.has(error.code)) throw error;
    report.leave(error.message);
    return missing;
  }
}

const OF_A_FILE: ReadonlySet<string> = new Set(["invalid_request", "payload_too_large", "quota_exceeded"]);

/** The files that were stored of an archive, by their keys. */
const SHARED = new WeakMap<Archive, Map<string, StoredFile>>();

async function stored(
  { history, owner, files, report }: AttachedOptions,
  { key, name, mime, part }: Attachment,
  entry: ArchiveEntry,
): Promise<Part> {
  const fileName = name ?? text(part?.name) ?? entry.path.split("/").at(-1)!;
  const mediaType = mime ?? text(part?.mime) ?? getMimeType(fileName) ?? "application/octet-stream";
  const known = SHARED.get(files) ?? new Map<string, StoredFile>();
  let file = known.get(key);
  if (file === undefined) {
    file = await history.putFile(owner, { mediaType, name: fileName }, await entry.open());
    report.count("files");
    // Of our own export alone: there several messages may refer to one file.
    if (part !== undefined) SHARED.set(files, known.set(key, file));
  }
  return { ...part, type: "file", file: file.id, url: "", mime: mediaType };
}

/** The part as its client sent it: the bytes are in its address. */
async function inlined(part: Part & { type: "file" }, entry: ArchiveEntry): Promise<Part> {
  const chunks: Buffer[] = [];
  for await (const chunk of await entry.open()) chunks.push(chunk as Buffer);
  const { file: _file, size: _size, sha256: _sha256, ...own } = part;
  const prefix = part.url.slice(0, part.url.indexOf(",") + 1);
  return { ...own, url: `${prefix}${Buffer.concat(chunks).toString("base64")}` };
}
