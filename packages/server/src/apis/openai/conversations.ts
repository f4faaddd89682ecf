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

import { jsonObject, pageLimit } from "../../http/fields.ts";
import { type Route, ownerRoutes } from "../../http/route.ts";
import type { ApiServices } from "../api.ts";
import { requireRoles } from "../roles.ts";
import { openaiErrors } from "./error.ts";
import { idFromOpenai, idToOpenai } from "./ids.ts";
import { messageFromItem } from "./item-input.ts";
import { type Item, itemsOf } from "./items.ts";
import { stableIds } from "./stable-ids.ts";

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

/** Ids as OpenAI writes them are longer than ours. */
const params = { conversation_id: z.string() };
const itemParams = { ...params, item_id: z.string() };
const listSearch = z.object({
  limit: pageLimit(100, 20),
  order: z.enum(["asc", "desc"]).optional().meta({ description: "Default `desc`: the newest first." }),
  after: z.string().optional().meta({ description: "The `last_id` of the previous page." }),
});

/** The routes of OpenAI's Conversations, for its clients and `OpenAIConversationsSession` of its Agents SDK. */
export function openaiConversationRoutes({ history, writableRoles }: ApiServices): Route[] {
  const route = ownerRoutes("OpenAI Conversations", openaiErrors);

  const requireWritable = (owner: Owner, key: string | undefined, items: readonly Item[]): void =>
    requireRoles(
      items.map((one) => ({ role: messageFromItem(one).role })),
      key === undefined ? writableRoles(owner) : ROLES,
      true,
    );

  return [
    route("POST /v1/conversations", {
      id: "openaiCreateConversation",
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
    route("GET /v1/conversations/{conversation_id}", {
      id: "openaiGetConversation",
      summary: "Read a conversation",
      params,
      replies: { 200: { description: "The conversation.", json: conversation } },
      handle: async ({ owner, path }) => conversationOf(await history.getConversation(owner, ownId(path))),
    }),
    route("POST /v1/conversations/{conversation_id}", {
      id: "openaiUpdateConversation",
      summary: "Set a conversation's metadata",
      params,
      body: z.object({ metadata: jsonObject.nullable() }),
      replies: { 200: { description: "The conversation.", json: conversation } },
      handle: async ({ owner, path, body: { metadata } }) =>
        conversationOf(await history.updateConversation(owner, ownId(path), { metadata })),
    }),
    route("DELETE /v1/conversations/{conversation_id}", {
      id: "openaiDeleteConversation",
      summary: "Delete a conversation",
      params,
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
      handle: async ({ owner, path }) => {
        await history.deleteConversation(owner, ownId(path));
        return { id: path.conversation_id, object: "conversation.deleted", deleted: true };
      },
    }),
    route("POST /v1/conversations/{conversation_id}/items", {
      id: "openaiCreateItems",
      summary: "Append items",
      description:
        "All items are stored, or none. End users may write items of `user` only; other roles require a server key.",
      params,
      body: z.object({ items: z.array(itemInput).min(1) }),
      replies: { 200: { description: "The items.", json: itemList } },
      errors: ["idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: async ({ owner, key, path, body, request, arrived }) => {
        requireWritable(owner, key, body.items);
        const ids = stableIds({ history, owner, request, arrived, body });
        const messages = await ids.withIds(body.items.map(messageFromItem));
        const stored = await history.appendMessages(owner, ownId(path), messages);
        return listOf(stored.flatMap(itemsOf), false);
      },
    }),
    route("GET /v1/conversations/{conversation_id}/items", {
      id: "openaiListItems",
      summary: "List items",
      params,
      search: listSearch,
      replies: { 200: { description: "A page.", json: itemList } },
      errors: ["message_not_found"],
      handle: async ({ owner, path, query: { limit = 20, order = "desc", after } }) => {
        const found: Item[] = [];
        for await (const one of walk(history, owner, ownId(path), { order, after, limit })) {
          found.push(one);
          if (found.length > limit) break;
        }
        return listOf(found.slice(0, limit), found.length > limit);
      },
    }),
    route("GET /v1/conversations/{conversation_id}/items/{item_id}", {
      id: "openaiGetItem",
      summary: "Read an item",
      params: itemParams,
      replies: { 200: { description: "The item.", json: itemInput } },
      errors: ["message_not_found"],
      handle: async ({ owner, path }) => {
        const { id, place } = idFromOpenai(path.item_id);
        const found = itemsOf(await history.getMessage(owner, ownId(path), id))[place];
        if (found === undefined) throw noItem();
        return found;
      },
    }),
    route("DELETE /v1/conversations/{conversation_id}/items/{item_id}", {
      id: "openaiDeleteItem",
      summary: "Delete an item",
      description:
        "An item that is part of an answer with several items cannot be deleted alone (409). Delete the whole answer with DELETE /api/conversations/{id}/messages/{message_id}.",
      params: itemParams,
      replies: { 200: { description: "The conversation.", json: conversation } },
      errors: ["message_not_found", "conflict", "turn_in_progress"],
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

/** Yields a conversation's items after a cursor, read in pages. */
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
