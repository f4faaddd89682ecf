import {
  ChatkeepError,
  type ErasureReceipt,
  type ExportLine,
  type Owner,
  type StoredFile,
} from "@chatkeep/protocol";

import { ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { type ConversationRow, conversationFromRow, type MessageRow, messageOf } from "./database/rows.ts";
import { instant } from "./database/values.ts";
import { type FileSource, NIL, type FileRow, fileFromRow, readFile } from "./files.ts";
import { deleteDueObjects } from "./objects.ts";
import { readShares } from "./shares.ts";
import { type QueuedRow, queuedQuestion } from "./turns/queued.ts";

/** Who acts on an owner's data, for the audit log: `owner` (default), or the name of a server key. */
export interface ActOptions {
  readonly actor?: string;
}

/** Operations on all data of one owner. Each is recorded in the audit log. */
export interface PersonalData {
  /** See `History.claimSession`. */
  claimSession(user: Owner, session: Owner, options?: ActOptions): Promise<{ readonly claimed: number }>;
  /** See `History.exportData`. */
  exportData(owner: Owner, options?: ActOptions): AsyncIterable<ExportLine>;
  /** See `History.eraseData`. */
  eraseData(owner: Owner, options?: ActOptions): Promise<ErasureReceipt>;
  /** Records in the audit log that a server key acted for an owner. */
  recordAct(owner: Owner, actor: string): Promise<void>;
}

/** Rows in one step: about 20 ms of work. */
const PAGE = 1000;

export interface PersonalDataOptions extends FileSource {
  readonly database: Database;
}

export function createPersonalData(options: PersonalDataOptions): PersonalData {
  const { database, objects } = options;
  return {
    async claimSession(user, session, { actor = "owner" } = {}) {
      if (user.kind !== "user" || session.kind !== "session") {
        throw new TypeError("claimSession takes a user and a session, in this order.");
      }
      const place = { owner: ownerId(user), session: ownerId(session), actor };
      const [row] = await database.call("claim_session", place).catch((error: unknown) => {
        throw claimFailure(error);
      });
      return { claimed: row?.claim_session ?? 0 };
    },

    async *exportData(owner, { actor = "owner" } = {}) {
      const id = ownerId(owner);
      await database.call("record_audit", { owner: id, actor, action: "export", details: null });
      let conversations = 0;
      let messages = 0;
      for await (const row of exportedConversations(database, id)) {
        conversations += 1;
        yield {
          type: "conversation",
          conversation: conversationFromRow(row, owner),
          deletedAt: instant(row.deleted_at),
        };
        let parentId: string | null = null;
        for await (const message of exportedMessages(database, id, row)) {
          messages += 1;
          const exported = messageOf(message, owner, parentId);
          parentId = message.id;
          yield { type: "message", message: exported };
        }
        for (const question of row.queued ?? []) yield { type: "queued", question: queuedQuestion(question) };
      }
      let files = 0;
      for await (const file of exportedFiles(database, id)) {
        files += 1;
        yield { type: "file", file };
        for await (const bytes of readFile(options, id, file.id))
          yield { type: "bytes", bytes: Buffer.from(bytes).toString("base64") };
      }
      for (const share of await readShares(database, id)) yield { type: "share", share };
      yield { type: "end", conversations, messages, files };
    },

    async eraseData(owner, { actor = "owner" } = {}) {
      const id = ownerId(owner);
      const receipt = {
        erasedAt: new Date().toISOString(),
        conversations: 0,
        messages: 0,
        turns: 0,
        files: 0,
      };
      await database.call("begin_erasure", { owner: id });
      for (;;) {
        const [erased] = await database.call("erase_batch", { owner: id, page_limit: PAGE });
        if (erased === undefined) break;
        receipt.conversations += erased.conversations_erased ?? 0;
        receipt.messages += erased.messages_erased ?? 0;
        receipt.turns += erased.turns_erased ?? 0;
        receipt.files += erased.files_erased ?? 0;
      }
      // The receipt says that they are gone.
      await deleteDueObjects(database, objects);
      await database.call("erase_owner", { owner: id, actor, receipt });
      return receipt;
    },

    async recordAct(owner, actor) {
      await database.call("record_audit", { owner: ownerId(owner), actor, action: "act", details: null });
    },
  };
}

/**
 * A claim moves a session in one transaction, at about 12,000 messages a second, and a call times out after 10 s. After
 * our timeout the database continues and commits.
 */
function claimFailure(thrown: unknown): unknown {
  const { code, message = "" } = ((thrown as Error).cause ?? {}) as { code?: string; message?: string };
  const say = (detail: string): ChatkeepError =>
    new ChatkeepError("unavailable", detail, { retryAfter: 60, cause: (thrown as Error).cause });
  if (code === "57014")
    return say(
      "This session holds more than the database moves within its statement_timeout. Nothing was moved and nothing is lost; its operator has to allow more time.",
    );
  if (/Query read timeout/i.test(message))
    return say("This session holds much, and is still being moved. Nothing is lost; look again in a minute.");
  return thrown;
}

/** The error of an export that can no longer be complete. It then has no `end`. */
function incomplete(): ChatkeepError {
  return new ChatkeepError(
    "conflict",
    "This export is incomplete: conversations were cleared or erased while it ran. Export again.",
  );
}

interface ExportedRow extends ConversationRow {
  /** The questions that wait. */
  queued: QueuedRow[] | null;
}

async function* exportedConversations(
  database: Database,
  owner: string,
): AsyncGenerator<ExportedRow, void, void> {
  for (let after = 0; ;) {
    const [page] = await database.call("export_conversations", { owner, after_no: after, page_limit: 100 });
    const rows = page?.export_conversations as ExportedRow[] | null | undefined;
    if ((rows ?? null) === null && after > 0) throw incomplete();
    if (!rows?.length) return;
    yield* rows;
    after = rows.at(-1)!.created_no;
  }
}

async function* exportedFiles(database: Database, owner: string): AsyncGenerator<StoredFile, void, void> {
  for (let after = NIL; ;) {
    const [page] = await database.call("export_files", { owner, after_id: after, page_limit: 100 });
    const rows = page?.export_files as FileRow[] | null | undefined;
    if (!rows?.length) return;
    yield* rows.map(fileFromRow);
    after = rows.at(-1)!.id;
  }
}

async function* exportedMessages(
  database: Database,
  owner: string,
  { id, cleared_seq }: ConversationRow,
): AsyncGenerator<MessageRow, void, void> {
  for (let after = 0; ;) {
    const [page] = await database.call("export_messages", {
      owner,
      conversation: id,
      cleared: cleared_seq,
      after_seq: after,
      page_limit: PAGE,
    });
    const rows = page?.export_messages as MessageRow[] | null | undefined;
    if (rows === null || rows === undefined) throw incomplete();
    if (rows.length === 0) return;
    yield* rows;
    after = rows.at(-1)!.seq;
  }
}
