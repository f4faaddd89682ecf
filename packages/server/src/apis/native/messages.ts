import { ROLES, messageInputFromWire, messageToWire, messageVersionToWire } from "@chatkeep/protocol";
import { z } from "zod";

import { id, integer, json, jsonObject, pageLimit, time } from "../../http/fields.ts";
import { type Route, ownerRoutes } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import type { ApiServices } from "../api.ts";
import { refuseOriginals, requireRoles } from "../roles.ts";
import { citation, failure, feedback, message, parentId, part, usage } from "./message.ts";

const text = z.string();
const seq = integer(0, Number.MAX_SAFE_INTEGER).optional();

const query = z.strictObject({
  leaf: id.optional().meta({ description: "The last message of the branch to list. Default: the head." }),
  branches: z.literal("all").optional().meta({
    description: "List all branches in order of arrival, with `before` or `after`, without `leaf`.",
  }),
  limit: pageLimit(100, 50),
  before: seq.meta({ description: "The latest messages with a smaller `seq`." }),
  after: seq.meta({ description: "The earliest messages with a greater `seq`." }),
  around: integer(0, 1_000_000_000_000)
    .optional()
    .meta({ description: "A page with this `seq` in the middle." }),
  offset: integer(0, 1_000_000_000)
    .optional()
    .meta({ description: "How many of the newest to skip. Default 0." }),
  files: z.literal("url").optional().meta({
    description: "With `url`, files that were sent as `data:` URLs have an address in place of their bytes.",
  }),
});

const page = z
  .strictObject({
    messages: z.array(message),
    total: z.int(),
    limit: z.int(),
    offset: z.int(),
    has_more: z.boolean(),
  })
  .meta({ id: "MessagePage" });

/** Replies have `null` for what a message does not have, so that a message that was read can be sent. */
const input = z
  .strictObject({
    id: id.nullish(),
    role: z.enum(ROLES),
    content: text.nullish(),
    parts: z.array(part).nullish(),
    tool_calls: json.nullish(),
    tool_call_id: text.nullish(),
    citations: z.array(citation).nullish(),
    context_text: text.nullish(),
    intent: text.nullish(),
    processed: z.boolean().nullish(),
    model: text.nullish(),
    usage: usage.nullish(),
    metadata: jsonObject.nullish(),
    created_at: time.nullish(),
    status: z.enum(["complete", "stopped", "interrupted", "failed"]).nullish(),
    error: failure.nullish(),
  })
  .meta({ id: "MessageInput" });

const place = {
  parent_id: parentId,
  expected_head_id: id.nullish().meta({
    description: "Append only if this message is the head; otherwise `conflict`.",
  }),
};

/** One message, or several, of which all or none are stored. */
const appended = z.union([
  z.strictObject({ ...input.shape, ...place }).meta({ id: "NewMessage" }),
  z.strictObject({ messages: z.array(input).min(1).max(1000), ...place }),
]);

const versions = z.strictObject({
  versions: z.array(
    z
      .strictObject({ id: text, role: z.enum(ROLES), preview: text.nullable(), created_at: time })
      .meta({ id: "MessageVersion" }),
  ),
});

const deletion = z
  .strictObject({
    ids: text.optional().meta({ description: "Ids separated by commas. All of them are deleted, or none." }),
    from: id.optional().meta({ description: "This message and everything that follows it in any version." }),
  })
  .refine(({ ids, from }) => ids === undefined || from === undefined, "give `ids` or `from`, not both");

/** The routes of messages. */
export function messageRoutes({ history, writableRoles }: ApiServices): Route[] {
  const route = ownerRoutes("Messages");
  return [
    route("GET /api/conversations/{conversation_id}/messages", {
      id: "listMessages",
      summary: "Read the latest messages of a branch, oldest first",
      description:
        "Takes at most one of `before`, `after`, `around` and `offset`. A running turn's answer so far is listed with " +
        "status `streaming`.",
      search: query,
      replies: { 200: { description: "A page of messages.", json: page } },
      errors: ["message_not_found"],
      handle: async ({ owner, path, query }) => {
        const { messages, total, hasMore } = await history.listMessages(owner, path.conversation_id, query);
        return {
          messages: messages.map(messageToWire),
          total,
          limit: query.limit ?? 50,
          offset: query.offset ?? 0,
          has_more: hasMore,
        };
      },
    }),
    route("POST /api/conversations/{conversation_id}/messages", {
      id: "appendMessages",
      summary: "Append a message, or several, without a turn",
      description:
        "All messages are stored, or none. A message whose `id` is already stored is returned and not stored again. End " +
        "users may write `user` messages only; other roles require a server key, and so do `created_at`, `status` and " +
        "`error`, for what was written elsewhere.",
      body: appended,
      replies: {
        201: {
          description: "The stored message, or `messages` when several were sent.",
          json: message.or(z.strictObject({ messages: z.array(message) })),
        },
      },
      errors: ["message_not_found", "conflict", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: async ({ owner, key, path, body }) => {
        const several = "messages" in body;
        const inputs = several ? body.messages : [body];
        requireRoles(inputs, key === undefined ? writableRoles(owner) : ROLES, several);
        if (key === undefined) refuseOriginals(inputs, several);
        const stored = await history.appendMessages(
          owner,
          path.conversation_id,
          inputs.map(messageInputFromWire),
          { parent: body.parent_id, expectedHead: body.expected_head_id ?? undefined },
        );
        const wire = stored.map(messageToWire);
        return privateJson(several ? { messages: wire } : wire[0], 201);
      },
    }),
    route("GET /api/conversations/{conversation_id}/messages/{message_id}", {
      id: "getMessage",
      summary: "Read a message",
      replies: { 200: { description: "The message.", json: message } },
      handle: async ({ owner, path }) =>
        messageToWire(await history.getMessage(owner, path.conversation_id, path.message_id)),
    }),
    route("GET /api/conversations/{conversation_id}/messages/{message_id}/versions", {
      id: "listVersions",
      summary: "List the versions of a message",
      description: "The messages that follow the same one, this one included, in the order of arrival.",
      replies: { 200: { description: "The versions.", json: versions } },
      handle: async ({ owner, path }) => {
        const found = await history.listVersions(owner, path.conversation_id, path.message_id);
        return { versions: found.map(messageVersionToWire) };
      },
    }),
    route("POST /api/conversations/{conversation_id}/messages/{message_id}/feedback", {
      id: "setFeedback",
      summary: "Rate an answer",
      description:
        "Replaces the caller's earlier feedback on this answer. Each version of an answer has its own feedback.",
      body: feedback,
      replies: { 204: { description: "Stored." } },
      errors: ["message_not_found", "conflict"],
      handle: async ({ owner, path, body }) => {
        await history.setFeedback(owner, path.conversation_id, path.message_id, body);
        return null;
      },
    }),
    route("DELETE /api/conversations/{conversation_id}/messages/{message_id}/feedback", {
      id: "removeFeedback",
      summary: "Remove the rating of an answer",
      replies: { 204: { description: "The answer has no feedback." } },
      errors: ["message_not_found", "conflict"],
      handle: async ({ owner, path }) => {
        await history.setFeedback(owner, path.conversation_id, path.message_id, null);
        return null;
      },
    }),
    route("POST /api/conversations/{conversation_id}/messages/restore", {
      id: "restoreMessages",
      summary: "Restore deleted messages",
      description: "All or none, within the undo time. Cleared messages cannot be restored.",
      body: z.strictObject({ ids: z.array(id).min(1).max(1000) }),
      replies: {
        200: { description: "How many were restored.", json: z.strictObject({ restored: z.int() }) },
      },
      errors: ["message_not_found", "conflict"],
      handle: async ({ owner, path, body }) => history.restoreMessages(owner, path.conversation_id, body.ids),
    }),
    route("DELETE /api/conversations/{conversation_id}/messages/{message_id}", {
      id: "deleteMessage",
      summary: "Delete a message",
      description: "Other messages keep their numbers. Deleting a question deletes its turn too.",
      replies: { 204: { description: "Deleted." } },
      errors: ["turn_in_progress"],
      handle: async ({ owner, path }) => {
        await history.deleteMessage(owner, path.conversation_id, path.message_id);
        return null;
      },
    }),
    route("DELETE /api/conversations/{conversation_id}/messages", {
      id: "clearMessages",
      summary: "Delete messages, or clear a conversation",
      description:
        "With `ids` or `from`: deletes these messages, all or none; they can be restored until the undo time ends. With " +
        "neither: permanently deletes all messages in all branches, and stops a running turn.",
      search: deletion,
      replies: {
        200: { description: "How many were deleted.", json: z.strictObject({ deleted: z.int() }) },
      },
      errors: ["message_not_found", "turn_in_progress"],
      handle: async ({ owner, path: { conversation_id: id }, query: { ids, from } }) => {
        if (ids !== undefined) return history.deleteMessages(owner, id, { ids: ids.split(",") });
        if (from !== undefined) return history.deleteMessages(owner, id, { from });
        return history.clearMessages(owner, id);
      },
    }),
  ];
}
