import { randomUUID } from "node:crypto";

import {
  ChatkeepError,
  type ConversationChange,
  type ConversationOutcome,
  type ConversationQuery,
  type History,
  type Owner,
  type Part,
} from "@chatkeep/protocol";

import {
  checkBytes,
  plainJson,
  checkId,
  checkLength,
  checkRange,
  checkTag,
  checkTags,
  checkTime,
  checkTitle,
  MOST_TAGS,
  ownerId,
} from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { type ConversationRow, conversationFromRow, titleOf } from "./database/rows.ts";
import { instant, unescapeText } from "./database/values.ts";
import { type Limits } from "./maintenance/limits.ts";

/** The methods of {@link History} on conversations. */
export type Conversations = Pick<
  History,
  | "createConversation"
  | "getConversation"
  | "listConversations"
  | "updateConversation"
  | "deleteConversation"
  | "restoreConversation"
  | "listTrash"
  | "changeConversations"
  | "listTags"
>;

export interface ConversationsOptions {
  readonly database: Database;
  readonly limits: Limits;
  /** Whether another owner's id looks like a free one. */
  readonly hideExistence: boolean;
  /** Stops a conversation's running turn, and waits up to one second until it is settled. */
  readonly stopRunning: (owner: Owner, conversationId: string) => Promise<void>;
}

export function createConversations({
  database,
  limits,
  hideExistence,
  stopRunning,
}: ConversationsOptions): Conversations {
  return {
    async createConversation(owner, init = {}) {
      const { id, scope = null, scopeLabel = null, title = null } = init;
      if (id !== undefined) checkId(id, "/id");
      if (scope === "")
        throw new ChatkeepError("invalid_request", "A scope cannot be empty; leave it out.", {
          pointer: "/scope",
        });
      checkLength(scope, "/scope", 500);
      checkLength(scopeLabel, "/scope_label", 500);
      checkTitle(title);
      const metadata = plainJson(init.metadata ?? null, "/metadata");
      checkBytes(metadata, "/metadata", limits.metadataBytes);
      const [row] = await database.call("create_conversation", {
        owner: ownerId(owner),
        owner_kind: owner.kind,
        id: id ?? randomUUID(),
        by_id: id !== undefined,
        scope,
        scope_label: scopeLabel,
        title,
        metadata,
        tags: checkTags(init.tags ?? []),
        created_at: checkTime(init.createdAt, "/created_at"),
        expires_after: init.temporary === true ? limits.temporary : null,
        reuse_latest: init.reuse === "latest",
        most: limits.conversations,
        hide_others: hideExistence,
      });
      return {
        conversation: conversationFromRow(row?.conversation as ConversationRow, owner),
        created: row?.created === true,
      };
    },

    async getConversation(owner, id) {
      const [row] = await database.call("get_conversation", { owner: ownerId(owner), conversation: id });
      return conversationFromRow(row?.get_conversation as ConversationRow, owner);
    },

    async listConversations(owner, query = {}) {
      const limit = checkRange(query.limit, "limit", 1, 100, 20);
      if (query.waiting === true && (query.sort === "createdAt" || query.order === "asc")) {
        const detail = "`waiting` lists by last activity, the latest first.";
        throw new ChatkeepError("invalid_request", detail, { pointer: "waiting" });
      }
      const cursor = query.cursor === undefined ? null : readCursor(query.cursor, query);
      const [row] = await database.call("list_conversations", {
        owner: ownerId(owner),
        only_archived: query.archived === true,
        only_waiting: query.waiting === true,
        only_scope: query.scope ?? null,
        only_tag: query.tag ?? null,
        only_metadata: plainJson(query.metadata ?? null, "metadata"),
        sort_by: query.sort === "createdAt" ? "creation" : "activity",
        ascending: query.order === "asc",
        after_no: cursor,
        page_offset: checkRange(query.offset, "offset", 0, 100_000, 0),
        // One extra row tells whether there is a next page.
        page_limit: limit + 1,
      });
      const rows = row?.conversations as ConversationRow[];
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        conversations: page.map((item) => conversationFromRow(item, owner)),
        total: row?.total ?? null,
        nextCursor: rows.length > limit && last !== undefined ? writeCursor(last, query) : null,
      };
    },

    async updateConversation(owner, id, patch) {
      checkTitle(patch.title ?? null);
      const metadata = plainJson(patch.metadata ?? null, "/metadata");
      checkBytes(metadata, "/metadata", limits.metadataBytes);
      const fields = (["title", "pinned", "archived", "metadata", "tags"] as const).filter(
        (name) => patch[name] !== undefined,
      );
      const [row] = await database.call("update_conversation", {
        owner: ownerId(owner),
        conversation: id,
        fields,
        new_title: patch.title ?? null,
        question_title: patch.title === null ? await questionTitle(database, owner, id) : null,
        new_pinned: patch.pinned ?? null,
        new_archived: patch.archived ?? null,
        new_metadata: metadata,
        new_tags: patch.tags === undefined ? null : checkTags(patch.tags),
      });
      return conversationFromRow(row?.update_conversation as ConversationRow, owner);
    },

    async deleteConversation(owner, id) {
      await stopRunning(owner, id);
      await database.call("delete_conversation", { owner: ownerId(owner), conversation: id });
    },

    async restoreConversation(owner, id) {
      const [row] = await database.call("restore_conversation", { owner: ownerId(owner), conversation: id });
      return conversationFromRow(row?.restore_conversation as ConversationRow, owner);
    },

    async changeConversations(owner, ids, change) {
      for (const id of ids) checkId(id, "/ids");
      checkRange(ids.length, "ids", 1, MOST_CHANGED, 1);
      if (new Set(ids).size < ids.length) {
        throw new ChatkeepError("invalid_request", "Name each conversation once.", { pointer: "/ids" });
      }
      const [row] = await database.call("change_conversations", {
        owner: ownerId(owner),
        ids,
        action: change.action,
        tag: tagOf(change),
        most_tags: MOST_TAGS,
      });
      return ((row?.change_conversations ?? []) as ConversationOutcome[]).map(({ id, error }) => ({
        id,
        error: error === "forbidden" && hideExistence ? "conversation_not_found" : error,
      }));
    },

    async listTags(owner) {
      const [row] = await database.call("list_tags", { owner: ownerId(owner) });
      return ((row?.list_tags ?? []) as { tag: string; conversations: number }[]).map(
        ({ tag, conversations }) => ({
          tag: unescapeText(tag),
          conversations,
        }),
      );
    },

    async listTrash(owner, query = {}) {
      const limit = checkRange(query.limit, "limit", 1, 100, 20);
      const [row] = await database.call("list_trash", {
        owner: ownerId(owner),
        before_no: query.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.cursor, {}),
        page_limit: limit + 1,
      });
      const rows = row?.list_trash as ConversationRow[];
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        conversations: page.map((one) => ({
          ...conversationFromRow(one, owner),
          deletedAt: instant(one.deleted_at)!,
        })),
        nextCursor: rows.length > limit && last !== undefined ? writeCursor(last, {}) : null,
      };
    },
  };
}

/** Conversations that one call changes. */
const MOST_CHANGED = 100;

function tagOf(change: ConversationChange): string | null {
  return change.action === "tag" || change.action === "untag" ? checkTag(change.tag, "/tag") : null;
}

async function questionTitle(database: Database, owner: Owner, conversation: string): Promise<string | null> {
  const [row] = await database.call("first_question", { owner: ownerId(owner), conversation });
  const parts = row?.first_question as Part[] | null | undefined;
  return parts === null || parts === undefined ? null : titleOf(parts);
}

/** A cursor holds the sort order and a number. It is invalid with another order. */
function writeCursor(last: ConversationRow, { sort, order }: ConversationQuery): string {
  const number = sort === "createdAt" ? last.created_no : last.active_no;
  return Buffer.from(JSON.stringify([orderName(sort, order), number])).toString("base64url");
}

function readCursor(cursor: string, { sort, order }: ConversationQuery): number {
  try {
    const [name, number] = JSON.parse(Buffer.from(cursor, "base64url").toString()) as [unknown, unknown];
    if (name === orderName(sort, order) && Number.isSafeInteger(number)) return number as number;
  } catch {
    // Reported below, with the same remedy for every invalid cursor.
  }
  throw new ChatkeepError("invalid_request", "This cursor belongs to no such list. Begin again without it.", {
    pointer: "cursor",
  });
}

function orderName(sort: ConversationQuery["sort"], order: ConversationQuery["order"]): string {
  return `${sort ?? "updatedAt"} ${order ?? "desc"}`;
}
