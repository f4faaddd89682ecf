import { randomUUID } from "node:crypto";

import {
  ChatkeepError,
  type Conversation,
  type ForkOptions,
  type History,
  type Owner,
  type Part,
  type Role,
} from "@chatkeep/protocol";

import { checkFeedback, checkId, checkTitle, ownerId } from "./arguments.ts";
import type { Database } from "./database/database.ts";
import { type ConversationRow, conversationFromRow, previewOf, titleOf } from "./database/rows.ts";
import { instant } from "./database/values.ts";
import { type Limits } from "./maintenance/limits.ts";

/** The methods of {@link History} on a conversation's tree. */
export interface Branches extends Pick<
  History,
  "setHead" | "setFeedback" | "listVersions" | "deleteMessage" | "deleteMessages" | "restoreMessages"
> {
  forkConversation(
    owner: Owner,
    conversationId: string,
    messageId: string,
    options?: CheckedForkOptions,
  ): Promise<Conversation>;
}

/** Options of a fork, with a check of its size. */
export interface CheckedForkOptions extends ForkOptions {
  /** Called before the commit with the bytes of the copied messages as stored. An error that it throws undoes the copy. */
  readonly admit?: ((bytes: number) => void) | undefined;
}

interface VersionRow {
  id: string;
  role: Role;
  parts: readonly Part[];
  created_at: string;
}

/** Maximum number of ids in one delete or restore. */
const MOST = 1000;

/** Calls of SQL functions. */
type Calls = Pick<Database, "call">;

export interface BranchesOptions {
  readonly database: Calls;
  readonly limits: Limits;
  /** Runs the calls of `work` in one transaction. */
  readonly atomically: <T>(work: (calls: Calls) => Promise<T>) => Promise<T>;
}

export function createBranches({ database, limits, atomically }: BranchesOptions): Branches {
  const deleteMessages: Branches["deleteMessages"] = async (owner, conversation, which) => {
    const ids = "ids" in which ? checkIds(which.ids) : [];
    const place = { owner: ownerId(owner), conversation };
    const from = "from" in which ? which.from : null;
    return atomically(async (calls) => {
      const [row] = await calls.call("delete_messages", { ...place, ids, from_id: from });
      await describe(calls, place);
      return { deleted: row?.deleted ?? 0 };
    });
  };

  return {
    async setHead(owner, conversation, messageId) {
      const place = { owner: ownerId(owner), conversation };
      return atomically(async (calls) => {
        await calls.call("set_head", { ...place, message_id: messageId });
        await describe(calls, place);
        return conversationOf(calls, owner, conversation);
      });
    },

    async setFeedback(owner, conversation, messageId, feedback) {
      const given = feedback && checkFeedback(feedback);
      await database.call("set_feedback", {
        owner: ownerId(owner),
        conversation,
        message_id: messageId,
        rating: given?.rating ?? null,
        comment: given?.comment ?? null,
      });
    },

    async listVersions(owner, conversation, messageId) {
      const [row] = await database.call("list_versions", {
        owner: ownerId(owner),
        conversation,
        message_id: messageId,
      });
      return ((row?.list_versions ?? []) as VersionRow[]).map(
        ({ id, role, parts, created_at: createdAt }) => ({
          id,
          role,
          preview: previewOf(parts),
          createdAt: instant(createdAt),
        }),
      );
    },

    async forkConversation(owner, conversation, messageId, { id, title = null, admit } = {}) {
      if (id !== undefined) checkId(id, "/id");
      checkTitle(title);
      const newId = id ?? randomUUID();
      return atomically(async (calls) => {
        const [row] = await calls.call("fork_conversation", {
          owner: ownerId(owner),
          conversation,
          message_id: messageId,
          new_id: newId,
          new_title: title,
          most: limits.conversations,
        });
        admit?.(row?.fork_conversation ?? 0);
        await describe(calls, { owner: ownerId(owner), conversation: newId });
        return conversationOf(calls, owner, newId);
      });
    },

    deleteMessages,

    async deleteMessage(owner, conversation, messageId) {
      await deleteMessages(owner, conversation, { ids: [messageId] });
    },

    async restoreMessages(owner, conversation, given) {
      const ids = checkIds(given);
      const place = { owner: ownerId(owner), conversation };
      return atomically(async (calls) => {
        const [row] = await calls.call("restore_messages", { ...place, ids });
        await describe(calls, place);
        return { restored: row?.restored ?? 0 };
      });
    },
  };
}

/** Updates preview and title from the head's branch, here because SQL cannot cut text at code points as lists do. */
async function describe(calls: Calls, place: { owner: string; conversation: string }): Promise<void> {
  const [ends] = await calls.call("get_branch_ends", place);
  const { head_seq: head = null, head: last = null, question = null } = ends ?? {};
  await calls.call("describe_branch", {
    ...place,
    head,
    new_preview: textOf(last, previewOf),
    question_title: textOf(question, titleOf),
  });
}

async function conversationOf(calls: Calls, owner: Owner, conversation: string): Promise<Conversation> {
  const [row] = await calls.call("get_conversation", { owner: ownerId(owner), conversation });
  return conversationFromRow(row?.get_conversation as ConversationRow, owner);
}

function checkIds(given: readonly string[]): string[] {
  const ids = [...new Set(given)];
  if (ids.length > 0 && ids.length <= MOST) return ids;
  throw new ChatkeepError("invalid_request", `Name 1 to ${MOST} messages.`, { pointer: "ids" });
}

function textOf(parts: unknown, make: (parts: readonly Part[]) => string | null): string | null {
  return parts === null ? null : make(parts as readonly Part[]);
}
