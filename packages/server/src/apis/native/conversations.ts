import {
  ChatkeepError,
  ERRORS,
  type ErrorCode,
  type WireConversation,
  conversationToWire,
  trashPageToWire,
} from "@chatkeep/protocol";
import { z } from "zod";

import { exportConversation } from "../../export/export.ts";
import { EXPORT_FORMATS } from "../../export/source.ts";
import {
  cursor,
  flag,
  id,
  integer,
  jsonObject,
  jsonText,
  pageLimit,
  queryText,
  time,
} from "../../http/fields.ts";
import { type Route, ownerRoutes } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import { streamBytes } from "../../http/stream.ts";
import type { ApiServices } from "../api.ts";

const text = z.string();
const tags = z.array(text).max(50);

/** The fields of a conversation. */
export const conversationFields: { [K in keyof WireConversation]: z.ZodType<WireConversation[K]> } = {
  id,
  user_id: text.nullable(),
  scope: text.nullable(),
  scope_label: text.nullable(),
  is_default: z.boolean(),
  title: text.nullable(),
  pinned_at: time.nullable(),
  archived_at: time.nullable(),
  message_count: z.int(),
  head_id: text.nullable(),
  running_turn: text.nullable(),
  waiting_turn: text.nullable(),
  preview: text.nullable(),
  metadata: jsonObject.nullable(),
  tags: z.array(text),
  expires_at: time.nullable().meta({ description: "When a temporary conversation is deleted for good." }),
  created_at: time,
  updated_at: time,
};

/** A conversation. */
export const conversation: z.ZodType<WireConversation> = z
  .strictObject(conversationFields)
  .meta({ id: "Conversation" });
const REPLY = { description: "The conversation.", json: conversation };

const page = z
  .strictObject({
    conversations: z.array(conversation),
    total: z.int().nullable(),
    limit: z.int(),
    offset: z.int(),
    next_cursor: text.nullable(),
  })
  .meta({ id: "ConversationPage" });

const trash = z
  .strictObject({
    conversations: z.array(z.strictObject({ ...conversationFields, deleted_at: time })),
    next_cursor: text.nullable(),
  })
  .meta({ id: "TrashPage" });

const query = z.strictObject({
  limit: pageLimit(100, 20),
  cursor,
  offset: integer(0, 1_000_000_000).optional().meta({ description: "How many to skip. Default 0." }),
  scope: queryText.optional(),
  tag: queryText.optional().meta({ description: "Only conversations with this tag." }),
  metadata: jsonText.optional().meta({
    type: "string",
    additionalProperties: undefined,
    description:
      "A JSON object: only conversations whose metadata holds each of its keys with an equal value.",
    examples: ['{"ticket":7}'],
  }),
  archived: flag.optional().meta({ description: "Default `false`: archived conversations are left out." }),
  waiting: flag.optional().meta({
    description:
      "Only those whose last answer waits for a person: for an approval, or for the result of a client's tool.",
  }),
  sort: z.enum(["created_at", "updated_at"]).optional().meta({ description: "Default `updated_at`." }),
  order: z.enum(["asc", "desc"]).optional().meta({ description: "Default `desc`." }),
});

const init = z
  .strictObject({
    id: id.optional(),
    scope: text.nullish(),
    scope_label: text.nullish(),
    title: text.nullish(),
    metadata: jsonObject.nullish(),
    tags: tags.optional(),
    temporary: z.boolean().optional().meta({
      description:
        "A conversation that is in no list and no search, and is deleted for good after a set time (default a day).",
    }),
    reuse: z.literal("latest").optional(),
    created_at: time.nullish().meta({
      description:
        "When it was begun elsewhere; requires a server key. Until something is said in it here, it is listed below the " +
        "others, by the time of its last message.",
    }),
  })
  .meta({ id: "NewConversation" });

const patch = z
  .strictObject({
    head_id: id.optional().meta({
      description: "Sets the head to the latest leaf below this message, or to the message itself.",
    }),
    title: text.nullish(),
    pinned: z.boolean().optional(),
    archived: z.boolean().optional(),
    metadata: jsonObject.nullish(),
    tags: tags.optional().meta({ description: "All of its tags." }),
  })
  .meta({ id: "ConversationPatch" });

const ids = z.array(id).min(1).max(100);
const change = z
  .discriminatedUnion("action", [
    z.strictObject({ ids, action: z.enum(["archive", "unarchive", "delete", "restore"]) }),
    z.strictObject({ ids, action: z.enum(["tag", "untag"]), tag: text }),
  ])
  .meta({ id: "ConversationChange" });

const outcomes = z
  .strictObject({
    results: z.array(
      z.strictObject({
        id: text,
        error: z
          .enum(Object.keys(ERRORS) as ErrorCode[])
          .nullable()
          .meta({ description: "The error that left the conversation unchanged." }),
      }),
    ),
  })
  .meta({ id: "ConversationOutcomes" });

const tagList = z
  .strictObject({ tags: z.array(z.strictObject({ tag: text, conversations: z.int() })) })
  .meta({ id: "TagList" });

const fork = z
  .strictObject({
    message_id: id.meta({ description: "The last message to copy." }),
    id: id.optional(),
    title: text.nullish(),
  })
  .meta({ id: "Fork" });

const SORT = { created_at: "createdAt", updated_at: "updatedAt" } as const;

/** The routes of conversations and of their trash. */
export function conversationRoutes({ history, log }: ApiServices): Route[] {
  const route = ownerRoutes("Conversations");
  return [
    route("POST /api/conversations", {
      id: "createConversation",
      summary: "Get or create a conversation",
      description:
        "With `id`, gets or creates that conversation; with `scope` only, the scope's default one; with neither, creates one. " +
        '`"reuse": "latest"` returns the most recently active one, if there is one. Concurrent calls create one.',
      body: init,
      replies: {
        200: { description: "The existing conversation.", json: conversation },
        201: { description: "The new conversation.", json: conversation },
      },
      handle: async ({ owner, key, body: { scope_label: scopeLabel, created_at: createdAt, ...init } }) => {
        if (key === undefined && (createdAt ?? null) !== null) {
          const detail = "Writing a conversation's `created_at` requires a server key.";
          throw new ChatkeepError("forbidden", detail, { pointer: "/created_at" });
        }
        const made = await history.createConversation(owner, { ...init, scopeLabel, createdAt });
        return privateJson(conversationToWire(made.conversation), made.created ? 201 : 200);
      },
    }),
    route("GET /api/conversations", {
      id: "listConversations",
      summary: "List conversations, most recently active first",
      search: query,
      replies: { 200: { description: "A page.", json: page } },
      handle: async ({ owner, query: { sort, ...query } }) => {
        const { conversations, total, nextCursor } = await history.listConversations(owner, {
          ...query,
          sort: sort && SORT[sort],
        });
        return {
          conversations: conversations.map(conversationToWire),
          total,
          limit: query.limit ?? 20,
          offset: query.offset ?? 0,
          next_cursor: nextCursor,
        };
      },
    }),
    route("GET /api/conversations/{conversation_id}", {
      id: "getConversation",
      summary: "Read a conversation",
      replies: { 200: REPLY },
      handle: async ({ owner, path }) =>
        conversationToWire(await history.getConversation(owner, path.conversation_id)),
    }),
    route("PATCH /api/conversations/{conversation_id}", {
      id: "updateConversation",
      summary: "Rename, pin, archive or annotate a conversation",
      description:
        'Absent fields keep their values. `"title": null` resets the title to the one made from the first question. ' +
        "`head_id` selects another version: the head becomes the latest leaf below that message.",
      body: patch,
      replies: { 200: REPLY },
      errors: ["message_not_found"],
      handle: async ({ owner, path: { conversation_id: id }, body: { head_id: head, ...patch } }) => {
        const isPatched = head === undefined || Object.keys(patch).length > 0;
        // Checked first: with a head that does not exist, nothing is changed.
        if (isPatched && head !== undefined) await history.getMessage(owner, id, head);
        const patched = isPatched ? await history.updateConversation(owner, id, patch) : undefined;
        const moved = head === undefined ? undefined : await history.setHead(owner, id, head);
        return conversationToWire((moved ?? patched)!);
      },
    }),
    route("POST /api/conversations/{conversation_id}/fork", {
      id: "forkConversation",
      summary: "Copy a message and everything that leads to it into a new conversation",
      description: "The original does not change, and the copy does not refer to it.",
      body: fork,
      replies: { 201: { description: "The new conversation.", json: conversation } },
      errors: ["message_not_found", "turn_in_progress", "conflict"],
      handle: async ({ owner, path, body: { message_id: message, ...options } }) => {
        const forked = await history.forkConversation(owner, path.conversation_id, message, options);
        return privateJson(conversationToWire(forked), 201);
      },
    }),
    route("GET /api/conversations/{conversation_id}/export", {
      id: "exportConversation",
      summary: "Export one conversation",
      description:
        "`markdown` and `html` have the head's branch, or the one that ends with `leaf`. HTML is one file with its pictures, " +
        "without scripts. `json` is JSON Lines of all branches, with the files, which `POST /api/me/import` takes.",
      search: z.strictObject({
        format: z.enum(EXPORT_FORMATS),
        leaf: id.optional().meta({ description: "The last message of the branch." }),
      }),
      replies: {
        200: {
          description: "The file.",
          text: {
            "text/markdown": "To read.",
            "text/html": "To read, print or publish.",
            "application/jsonl": "To import.",
          },
        },
      },
      errors: ["message_not_found"],
      handle: async ({ owner, path: { conversation_id: conversationId }, query, ...call }) => {
        const { name, mediaType, pieces } = await exportConversation({
          history,
          owner,
          conversationId,
          ...query,
        });
        const headers = {
          "content-type": mediaType,
          "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
          "cache-control": "no-store",
        };
        if (call.request.method === "HEAD") return new Response(null, { headers });
        return streamBytes({ ...call, pieces, status: 200, headers, log });
      },
    }),
    route("DELETE /api/conversations/{conversation_id}", {
      id: "deleteConversation",
      summary: "Delete a conversation and everything in it",
      replies: { 204: { description: "Deleted." } },
      handle: async ({ owner, path }) => {
        await history.deleteConversation(owner, path.conversation_id);
        return null;
      },
    }),
    route("POST /api/conversations/change", {
      id: "changeConversations",
      summary: "Archive, delete, restore or tag many conversations",
      description:
        "In one transaction. An error of one conversation does not stop the others; its result has the error's code.",
      body: change,
      replies: {
        200: { description: "A result for each conversation, in the given order.", json: outcomes },
      },
      handle: async ({ owner, body: { ids, ...change } }) => ({
        results: [...(await history.changeConversations(owner, ids, change))],
      }),
    }),
    route("GET /api/tags", {
      id: "listTags",
      summary: "List tags, by name",
      replies: { 200: { description: "The tags of conversations that are not deleted.", json: tagList } },
      handle: async ({ owner }) => ({ tags: [...(await history.listTags(owner))] }),
    }),
    route("GET /api/trash", {
      id: "listTrash",
      summary: "List deleted conversations that can be restored",
      search: z.strictObject({ limit: pageLimit(100, 20), cursor }),
      replies: { 200: { description: "A page, by last activity.", json: trash } },
      handle: async ({ owner, query }) => trashPageToWire(await history.listTrash(owner, query)),
    }),
    route("POST /api/conversations/{conversation_id}/restore", {
      id: "restoreConversation",
      summary: "Restore a deleted conversation",
      description:
        "If its scope has another default conversation by now, the restored one becomes an ordinary one.",
      replies: { 200: REPLY },
      errors: ["conflict"],
      handle: async ({ owner, path }) =>
        conversationToWire(await history.restoreConversation(owner, path.conversation_id)),
    }),
  ];
}
