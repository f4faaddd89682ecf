import { hash } from "node:crypto";

import {
  ChatkeepError,
  type History,
  type ImportReport,
  type Json,
  type JsonObject,
  type MessageInput,
  type Owner,
  type Part,
  ROLES,
  type Role,
  isChatkeepError,
} from "@chatkeep/protocol";
import { getMimeType } from "hono/utils/mime";

import { type Archive, openArchive } from "./archive.ts";
import { chatgpt } from "./chatgpt.ts";
import { CHATKEEP, isExportLine, readExport } from "./chatkeep.ts";
import { claude } from "./claude.ts";
import {
  type Attachment,
  type ForeignConversation,
  type ForeignMessage,
  type Reader,
  object,
  text,
} from "./foreign.ts";
import { librechat } from "./librechat.ts";
import { openWebui } from "./open-webui.ts";
import { inOrder } from "./tree.ts";
import { readValues } from "./values.ts";

const READERS: readonly Reader[] = [chatgpt, claude, openWebui, librechat];

export type { ImportReport };

/** A report while it is written. */
interface Report extends ImportReport {
  readonly from: string[];
  conversations: number;
  messages: number;
  files: number;
  known: number;
  readonly left: { [why: string]: number };
}

export interface ImportOptions {
  readonly history: Pick<
    History,
    | "createConversation"
    | "updateConversation"
    | "setHead"
    | "getMessage"
    | "appendMessages"
    | "putFile"
    | "getFile"
  >;
  readonly owner: Owner;
  /** Of a file, a zip or a folder. */
  readonly path: string;
  /** The roles of messages that are stored; default all. */
  readonly roles?: readonly Role[] | undefined;
}

/**
 * Stores the conversations of an export: ChatGPT's, Claude's, Open WebUI's, LibreChat's or our own, with their times,
 * versions and files. What was imported before is not stored again, so that an import that broke off is run once more.
 * Errors: `invalid_request` for a file that is no export; those of {@link History} that no other conversation would be
 * spared, such as `unavailable`.
 *
 * Yields the report after each conversation, with what came so far.
 */
export async function* importArchive(options: ImportOptions): AsyncGenerator<ImportReport, void, void> {
  const report: Report = { from: [], conversations: 0, messages: 0, files: 0, known: 0, left: {} };
  await using archive = await openArchive(options.path);
  for await (const { from, conversation, files } of readArchive(archive)) {
    if (!report.from.includes(from.name)) report.from.push(from.name);
    try {
      await importConversation({ ...options, from, conversation, files, report });
    } catch (error) {
      if (!isChatkeepError(error) || !OF_ONE.has(error.code)) throw error;
      leave(report, error.message);
    }
    yield report;
  }
  if (report.from.length === 0) {
    const names = [...READERS, CHATKEEP].map(({ name }) => name).join(", ");
    throw new ChatkeepError(
      "invalid_request",
      `No conversation was found. Exports of these can be read: ${names}.`,
    );
  }
}

/** Errors that concern one conversation, message or file. */
const OF_ONE: ReadonlySet<string> = new Set([
  "invalid_request",
  "payload_too_large",
  "forbidden",
  "conflict",
  "idempotency_mismatch",
]);

function leave(report: Report, why: string): void {
  report.left[why] = (report.left[why] ?? 0) + 1;
}

interface Found {
  readonly from: { readonly name: string; readonly key: string };
  readonly conversation: ForeignConversation;
  readonly files: Archive;
}

async function* readArchive(archive: Archive): AsyncGenerator<Found, void, void> {
  for (const entry of archive.entries) {
    if (archive.entries.length > 1 && !/\.jsonl?$/i.test(entry.path)) continue;
    for await (const value of readValues(await entry.open(), entry.path)) {
      if (isExportLine(value)) {
        for await (const found of readExport(entry)) yield { from: CHATKEEP, ...found };
        break;
      }
      const given = object(value);
      for (const from of given === undefined ? [] : READERS) {
        const conversation = from.read(given!);
        if (conversation === undefined) continue;
        yield { from, conversation, files: archive };
        break;
      }
    }
  }
}

interface Work extends Found, ImportOptions {
  readonly report: Report;
}

async function importConversation(work: Work): Promise<void> {
  const { history, owner, conversation, report, roles = ROLES } = work;
  const ordered = inOrder(conversation.messages, ({ role, parts, status }) => {
    if (!roles.includes(role)) leave(report, `A message of the role ${role}`);
    return roles.includes(role) && (parts.length > 0 || (role === "assistant" && status !== "complete"));
  });
  const last = ordered.at(-1)?.node;
  if (last === undefined) return leave(report, "A conversation without a message");
  const { id, created } = await createConversation(work);
  if (!created && (await isStored(work, id, last))) {
    report.known += 1;
    return;
  }
  /** The stored ids of messages; of one that was left, that of the message before it. */
  const stored = new Map<string, string | null>();
  for (const run of runsOf(ordered)) {
    const inputs: MessageInput[] = [];
    for (const { node } of run) inputs.push(await inputOf(work, node));
    const parent = run[0]!.parent === null ? null : (stored.get(run[0]!.parent) ?? null);
    await appendRun(work, id, run, inputs, parent, stored);
  }
  const head = conversation.head === null ? null : (stored.get(conversation.head) ?? null);
  if (head !== null && head !== messageId(last)) await history.setHead(owner, id, head);
  if (conversation.pinned === true || conversation.archived === true)
    await history.updateConversation(owner, id, {
      pinned: conversation.pinned,
      archived: conversation.archived,
    });
  report.conversations += 1;
}

/** Stores messages that follow each other: all at once, or one by one where one of them is refused. */
async function appendRun(
  { history, owner, report }: Work,
  conversationId: string,
  run: readonly { readonly node: ForeignMessage }[],
  inputs: readonly MessageInput[],
  parent: string | null,
  stored: Map<string, string | null>,
): Promise<void> {
  try {
    await history.appendMessages(owner, conversationId, inputs, { parent });
    for (const [place, { node }] of run.entries()) stored.set(node.id, inputs[place]!.id!);
    report.messages += inputs.length;
  } catch (error) {
    if (!isChatkeepError(error) || !OF_ONE.has(error.code)) throw error;
    if (inputs.length === 1) {
      leave(report, error.message);
      stored.set(run[0]!.node.id, parent);
      return;
    }
    for (const [place, one] of run.entries()) {
      const work = { history, owner, report } as Work;
      await appendRun(work, conversationId, [one], [inputs[place]!], parent, stored);
      parent = stored.get(one.node.id) ?? null;
    }
  }
}

/** Runs of messages of which each follows the one before, as many as one append takes. */
function* runsOf<M extends { readonly node: ForeignMessage; readonly parent: string | null }>(
  ordered: readonly M[],
): Generator<M[], void, void> {
  let run: M[] = [];
  let size = 0;
  for (const one of ordered) {
    const more = sizeOf(one.node);
    if (
      run.length > 0 &&
      (one.parent !== run.at(-1)!.node.id || run.length >= MOST.messages || size + more > MOST.text)
    ) {
      yield run;
      run = [];
      size = 0;
    }
    run.push(one);
    size += more;
  }
  if (run.length > 0) yield run;
}
const MOST = { messages: 500, text: 400_000 };

function sizeOf({ parts }: ForeignMessage): number {
  // A part of our own export may be anything.
  const lengths = parts.map((part) => text(object(part as unknown as Json)?.["text"])?.length ?? 100);
  return lengths.reduce((sum, length) => sum + length, 0);
}

async function isStored(
  { history, owner }: Work,
  conversationId: string,
  message: ForeignMessage,
): Promise<boolean> {
  try {
    await history.getMessage(owner, conversationId, messageId(message));
    return true;
  } catch (error) {
    if (isChatkeepError(error, "message_not_found")) return false;
    throw error;
  }
}

/** Our own export's id where it is free, else one that the owner, the service and its id give. */
async function createConversation({
  history,
  owner,
  from,
  conversation,
}: Work): Promise<{ id: string; created: boolean }> {
  const { id, title, createdAt, scope, scopeLabel, rest, own } = conversation;
  const imported = { from: from.key, id, ...rest };
  const init = {
    title: title === null || title.trim() === "" ? null : cut(title.trim(), 200),
    scope: scope ?? null,
    scopeLabel: scopeLabel ?? null,
    createdAt: createdAt ?? EARLIEST,
    metadata: from === CHATKEEP ? (own ?? null) : { imported },
  };
  if (from === CHATKEEP) {
    try {
      const { created } = await history.createConversation(owner, { ...init, id });
      return { id, created };
    } catch (error) {
      if (!isChatkeepError(error, "forbidden")) throw error;
    }
  }
  const derived = `${from.key}-${hash("sha256", JSON.stringify([owner.kind, owner.id, from.key, id])).slice(0, 40)}`;
  const { created } = await history.createConversation(owner, { ...init, id: derived });
  return { id: derived, created };
}
/** Of a conversation without a time: it is listed below all others. */
const EARLIEST = "1970-01-01T00:00:00.000Z";

/** Its beginning, without half of an emoji at the end. */
function cut(value: string, length: number): string {
  return value.slice(0, length).replace(/[\ud800-\udbff]$/, "");
}

/** The message's own id, where it can be one. */
function messageId({ id }: ForeignMessage): string {
  return /^[!-~]{1,128}$/.test(id) ? id : hash("sha256", id).slice(0, 40);
}

async function inputOf(work: Work, node: ForeignMessage): Promise<MessageInput> {
  const parts: Part[] = [];
  for (const part of node.parts) parts.push(part?.type === "attachment" ? await fileOf(work, part) : part);
  const imported = node.rest === undefined ? undefined : { imported: node.rest };
  return {
    id: messageId(node),
    role: node.role,
    parts,
    createdAt: node.createdAt ?? work.conversation.createdAt ?? EARLIEST,
    model: node.model === undefined || node.model === null ? null : cut(node.model, 200),
    status: node.status,
    metadata: imported ?? null,
    ...node.own,
  };
}

/** The part of an attached file: stored, or named where the archive does not hold it. */
async function fileOf({ history, owner, files, report }: Work, attachment: Attachment): Promise<Part> {
  const { key, name, part } = attachment;
  const entry = files.find(key) ?? (name === undefined ? undefined : files.find(name));
  if (entry === undefined) {
    leave(report, "A file that the export does not hold");
    const told: JsonObject = { key, ...(name === undefined ? {} : { name }) };
    return { type: "data", name: "missing-file", data: told as Json };
  }
  const fileName = name ?? text(part?.name) ?? entry.path.split("/").at(-1)!;
  const mediaType =
    attachment.mime ?? text(part?.mime) ?? getMimeType(fileName) ?? "application/octet-stream";
  if (part !== undefined && text(part.url)?.startsWith("data:") === true) {
    const chunks: Buffer[] = [];
    for await (const chunk of await entry.open()) chunks.push(chunk as Buffer);
    const { file: _file, size: _size, sha256: _sha256, ...own } = part;
    return {
      ...own,
      url: `${part.url.slice(0, part.url.indexOf(",") + 1)}${Buffer.concat(chunks).toString("base64")}`,
    };
  }
  const { id, size, sha256 } = await history.putFile(
    owner,
    { mediaType, name: fileName },
    await entry.open(),
  );
  report.files += 1;
  return {
    ...part,
    type: "file",
    url: `/api/files/${id}`,
    mime: mediaType,
    name: fileName,
    file: id,
    size,
    sha256,
  };
}
