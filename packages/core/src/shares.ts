import { createHash, randomBytes, randomUUID } from "node:crypto";

import {
  ChatkeepError,
  type Conversation,
  type History,
  type Message,
  type Owner,
  type Part,
  type Share,
  type ShareInit,
  type SharedConversation,
  type Shares as SharesOfHistory,
  isChatkeepError,
} from "@chatkeep/protocol";

import { checkInstant, checkLength, isUuid, ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { instant, unescapeText } from "./database/values.ts";
import { idOf } from "./file-parts.ts";
import { type FileRow, checkFileId, fileFromRow, fileNotFound, putFile, readFile } from "./files.ts";
import type { Limits } from "./maintenance/limits.ts";
import type { ObjectStore } from "./objects.ts";
import { type FoundShare, readShared, shownParts } from "./shared-messages.ts";

/** The methods of {@link History} on links. */
export interface Shares extends SharesOfHistory {
  forkShared(owner: Owner, token: string, options?: ForkSharedOptions): Promise<Conversation>;
}

/** Options of a copy, with a check of its size. */
interface ForkSharedOptions {
  readonly id?: string | undefined;
  /** Called before each step with the bytes that it stores. An error that it throws ends the copy. */
  readonly admit?: ((bytes: number) => void) | undefined;
}

export interface SharesOptions {
  readonly database: Database;
  readonly limits: Limits;
  readonly objects: ObjectStore | undefined;
  /** Stores the copy. */
  readonly history: Pick<History, "createConversation" | "getConversation" | "getMessage" | "appendMessages">;
}

/** Links of one conversation. */
const MOST = 100;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export function createShares({ database, limits, objects, history }: SharesOptions): Shares {
  const find = async (token: string): Promise<FoundShare> => {
    if (!TOKEN.test(token)) throw shareNotFound();
    const [row] = await database.call("find_share", { hash: hashOf(token) });
    if (row === undefined) throw shareNotFound();
    return row as unknown as FoundShare;
  };

  const listShared: Shares["listShared"] = async (token, query) => {
    const share = await find(token);
    return readShared(database, share, token, query);
  };

  /** The owner's id, after a check that the link shows the file. */
  const ownerOf = async (token: string, fileId: string): Promise<string> => {
    const { owner_id: owner, conversation_id: conversation, message_id: leaf } = await find(token);
    const place = { owner, conversation, leaf, file: checkFileId(fileId) };
    const [row] = await database.call("messages_with_file", place);
    const messages = (row?.messages_with_file ?? []) as Pick<Message, "role" | "parts">[];
    const isShown = messages.some((message) =>
      shownParts(message, token).some((part) => part.type === "file" && part.file === fileId),
    );
    if (!isShown) throw fileNotFound();
    return owner;
  };

  const getSharedFile: Shares["getSharedFile"] = async (token, fileId) => {
    const [row] = await database.call("get_file", { owner: await ownerOf(token, fileId), file: fileId });
    const { purpose: _, ...file } = fileFromRow(row?.get_file as FileRow);
    return file;
  };

  return {
    async createShare(owner, conversation, init = {}) {
      const { messageId, live = false, name, expiresAt } = checkInit(init);
      const token = randomBytes(32).toString("base64url");
      const [row] = await database.call("create_share", {
        owner: ownerId(owner),
        conversation,
        share: randomUUID(),
        hash: hashOf(token),
        message_id: messageId ?? null,
        is_live: live,
        name: name ?? null,
        expires_at: expiresAt ?? null,
        most: MOST,
      });
      return { share: shareFromRow(row?.create_share as ShareRow), token };
    },

    async listShares(owner, conversationId) {
      return readShares(database, ownerId(owner), conversationId);
    },

    async deleteShare(owner, id) {
      if (!isUuid(id)) throw shareNotFound();
      const [row] = await database.call("delete_share", { owner: ownerId(owner), share: id });
      if (row?.delete_share !== true) throw shareNotFound();
    },

    async getShared(token) {
      return sharedFromRow(await find(token));
    },

    listShared,
    getSharedFile,

    async *readSharedFile(token, fileId, range) {
      yield* readFile({ database, objects }, await ownerOf(token, fileId), fileId, range);
    },

    async forkShared(owner, token, { id = randomUUID(), admit } = {}) {
      const { title } = await find(token);
      const { created, conversation } = await history.createConversation(owner, { id, title });
      let isNew = created || conversation.messageCount === 0;
      /** Ids of copies, by the ids of the files. */
      const copies = new Map<string, string>();
      const copied = async (part: Part): Promise<Part> => {
        if (part.type !== "file" || part.file === undefined) return part;
        const { file, mime, name } = part;
        if (!copies.has(file)) {
          const init = await getSharedFile(token, file);
          admit?.(init.size);
          const bytes = readFile({ database, objects }, await ownerOf(token, file), file);
          // Derived from these, so that a repeated copy stores the file once.
          const { id: copy } = await putFile({
            database,
            limits,
            objects,
            owner,
            id: idOf(["share", id, file], new Uint8Array()),
            init,
            bytes,
          });
          copies.set(file, copy);
        }
        return {
          type: "file",
          url: "",
          mime,
          file: copies.get(file)!,
          ...(name === undefined ? {} : { name }),
        };
      };
      for (let after = 0, last: string | null = null; ;) {
        const { messages, upTo } = await readShared(database, await find(token), token, {
          after,
          limit: 100,
        });
        if (upTo === null) return history.getConversation(owner, id);
        admit?.(JSON.stringify(messages).length);
        for (const message of messages) {
          if (!isNew) await requireCopy(history, owner, id, message.id);
          isNew = true;
          const parts: Part[] = [];
          for (const part of message.parts) parts.push(await copied(part));
          const { role, contextText, createdAt, status } = message;
          const input = { id: message.id, role, parts, contextText, createdAt, status: status as "complete" };
          await history.appendMessages(owner, id, [input], { parent: last });
          last = message.id;
        }
        after = upTo;
      }
    },
  };
}

/** Refuses a conversation that does not hold the first message of the copy. */
async function requireCopy(
  { getMessage }: SharesOptions["history"],
  owner: Owner,
  id: string,
  messageId: string,
): Promise<void> {
  try {
    await getMessage(owner, id, messageId);
  } catch (error) {
    if (!isChatkeepError(error, "message_not_found")) throw error;
    throw new ChatkeepError("conflict", "A conversation with this id exists. Use another id.");
  }
}

function sharedFromRow(row: FoundShare): SharedConversation {
  return {
    title: row.title,
    name: row.name,
    live: row.message_id === null,
    createdAt: instant(row.created_at),
    expiresAt: instant(row.expires_at),
  };
}

/** The links of an owner, or of one of their conversations. */
export async function readShares(
  database: Pick<Database, "call">,
  owner: string,
  conversationId?: string,
): Promise<Share[]> {
  const place = { owner, only_conversation: conversationId ?? null };
  const [row] = await database.call("list_shares", place);
  return ((row?.list_shares ?? []) as ShareRow[]).map(shareFromRow);
}

interface ShareRow {
  id: string;
  conversation_id: string;
  message_id: string | null;
  name: string | null;
  created_at: string;
  expires_at: string | null;
}

function shareFromRow(row: ShareRow): Share {
  return {
    id: row.id,
    conversationId: row.conversation_id,
    messageId: row.message_id,
    name: unescapeText(row.name),
    createdAt: instant(row.created_at),
    expiresAt: instant(row.expires_at),
  };
}

function checkInit(init: ShareInit): ShareInit {
  const { messageId, live, name, expiresAt } = init;
  if (live === true && messageId !== undefined) {
    const detail = "A live link ends with the head; leave `message_id` out.";
    throw new ChatkeepError("invalid_request", detail, { pointer: "/message_id" });
  }
  checkLength(name, "/name", 200);
  if (expiresAt === undefined || expiresAt === null) return init;
  const until = checkInstant(expiresAt, "/expires_at");
  if (Date.parse(until) > Date.now()) return { ...init, expiresAt: until };
  throw new ChatkeepError("invalid_request", "`expires_at` must be in the future.", {
    pointer: "/expires_at",
  });
}

/** A plain hash is enough, because 256 random bits cannot be guessed. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

function shareNotFound(): ChatkeepError {
  return new ChatkeepError("share_not_found", "This link does not exist, was deleted, or has expired.");
}
