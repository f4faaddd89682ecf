import type { History } from "../history.ts";
import { type WireMessagePage, messagePageFromWire } from "../wire/message.ts";
import { queryTextToWire } from "../wire/query.ts";
import { type WireSearchPage, searchPageFromWire } from "../wire/search.ts";
import { conversationPath, searchOf } from "./paths.ts";
import type { Requests } from "./requests.ts";

/** The methods on the messages of a branch. */
export function messageCalls({
  json,
}: Requests): Pick<History, "listMessages" | "clearMessages" | "searchMessages"> {
  return {
    async listMessages(owner, id, query = {}) {
      const path = `${conversationPath(id)}/messages${searchOf({ ...query })}`;
      return messagePageFromWire(await json<WireMessagePage>(owner, "GET", path));
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
