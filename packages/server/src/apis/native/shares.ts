import {
  type WireShare,
  type WireSharedConversation,
  conversationToWire,
  fileToWire,
  messageToWire,
  shareInitFromWire,
  shareToWire,
  sharedToWire,
} from "@chatkeep/protocol";
import { z } from "zod";

import { id, integer, pageLimit, time } from "../../http/fields.ts";
import { type Route, linkRoutes, ownerRoutes } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import type { ApiServices } from "../api.ts";
import { conversation } from "./conversations.ts";
import { file, sendFile } from "./files.ts";
import { message } from "./message.ts";

const text = z.string();

const fields = {
  id,
  conversation_id: id,
  message_id: text.nullable().meta({
    description: "The last message that is shown; `null` for a live link, which ends with the current head.",
  }),
  name: text.nullable(),
  created_at: time,
  expires_at: time.nullable(),
} satisfies { [K in keyof WireShare]: z.ZodType<WireShare[K]> };

const share = z.strictObject(fields).meta({ id: "Share" });

const init = z
  .strictObject({
    message_id: id
      .nullish()
      .meta({ description: "The last message that is shown. Default: the head at this time." }),
    live: z
      .boolean()
      .optional()
      .meta({ description: "Whether later messages are shown too. Default `false`." }),
    name: text.nullish().meta({ description: "The owner's name, as readers see it. Default: none." }),
    expires_at: time.nullish().meta({ description: "Default: the link ends when it is deleted." }),
  })
  .meta({ id: "NewShare" });

const shared: z.ZodType<WireSharedConversation> = z
  .strictObject({
    title: text.nullable(),
    name: text.nullable(),
    live: z.boolean(),
    created_at: time,
    expires_at: time.nullable(),
  })
  .meta({ id: "SharedConversation" });

const seq = integer(0, Number.MAX_SAFE_INTEGER).optional();
const query = z.strictObject({ limit: pageLimit(100, 50), before: seq, after: seq });
const page = z
  .strictObject({ messages: z.array(message), total: z.int(), has_more: z.boolean() })
  .meta({ id: "SharedPage" });

/** Keeps a link's messages and files out of search engines. The policy of referrers is that of all replies. */
const HEADERS = { "x-robots-tag": "noindex, nofollow" };

/** The routes of links: of their owners, and of whoever has one. */
export function shareRoutes(services: ApiServices): Route[] {
  const { history } = services;
  const owned = ownerRoutes("Links");
  const open = linkRoutes("Links");
  return [
    owned("POST /api/conversations/{conversation_id}/shares", {
      id: "createShare",
      summary: "Make a read-only link",
      description:
        "To the branch that ends with the head as it is now, or with `message_id`; or, `live`, to the head whatever it becomes. " +
        "Only this reply contains the `token`; its hash is stored. The app shows the link at `/share/{token}`.",
      body: init,
      replies: {
        201: {
          description: "The link.",
          json: z.strictObject({ ...fields, token: text }).meta({ id: "ShareWithToken" }),
        },
      },
      errors: ["message_not_found", "turn_in_progress", "conflict"],
      handle: async ({ owner, path, body }) => {
        const made = await history.createShare(owner, path.conversation_id, shareInitFromWire(body));
        return privateJson({ ...shareToWire(made.share), token: made.token }, 201);
      },
    }),
    owned("GET /api/shares", {
      id: "listShares",
      summary: "List the caller's links",
      description: "The latest first, at most 1,000, without those that have expired.",
      search: z.strictObject({ conversation_id: id.optional() }),
      replies: { 200: { description: "The links.", json: z.strictObject({ shares: z.array(share) }) } },
      handle: async ({ owner, query: { conversation_id: conversationId } }) => ({
        shares: (await history.listShares(owner, conversationId)).map(shareToWire),
      }),
    }),
    owned("DELETE /api/shares/{share_id}", {
      id: "deleteShare",
      summary: "Delete a link",
      description: "The link then shows nothing.",
      replies: { 204: { description: "Deleted." } },
      handle: async ({ owner, path }) => {
        await history.deleteShare(owner, path.share_id);
        return null;
      },
    }),
    open("GET /api/shared/{token}", {
      id: "getShared",
      summary: "Read what a link tells of its conversation",
      description: "Takes no credential, as all reads of a link.",
      replies: { 200: { description: "The conversation.", json: shared } },
      handle: async ({ path }) =>
        privateJson(sharedToWire(await history.getShared(path.token)), 200, HEADERS),
    }),
    open("GET /api/shared/{token}/messages", {
      id: "listShared",
      summary: "Read the messages of a link",
      description:
        "The latest of its branch, oldest first. Shown are text, citations, sources and files of questions and answers; reasoning, " +
        "tools, system messages, metadata and ids of the owner are not. A page may have fewer messages than `limit`.",
      search: query,
      replies: { 200: { description: "A page of messages.", json: page } },
      handle: async ({ path, query }) => {
        const { messages, total, hasMore } = await history.listShared(path.token, query);
        return privateJson({ messages: messages.map(messageToWire), total, has_more: hasMore }, 200, HEADERS);
      },
    }),
    open("GET /api/shared/{token}/files/{file_id}", {
      id: "readSharedFile",
      summary: "Read the bytes of a file that a link shows",
      description: "As `GET /api/files/{file_id}`.",
      replies: {
        200: { description: "The bytes.", text: { "application/octet-stream": "The bytes." } },
        206: { description: "The range.", text: { "application/octet-stream": "The bytes of the range." } },
        304: { description: "The file is the one that `If-None-Match` names." },
        416: { description: "The file has no such range." },
      },
      handle: async ({ path: { token, file_id: fileId }, ...call }) => {
        const stored = await history.getSharedFile(token, fileId);
        const response = await sendFile(services, call, {
          stored,
          read: (range) => history.readSharedFile(token, fileId, range),
        });
        for (const [name, value] of Object.entries(HEADERS)) response.headers.set(name, value);
        response.headers.set("cache-control", "private, no-store");
        return response;
      },
    }),
    open("GET /api/shared/{token}/files/{file_id}/info", {
      id: "getSharedFile",
      summary: "Describe a file that a link shows",
      replies: { 200: { description: "The file.", json: file } },
      handle: async ({ path }) =>
        privateJson(fileToWire(await history.getSharedFile(path.token, path.file_id)), 200, HEADERS),
    }),
    owned("POST /api/shared/{token}/fork", {
      id: "forkShared",
      summary: "Continue what a link shows as one's own",
      description:
        "Copies what the link shows, its files too, into a conversation of the caller. With an `id` it may be repeated, and goes " +
        "on where it broke off.",
      body: z.strictObject({ id: id.optional() }).meta({ id: "SharedFork" }),
      replies: { 201: { description: "The conversation.", json: conversation } },
      errors: ["conflict", "payload_too_large", "quota_exceeded"],
      handle: async ({ owner, path, body }) =>
        privateJson(conversationToWire(await history.forkShared(owner, path.token, body)), 201),
    }),
  ];
}
