import { createHash, randomUUID } from "node:crypto";

import {
  type History,
  type Owner,
  type Part,
  type Responder,
  type ResponderEvent,
  type ResponderRequest,
  type StartedTurn,
  type TurnEvent,
  isChatkeepError,
} from "@chatkeep/protocol";

import { isUuid, ownerId, plainJson } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { type FileRow, fileFromRow, fileNotFound, putFile, readFile } from "./files.ts";
import type { Limits } from "./maintenance/limits.ts";
import type { ObjectStore } from "./objects.ts";

/** A message to store. */
interface Given {
  readonly id?: string | undefined;
  readonly parts?: readonly Part[] | undefined;
}
type FilePart = Extract<Part, { type: "file" }>;

/**
 * Keeps bytes out of messages. A `data:` URL in base64 is stored as a file; the part keeps the URL up to its comma and the
 * file's id, and whoever reads the message gets the whole URL, as it was sent.
 */
export interface FileParts {
  /** Moves the bytes of messages out, and records that the messages refer to their files. */
  moveOut<M extends Given>(owner: Owner, conversationId: string, messages: readonly M[]): Promise<M[]>;
  /**
   * Puts the bytes back. `url`: gives the files' addresses instead; `bytes`: also the bytes of files that were uploaded.
   * At most `most` bytes, the newest first; the other files have their addresses.
   */
  putBack<M extends { readonly parts: readonly Part[] }>(
    owner: Owner,
    messages: readonly M[],
    as?: "url" | "bytes",
    most?: number,
  ): Promise<M[]>;
  /** Moves the bytes of what a responder yields out. */
  movedOut(
    owner: Owner,
    conversationId: string,
    messageId: string,
    events: AsyncIterator<ResponderEvent>,
  ): AsyncIterator<ResponderEvent>;
  /** Puts the bytes of a stream back. */
  events(owner: Owner, events: AsyncIterable<TurnEvent>): AsyncGenerator<TurnEvent, void, void>;
}

const DATA = /^data:[^,]*;base64,/i;

/** Bytes of files in one request of a responder. A part that names a file is short, and a question has room for many. */
const MOST_GIVEN = 32 * 1024 * 1024;
/** Bytes of files on a page, without its last message: with the rest, twice what a page has without files. */
const MOST_ON_PAGE = 3 * 1024 * 1024;

export interface FilePartsOptions {
  readonly database: Pick<Database, "call">;
  readonly limits: Limits;
  /** Where bytes are read. Default: PostgreSQL. */
  readonly objects: ObjectStore | undefined;
  /** Where bytes are stored: `objects`, or PostgreSQL within a transaction, which may be rolled back. */
  readonly puts?: "objects" | "chunks";
}

export function createFileParts({
  database,
  limits,
  objects,
  puts = "objects",
}: FilePartsOptions): FileParts {
  /** Stores the bytes of a `data:` URL under an id that they give, so that a retry and a copy are stored once. */
  const store = async (owner: Owner, part: FilePart): Promise<FilePart> => {
    const { file: _file, size: _size, sha256: _sha256, ...own } = part;
    const [prefix = ""] = DATA.exec(part.url) ?? [];
    const base64 = part.url.slice(prefix.length);
    const bytes = Buffer.from(base64, "base64");
    // Other forms of base64 could not be given back equal, and stay in the message.
    if (bytes.toString("base64") !== base64) return own;
    const mediaType = /^data:([^;,]+\/[^;,]+)/i.exec(prefix)?.[1] ?? "application/octet-stream";
    const init = { mediaType: isPlain(mediaType) ? mediaType : "application/octet-stream" };
    const id = idOf([ownerId(owner), init.mediaType], bytes);
    try {
      const { size, sha256 } = await putFile({
        database,
        limits,
        objects: puts === "objects" ? objects : undefined,
        owner,
        id,
        init,
        bytes,
      });
      return { ...own, url: prefix, file: id, size, sha256 };
    } catch (error) {
      // Else the pieces before would fill the quota for a day. Not in an outage: a retry goes on with them.
      if (isChatkeepError(error, "quota_exceeded"))
        await database.call("delete_file", { owner: ownerId(owner), file: id, if_unfinished: true });
      throw error;
    }
  };

  const use = async (
    owner: Owner,
    conversation: string,
    message: string,
    parts: readonly Part[],
  ): Promise<Part[]> => {
    const files = parts.filter(isStored).map(({ file }) => file);
    if (!files.every(isUuid)) throw fileNotFound();
    if (files.length === 0) return [...parts];
    const place = { owner: ownerId(owner), conversation, message_id: message };
    const [row] = await database.call("use_files", { ...place, files });
    const known = new Map((row!.use_files as FileRow[]).map((file) => [file.id, fileFromRow(file)]));
    return parts.map((part) => {
      if (!isStored(part) || isMoved(part)) return part;
      const { mediaType: mime, name, size, sha256 } = known.get(part.file)!;
      return { ...part, url: urlOf(part.file), mime, ...(name === null ? {} : { name }), size, sha256 };
    });
  };

  /** The file part as its client sent it. */
  const restore = async (owner: Owner, part: StoredPart, as?: "url" | "bytes"): Promise<FilePart> => {
    const address = { ...part, url: urlOf(part.file) };
    if (as === "url" || !(isMoved(part) || as === "bytes")) return address;
    try {
      const pieces: Uint8Array[] = [];
      for await (const piece of readFile({ database, objects }, ownerId(owner), part.file))
        pieces.push(piece);
      const { file: _file, size: _size, sha256: _sha256, ...own } = part;
      const prefix = isMoved(part) ? part.url : `data:${part.mime};base64,`;
      return { ...own, url: prefix + Buffer.concat(pieces).toString("base64") };
    } catch (error) {
      // Its owner has deleted it.
      if (isChatkeepError(error, "file_not_found")) return address;
      throw error;
    }
  };

  const restoreAll = async <M extends { readonly parts: readonly Part[] }>(
    owner: Owner,
    messages: readonly M[],
    as?: "url" | "bytes",
    most = Number.POSITIVE_INFINITY,
  ): Promise<M[]> => {
    const restored = [...messages];
    let room = most;
    // One after the other: a page of pictures would take all connections.
    for (const [place, message] of [...messages.entries()].toReversed()) {
      if (!message.parts.some(isStored)) continue;
      const parts: Part[] = [];
      for (const part of message.parts) {
        const { size = 0 } = part as FilePart;
        const whole = isStored(part) ? await restore(owner, part, size <= room ? as : "url") : part;
        if (isStored(part) && !isStored(whole)) room -= size;
        parts.push(whole);
      }
      restored[place] = { ...message, parts };
    }
    return restored;
  };

  const fileParts: FileParts = {
    async moveOut(owner, conversationId, messages) {
      const moved = [];
      for (const message of messages) {
        if (!mayHoldFiles(message.parts)) {
          moved.push(message);
          continue;
        }
        const id = message.id ?? randomUUID();
        const parts: Part[] = [];
        for (const part of plainJson(message.parts!, "/parts")) {
          const isBytes = isFile(part) && DATA.test(part.url);
          parts.push(isBytes ? await store(owner, part) : isFile(part) ? named(part) : part);
        }
        moved.push({ ...message, id, parts: await use(owner, conversationId, id, parts) });
      }
      return moved;
    },
    putBack: restoreAll,
    movedOut: (owner, conversationId, messageId, events) => ({
      async next() {
        const next = await events.next();
        if (next.done === true || !mayHoldFiles([next.value])) return next;
        try {
          const answer = { id: messageId, parts: [next.value as Part] };
          const [moved] = await fileParts.moveOut(owner, conversationId, [answer]);
          return { done: false, value: moved!.parts[0] as ResponderEvent };
        } catch (error) {
          // An outage, or a claim: the answer keeps the bytes.
          if (!isChatkeepError(error)) throw error;
          const { file: _, ...own } = next.value as FilePart;
          return { done: false, value: own };
        }
      },
      // At once, also while the responder has not answered the last call.
      return: async () => events.return?.() ?? { done: true, value: undefined },
    }),
    async *events(owner, events) {
      for await (const event of events) {
        const { chunk } = event;
        if (chunk.type !== "file" || chunk.file === undefined) {
          yield event;
          continue;
        }
        const { file, size, sha256, ...own } = chunk;
        const part = {
          type: "file",
          url: chunk.url,
          mime: chunk.mediaType,
          file,
          size,
          sha256,
        } as StoredPart;
        yield { ...event, chunk: { ...own, url: (await restore(owner, part)).url } };
      }
    },
  };
  return fileParts;
}

type StoredPart = FilePart & { readonly file: string };

function isFile(part: Part): part is FilePart {
  return (part as Part | null)?.type === "file" && typeof (part as FilePart).url === "string";
}

function isStored(part: Part): part is StoredPart {
  return isFile(part) && part.file !== undefined;
}

/** Whether the part came as a `data:` URL. */
function isMoved({ url }: FilePart): boolean {
  return /^data:/i.test(url);
}

/** A part that names a file only by its id: what else its sender says of it is not trusted. */
function named(part: FilePart): FilePart {
  const { file, size: _size, sha256: _sha256, ...own } = part;
  return file === undefined || isMoved(part) ? own : { ...own, file };
}

/** Reading a value of a host may throw; the checks of messages then say so. */
function mayHoldFiles(parts: unknown): boolean {
  try {
    return Array.isArray(parts) && parts.some((part: { type?: unknown } | null) => part?.type === "file");
  } catch {
    return false;
  }
}

/** The messages of a page, from its newest or its oldest, up to {@link MOST_ON_PAGE} of files plus one message. */
export function cutPage<M extends { readonly parts: readonly Part[] }>(
  messages: readonly M[],
  fromOldest: boolean,
): M[] {
  let bytes = 0;
  const takes = ({ parts }: M): boolean => {
    const isFull = bytes >= MOST_ON_PAGE;
    for (const part of parts) if (isStored(part) && isMoved(part)) bytes += part.size ?? 0;
    return !isFull;
  };
  return fromOldest ? messages.filter(takes) : messages.toReversed().filter(takes).toReversed();
}

function urlOf(file: string): string {
  return `/api/files/${file}`;
}

function isPlain(mediaType: string): boolean {
  return /^[\w.+-]{1,127}\/[\w.+-]{1,127}$/.test(mediaType);
}

/** A UUID (version 8) of what decides about a file. */
export function idOf(names: readonly string[], bytes: Uint8Array): string {
  const hash = createHash("sha256")
    .update(`${JSON.stringify(names)}\n`)
    .update(bytes)
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString("hex", 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Gives a responder the bytes of the files in its request. */
export function givenFiles(responder: Responder, { putBack }: FileParts): Responder {
  const holds = ({ question, history, answer }: ResponderRequest): boolean =>
    [question, ...history, { parts: answer }].some(({ parts }) => parts.some(isStored));
  const give = async (request: ResponderRequest) => {
    const { owner, answer: parts } = request;
    const given = [...request.history, request.question, { ...request.question, parts }];
    const history = await putBack(owner, given, "bytes", MOST_GIVEN);
    const [question, answer] = history.splice(-2);
    return responder({ ...request, question: question!, history, answer: answer!.parts });
  };
  const wrapped = (request: ResponderRequest) => (holds(request) ? give(request) : responder(request));
  return Object.assign(wrapped as Responder, { continues: responder.continues ?? false });
}

type TurnCalls = Pick<History, "startTurn" | "regenerate" | "followTurn" | "getTurn" | "getContext">;

/** The methods on turns, with the bytes of files put back. */
export function withFiles(calls: TurnCalls, { putBack, events }: FileParts): TurnCalls {
  const started = (owner: Owner, turn: StartedTurn): StartedTurn => ({
    ...turn,
    events: events(owner, turn.events),
  });
  return {
    async startTurn(owner, ...rest) {
      return started(owner, await calls.startTurn(owner, ...rest));
    },
    async regenerate(owner, ...rest) {
      return started(owner, await calls.regenerate(owner, ...rest));
    },
    followTurn: (owner, ...rest) => events(owner, calls.followTurn(owner, ...rest)),
    async getTurn(owner, ...path) {
      const state = await calls.getTurn(owner, ...path);
      const [message, reply = null] = await putBack(
        owner,
        state.reply === null ? [state.message] : [state.message, state.reply],
      );
      return { ...state, message: message!, reply };
    },
    async getContext(owner, ...query) {
      const context = await calls.getContext(owner, ...query);
      const messages = await putBack(
        owner,
        context.messages.map(({ message }) => message),
        undefined,
        MOST_GIVEN,
      );
      return {
        ...context,
        messages: context.messages.map((given, index) => ({ ...given, message: messages[index]! })),
      };
    },
  };
}
