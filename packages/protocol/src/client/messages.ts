import type { History } from "../history.ts";
import {
  type WireMessage,
  type WireMessagePage,
  type WireMessageVersion,
  messageFromWire,
  messagePageFromWire,
  messageVersionFromWire,
} from "../wire/message.ts";
import { queryTextToWire } from "../wire/query.ts";
import { type WireSearchPage, searchPageFromWire } from "../wire/search.ts";
import { conversationPath, messagePath, searchOf } from "./paths.ts";
import type { Requests } from "./requests.ts";

/** The methods on stored messages. */
export function messageCalls({
  send,
  json,
}: Requests): Pick<
  History,
  | "listMessages"
  | "getMessage"
  | "listVersions"
  | "deleteMessage"
  | "deleteMessages"
  | "restoreMessages"
  | "clearMessages"
  | "searchMessages"
> {
  return {
    async listMessages(owner, id, query = {}) {
      const path = `${conversationPath(id)}/messages${searchOf({ ...query })}`;
      return messagePageFromWire(await json<WireMessagePage>(owner, "GET", path));
    },

    async getMessage(owner, id, messageId) {
      return messageFromWire(await json<WireMessage>(owner, "GET", messagePath(id, messageId)));
    },

    async listVersions(owner, id, messageId) {
      const path = `${messagePath(id, messageId)}/versions`;
      const { versions } = await json<{ versions: WireMessageVersion[] }>(owner, "GET", path);
      return versions.map(messageVersionFromWire);
    },

    async deleteMessages(owner, id, which) {
      const search = searchOf("ids" in which ? { ids: which.ids.join(",") } : { from: which.from });
      return json<{ deleted: number }>(owner, "DELETE", `${conversationPath(id)}/messages${search}`);
    },

    async restoreMessages(owner, id, ids) {
      const path = `${conversationPath(id)}/messages/restore`;
      return json<{ restored: number }>(owner, "POST", path, { body: { ids } });
    },

    async deleteMessage(owner, id, messageId) {
      await send(owner, "DELETE", messagePath(id, messageId));
    },

    async clearMessages(owner, id) {
      return json<{ deleted: number }>(owner, "DELETE", `${conversationPath(id)}/messages`);
    },

    async searchMessages(owner, { text, conversationId, scope, ...query }) {
      const search = searchOf({
        ...query,
        q: queryTextToWire(text),
        conversation_id: conversationId,
        scope: scope === undefined ? undefined : queryTextToWire(scope),
      });
      return searchPageFromWire(await json<WireSearchPage>(owner, "GET", `/api/search${search}`));
    },
  };
}
