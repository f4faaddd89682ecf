import type { History } from "../history.ts";
import { type WireConversation, conversationFromWire } from "../wire/conversation.ts";
import {
  type WireMessage,
  type WireMessageVersion,
  messageFromWire,
  messageVersionFromWire,
} from "../wire/message.ts";
import { conversationPath, messagePath, searchOf } from "./paths.ts";
import type { Requests } from "./requests.ts";

/** The methods on one message and its versions, and on the branches of a conversation. */
export function branchCalls({
  send,
  json,
}: Requests): Pick<
  History,
  | "getMessage"
  | "listVersions"
  | "setFeedback"
  | "setHead"
  | "forkConversation"
  | "deleteMessage"
  | "deleteMessages"
  | "restoreMessages"
> {
  return {
    async getMessage(owner, id, messageId) {
      return messageFromWire(await json<WireMessage>(owner, "GET", messagePath(id, messageId)));
    },

    async listVersions(owner, id, messageId) {
      const path = `${messagePath(id, messageId)}/versions`;
      const { versions } = await json<{ versions: WireMessageVersion[] }>(owner, "GET", path);
      return versions.map(messageVersionFromWire);
    },

    async setFeedback(owner, id, messageId, feedback) {
      const path = `${messagePath(id, messageId)}/feedback`;
      if (feedback === null) await send(owner, "DELETE", path);
      else await send(owner, "POST", path, { body: feedback });
    },

    async setHead(owner, id, messageId) {
      const body = { head_id: messageId };
      return conversationFromWire(
        await json<WireConversation>(owner, "PATCH", conversationPath(id), { body }),
      );
    },

    async forkConversation(owner, id, messageId, options = {}) {
      const body = { ...options, message_id: messageId };
      return conversationFromWire(
        await json<WireConversation>(owner, "POST", `${conversationPath(id)}/fork`, { body }),
      );
    },

    async deleteMessage(owner, id, messageId) {
      await send(owner, "DELETE", messagePath(id, messageId));
    },

    async deleteMessages(owner, id, which) {
      const search = searchOf("ids" in which ? { ids: which.ids.join(",") } : { from: which.from });
      return json<{ deleted: number }>(owner, "DELETE", `${conversationPath(id)}/messages${search}`);
    },

    async restoreMessages(owner, id, ids) {
      const path = `${conversationPath(id)}/messages/restore`;
      return json<{ restored: number }>(owner, "POST", path, { body: { ids } });
    },
  };
}
