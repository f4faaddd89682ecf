import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import {
  type Json,
  type JsonObject,
  MESSAGE_STATUSES,
  type Part,
  ROLES,
  failureFromWire,
  usageFromWire,
} from "@chatkeep/protocol";

import { type Archive, type ArchiveEntry, openArchive } from "./archive.ts";
import { feedbackOf } from "./feedback.ts";
import {
  type Attachment,
  type ForeignConversation,
  type ForeignMessage,
  list,
  object,
  text,
  time,
} from "./foreign.ts";
import { readValues } from "./values.ts";

/** The name of our own export in ids and in `metadata.imported`. */
export const CHATKEEP = { name: "Chatkeep", key: "chatkeep", isOwn: true } as const;

/** Whether a value is the first line of our own export. */
export function isExportLine(value: Json): boolean {
  const { type, ...line } = object(value) ?? {};
  return type === "file" || type === "end" || (type === "conversation" && "deleted_at" in line);
}

/** The conversations of our own export, and its files, which stand behind them: they are unpacked first, on the disk. */
export async function* readExport(
  entry: ArchiveEntry,
): AsyncGenerator<{ readonly conversation: ForeignConversation; readonly files: Archive }, void, void> {
  const folder = await mkdtemp(join(tmpdir(), "chatkeep-import-"));
  try {
    await unpackFiles(entry, folder);
    await using files = await openArchive(folder);
    let conversation: ForeignConversation | undefined;
    let messages: ForeignMessage[] = [];
    for await (const line of readLines(entry)) {
      if (line["type"] === "message") messages.push(messageOf(object(line["message"]) ?? {}));
      if (line["type"] !== "conversation") continue;
      if (conversation !== undefined) yield { conversation, files };
      messages = [];
      conversation = conversationOf(object(line["conversation"]) ?? {}, messages);
    }
    if (conversation !== undefined) yield { conversation, files };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function* readLines(entry: ArchiveEntry): AsyncGenerator<JsonObject, void, void> {
  for await (const value of readValues(await entry.open(), entry.path)) yield object(value) ?? {};
}

async function unpackFiles(entry: ArchiveEntry, folder: string): Promise<void> {
  const lines = readLines(entry);
  let next = await lines.next();
  const bytes = async function* (): AsyncGenerator<Buffer, void, void> {
    for (
      next = await lines.next();
      next.done !== true && next.value["type"] === "bytes";
      next = await lines.next()
    )
      yield Buffer.from(text(next.value["bytes"]) ?? "", "base64");
  };
  while (next.done !== true) {
    const id = next.value["type"] === "file" ? text(object(next.value["file"])?.["id"]) : undefined;
    if (id === undefined) next = await lines.next();
    else await pipeline(bytes(), createWriteStream(join(folder, keyOf(id))));
  }
}

/** The name of a file on the disk. The ids of ours are UUIDs; anything else could lead out of the folder. */
function keyOf(id: string): string {
  return id.replaceAll(/[^0-9a-zA-Z-]/g, "_").slice(0, 100);
}

function conversationOf(wire: JsonObject, messages: readonly ForeignMessage[]): ForeignConversation {
  return {
    id: text(wire["id"]) ?? "",
    title: text(wire["title"]) ?? null,
    createdAt: time(wire["created_at"]),
    pinned: text(wire["pinned_at"]) !== undefined,
    archived: text(wire["archived_at"]) !== undefined,
    scope: text(wire["scope"]) ?? null,
    scopeLabel: text(wire["scope_label"]) ?? null,
    tags: list(wire["tags"]).flatMap((tag) => text(tag) ?? []),
    head: text(wire["head_id"]) ?? null,
    own: object(wire["metadata"]),
    messages,
  };
}

function messageOf(wire: JsonObject): ForeignMessage {
  const status = MESSAGE_STATUSES.find((one) => one === wire["status"]) ?? "complete";
  const { processed } = wire;
  return {
    id: text(wire["id"]) ?? "",
    parent: text(wire["parent_id"]) ?? null,
    role: ROLES.find((one) => one === wire["role"]) ?? "user",
    // The words of an answer that runs are not in the export yet.
    status: status === "streaming" ? "interrupted" : status,
    parts: list(wire["parts"]).map(partOf),
    createdAt: time(wire["created_at"]),
    model: text(wire["model"]) ?? null,
    feedback: feedbackOf(object(wire["feedback"])),
    own: {
      contextText: text(wire["context_text"]) ?? null,
      intent: text(wire["intent"]) ?? null,
      processed: typeof processed === "boolean" ? processed : null,
      usage: usageFromWire(wire["usage"] ?? null),
      error: failureFromWire(wire["error"] ?? null),
      metadata: object(wire["metadata"]) ?? null,
    },
  };
}

/** What is no part is refused with its message. */
function partOf(given: Json): Part | Attachment {
  const part = given as unknown as Part;
  const id = object(given)?.["type"] === "file" ? text(object(given)!["file"]) : undefined;
  return id === undefined
    ? part
    : { type: "attachment", key: keyOf(id), part: part as Extract<Part, { type: "file" }> };
}
