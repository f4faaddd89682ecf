import type { Owner } from "../owner.ts";
import type { Shares } from "../share.ts";
import { type WireConversation, conversationFromWire } from "../wire/conversation.ts";
import { type WireFile, fileFromWire } from "../wire/file.ts";
import { type WireMessagePage, messagePageFromWire } from "../wire/message.ts";
import {
  type WireShare,
  type WireSharedConversation,
  shareFromWire,
  shareInitToWire,
  sharedFromWire,
} from "../wire/share.ts";
import { readBytes } from "./files.ts";
import { conversationPath, searchOf, segment } from "./paths.ts";
import { type ClientOptions, createRequests } from "./requests.ts";

/** Whoever reads a link. */
const NOBODY: Owner = { kind: "session", id: "" };

/** The methods on links. Those that take a token send no credentials. */
export function shareCalls(options: ClientOptions): Shares {
  const { send, json } = createRequests(options);
  const open = createRequests({ ...options, credentials: () => ({}) });
  const pathOf = (token: string): string => `/api/shared/${segment(token)}`;
  const filePath = (token: string, id: string): string => `${pathOf(token)}/files/${segment(id)}`;
  const getSharedFile: Shares["getSharedFile"] = async (token, id) =>
    fileFromWire(await open.json<WireFile>(NOBODY, "GET", `${filePath(token, id)}/info`));
  return {
    async createShare(owner, conversationId, init = {}) {
      const path = `${conversationPath(conversationId)}/shares`;
      const body = shareInitToWire(init);
      const { token, ...wire } = await json<WireShare & { token: string }>(owner, "POST", path, { body });
      return { share: shareFromWire(wire), token };
    },

    async listShares(owner, conversationId) {
      const search = searchOf({ conversation_id: conversationId });
      const { shares } = await json<{ shares: WireShare[] }>(owner, "GET", `/api/shares${search}`);
      return shares.map(shareFromWire);
    },

    async deleteShare(owner, id) {
      await send(owner, "DELETE", `/api/shares/${segment(id)}`);
    },

    async getShared(token) {
      return sharedFromWire(await open.json<WireSharedConversation>(NOBODY, "GET", pathOf(token)));
    },

    async listShared(token, query = {}) {
      const path = `${pathOf(token)}/messages${searchOf({ ...query })}`;
      return messagePageFromWire(await open.json<WireMessagePage>(NOBODY, "GET", path));
    },

    getSharedFile,

    readSharedFile: (token, id, range) =>
      readBytes(
        {
          send: open.send,
          owner: NOBODY,
          path: filePath(token, id),
          describe: () => getSharedFile(token, id),
        },
        range,
      ),

    async forkShared(owner, token, { id } = {}) {
      const body = { id };
      return conversationFromWire(
        await json<WireConversation>(owner, "POST", `${pathOf(token)}/fork`, { body }),
      );
    },
  };
}
