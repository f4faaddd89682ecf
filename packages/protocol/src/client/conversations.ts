import type { ConversationOutcome, Tag } from "../conversation.ts";
import type { History } from "../history.ts";
import {
  type WireConversation,
  type WireConversationPage,
  type WireTrashPage,
  conversationFromWire,
  conversationPageFromWire,
  trashPageFromWire,
} from "../wire/conversation.ts";
import { queryTextToWire } from "../wire/query.ts";
import { conversationPath, searchOf } from "./paths.ts";
import { type Requests, readJson } from "./requests.ts";

/** The methods on conversations. */
export function conversationCalls({
  send,
  json,
}: Requests): Pick<
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
> {
  return {
    async createConversation(owner, init = {}) {
      const { scopeLabel, createdAt, ...rest } = init;
      const response = await send(owner, "POST", "/api/conversations", {
        body: { ...rest, scope_label: scopeLabel, created_at: createdAt },
      });
      const wire = await readJson<WireConversation>(response);
      return { conversation: conversationFromWire(wire), created: response.status === 201 };
    },

    async getConversation(owner, id) {
      return conversationFromWire(await json<WireConversation>(owner, "GET", conversationPath(id)));
    },

    async listConversations(owner, query = {}) {
      const { sort, scope, tag, metadata, ...rest } = query;
      const search = searchOf({
        ...rest,
        scope: scope === undefined ? undefined : queryTextToWire(scope),
        tag: tag === undefined ? undefined : queryTextToWire(tag),
        metadata: metadata === undefined ? undefined : JSON.stringify(metadata),
        sort: sort === undefined ? undefined : WIRE_SORT[sort],
      });
      return conversationPageFromWire(
        await json<WireConversationPage>(owner, "GET", `/api/conversations${search}`),
      );
    },

    async updateConversation(owner, id, patch) {
      return conversationFromWire(
        await json<WireConversation>(owner, "PATCH", conversationPath(id), { body: patch }),
      );
    },

    async deleteConversation(owner, id) {
      await send(owner, "DELETE", conversationPath(id));
    },

    async restoreConversation(owner, id) {
      return conversationFromWire(
        await json<WireConversation>(owner, "POST", `${conversationPath(id)}/restore`),
      );
    },

    async changeConversations(owner, ids, change) {
      const body = { ids, ...change };
      return (
        await json<{ results: ConversationOutcome[] }>(owner, "POST", "/api/conversations/change", { body })
      ).results;
    },

    async listTags(owner) {
      return (await json<{ tags: Tag[] }>(owner, "GET", "/api/tags")).tags;
    },

    async listTrash(owner, query = {}) {
      return trashPageFromWire(
        await json<WireTrashPage>(owner, "GET", `/api/trash${searchOf({ ...query })}`),
      );
    },
  };
}

const WIRE_SORT = { createdAt: "created_at", updatedAt: "updated_at" } as const;
