import type { History } from "../history.ts";
import {
  type WireMessage,
  type WireMessagePage,
  messageFromWire,
  messagePageFromWire,
} from "../wire/message.ts";
import { queryTextToWire } from "../wire/query.ts";
import { type WireSearchPage, searchPageFromWire } from "../wire/search.ts";
import { conversationPath, messagePath, searchOf } from "./paths.ts";
import type { Requests } from "./requests.ts";

/** What the native API does with the messages that are stored. */
export function messageCalls({
  send,
  json,
}: Requests): Pick<
  History,
  "listMessages" | "getMessage" | "deleteMessage" | "clearMessages" | "searchMessages"
> {
  return {
    async listMessages(owner, id, query = {}) {
      const path = `${conversationPath(id)}/messages${searchOf({ ...query })}`;
      return messagePageFromWire(await json<WireMessagePage>(owner, "GET", path));
    },

    async getMessage(owner, id, messageId) {
      return messageFromWire(await json<WireMessage>(owner, "GET", messagePath(id, messageId)));
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
