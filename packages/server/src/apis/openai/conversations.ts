import {
  ChatkeepError,
  type Conversation,
  type History,
  type JsonObject,
  type Message,
  type Owner,
  ROLES,
} from "@chatkeep/protocol";
import { z } from "zod";

import { type Route, ownerRoute } from "../../http/route.ts";
import type { ApiServices } from "../api.ts";
import { requireRoles } from "../roles.ts";
import { integer } from "../schema/field.ts";
import { jsonObject } from "../schema/json.ts";
import { openaiErrors } from "./error.ts";
import { idFromOpenai, idToOpenai } from "./ids.ts";
import { messageFromItem } from "./item-input.ts";
import { type Item, itemsOf } from "./items.ts";
import { stableIds } from "./stable-ids.ts";

const TAG = "OpenAI Conversations";

const item = jsonObject as z.ZodType<Item>;
/** An item of any type: `{ type, … }`. */
export const itemInput: z.ZodType<Item> = item.meta({
  id: "OpenaiItem",
  type: "object",
  additionalProperties: true,
  description: "An item of any type. Unknown types are stored unchanged.",
});
const conversation = z
  .object({
    id: z.string(),
    object: z.literal("conversation"),
    created_at: z.int().meta({ description: "Unix seconds." }),
    metadata: jsonObject,
  })
  .meta({ id: "OpenaiConversation" });
const itemList = z
  .object({
    object: z.literal("list"),
    data: z.array(itemInput),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({ id: "OpenaiItemList" });

const conversationPath = z.object({ conversation_id: z.string() });
const itemPath = z.object({ conversation_id: z.string(), item_id: z.string() });
const listSearch = z.object({
  limit: integer(1, 100).optional().meta({ description: "Default 20." }),
  order: z.enum(["asc", "desc"]).optional().meta({ description: "Default `desc`: the newest first." }),
  after: z.string().optional().meta({ description: "The `last_id` of the previous page." }),
});

/** OpenAI's Conversations, for its clients and for `OpenAIConversationsSession` of its Agents SDK. */
export function openaiConversationRoutes({ history, writableRoles }: ApiServices): Route[] {
  const base = { tag: TAG, errorFormat: openaiErrors };

  const requireWritable = (owner: Owner, key: string | undefined, items: readonly Item[]): void =>
    requireRoles(
      items.map((one) => ({ role: messageFromItem(one).role })),
      key === undefined ? writableRoles(owner) : ROLES,
      true,
    );

  return [
    ownerRoute({
      ...base,
      id: "openaiCreateConversation",
      method: "POST",
      path: "/v1/conversations",
      summary: "Create a conversation",
      body: z.object({ items: z.array(itemInput).nullish(), metadata: jsonObject.nullish() }),
      replies: { 200: { description: "The conversation.", json: conversation } },
      rateLimit: "after-deduplication",
      handle: async ({ owner, key, body, request, arrived }) => {
        const items = body.items ?? [];
        requireWritable(owner, key, items);
        const ids = stableIds({ history, owner, request, arrived, body });
        const init = { id: await ids.idOf("conversation"), metadata: body.metadata };
        const { conversation: made } = await history.createConversation(owner, init);
        if (items.length > 0)
          await history.appendMessages(owner, made.id, await ids.withIds(items.map(messageFromItem)));
        return conversationOf(made);
      },
    }),
    ownerRoute({
      ...base,
      id: "openaiGetConversation",
      method: "GET",
      path: "/v1/conversations/{conversation_id}",
      summary: "Read a conversation",
      params: conversationPath,
      replies: { 200: { description: "The conversation.", json: conversation } },
      errors: ["conversation_not_found"],
      handle: async ({ owner, path }) => conversationOf(await history.getConversation(owner, ownId(path))),
    }),
    ownerRoute({
      ...base,
      id: "openaiUpdateConversation",
      method: "POST",
      path: "/v1/conversations/{conversation_id}",
      summary: "Set a conversation's metadata",
      params: conversationPath,
      body: z.object({ metadata: jsonObject.nullable() }),
      replies: { 200: { description: "The conversation.", json: conversation } },
      errors: ["conversation_not_found"],
      handle: async ({ owner, path, body: { metadata } }) =>
        conversationOf(await history.updateConversation(owner, ownId(path), { metadata })),
    }),
    ownerRoute({
      ...base,
      id: "openaiDeleteConversation",
      method: "DELETE",
      path: "/v1/conversations/{conversation_id}",
      summary: "Delete a conversation",
      params: conversationPath,
      replies: {
        200: {
          description: "Deleted.",
          json: z.object({
            id: z.string(),
            object: z.literal("conversation.deleted"),
            deleted: z.literal(true),
          }),
        },
      },
      errors: ["conversation_not_found"],
      handle: async ({ owner, path }) => {
        await history.deleteConversation(owner, ownId(path));
        return { id: path.conversation_id, object: "conversation.deleted", deleted: true };
      },
    }),
    ownerRoute({
      ...base,
      id: "openaiCreateItems",
      method: "POST",
      path: "/v1/conversations/{conversation_id}/items",
      summary: "Append items",
      description:
        "All items are stored, or none. End users may write items of the user only; other roles require a server key.",
      params: conversationPath,
      body: z.object({ items: z.array(itemInput).min(1) }),
      replies: { 200: { description: "The items.", json: itemList } },
      errors: ["conversation_not_found", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: async ({ owner, key, path, body, request, arrived }) => {
        requireWritable(owner, key, body.items);
        const ids = stableIds({ history, owner, request, arrived, body });
        const messages = await ids.withIds(body.items.map(messageFromItem));
        const stored = await history.appendMessages(owner, ownId(path), messages);
        return listOf(stored.flatMap(itemsOf), false);
      },
    }),
    ownerRoute({
      ...base,
      id: "openaiListItems",
      method: "GET",
      path: "/v1/conversations/{conversation_id}/items",
      summary: "List items",
      params: conversationPath,
      search: listSearch,
      replies: { 200: { description: "A page.", json: itemList } },
      errors: ["conversation_not_found", "message_not_found"],
      handle: async ({ owner, path, query: { limit = 20, order = "desc", after } }) => {
        const found: Item[] = [];
        for await (const one of walk(history, owner, ownId(path), { order, after, limit })) {
          found.push(one);
          if (found.length > limit) break;
        }
        return listOf(found.slice(0, limit), found.length > limit);
      },
    }),
    ownerRoute({
      ...base,
      id: "openaiGetItem",
      method: "GET",
      path: "/v1/conversations/{conversation_id}/items/{item_id}",
      summary: "Read an item",
      params: itemPath,
      replies: { 200: { description: "The item.", json: itemInput } },
      errors: ["conversation_not_found", "message_not_found"],
      handle: async ({ owner, path }) => {
        const { id, place } = idFromOpenai(path.item_id);
        const found = itemsOf(await history.getMessage(owner, ownId(path), id))[place];
        if (found === undefined) throw noItem();
        return found;
      },
    }),
    ownerRoute({
      ...base,
      id: "openaiDeleteItem",
      method: "DELETE",
      path: "/v1/conversations/{conversation_id}/items/{item_id}",
      summary: "Delete an item",
      description:
        "An item that is part of an answer with several items cannot be deleted alone (409). Delete the whole answer with DELETE /api/conversations/{id}/messages/{message_id}.",
      params: itemPath,
      replies: { 200: { description: "The conversation.", json: conversation } },
      errors: ["conversation_not_found", "message_not_found", "conflict", "turn_in_progress"],
      handle: async ({ owner, path }) => {
        const conversationId = ownId(path);
        const { id, place } = idFromOpenai(path.item_id);
        const items = itemsOf(await history.getMessage(owner, conversationId, id));
        if (items[place] === undefined && place > 0) throw noItem();
        if (items.length > 1) {
          throw new ChatkeepError(
            "conflict",
            `This item is part of an answer. Delete the whole answer with DELETE /api/conversations/${conversationId}/messages/${id}`,
          );
        }
        await history.deleteMessage(owner, conversationId, id);
        return conversationOf(await history.getConversation(owner, conversationId));
      },
    }),
  ];
}

function noItem(): ChatkeepError {
  return new ChatkeepError("message_not_found", "There is no item with this id in the conversation.");
}

function ownId(path: { conversation_id: string }): string {
  return idFromOpenai(path.conversation_id).id;
}

function conversationOf({ id, createdAt, metadata }: Conversation): object {
  return {
    id: idToOpenai("conv", id),
    object: "conversation",
    created_at: Math.floor(Date.parse(createdAt) / 1000),
    metadata: metadata ?? ({} satisfies JsonObject),
  };
}

function listOf(data: readonly Item[], hasMore: boolean): object {
  const idOf = (one: Item | undefined): unknown => one?.["id"] ?? null;
  return { object: "list", data, first_id: idOf(data[0]), last_id: idOf(data.at(-1)), has_more: hasMore };
}

interface Walk {
  readonly order: "asc" | "desc";
  readonly after: string | undefined;
  readonly limit: number;
}

/** A conversation's items from a cursor on, read in pages. */
async function* walk(
  history: History,
  owner: Owner,
  conversation: string,
  { order, after, limit }: Walk,
): AsyncGenerator<Item, void, void> {
  const inOrder = <T>(all: readonly T[]): readonly T[] => (order === "asc" ? all : all.toReversed());
  let seq = order === "asc" ? 0 : Number.MAX_SAFE_INTEGER;
  if (after !== undefined) {
    const { id, place } = idFromOpenai(after);
    const message = await history.getMessage(owner, conversation, id);
    const items = itemsOf(message);
    yield* order === "asc" ? items.slice(place + 1) : items.slice(0, place).toReversed();
    ({ seq } = message);
  }
  const size = Math.min(100, limit + 1);
  for (;;) {
    const query = order === "asc" ? { after: seq, limit: size } : { before: seq, limit: size };
    const { messages } = await history.listMessages(owner, conversation, query);
    for (const message of inOrder<Message>(messages)) {
      yield* inOrder(itemsOf(message));
      ({ seq } = message);
    }
    if (messages.length < size) return;
  }
}
