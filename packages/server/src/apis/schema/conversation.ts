import type {
  ConversationPatch,
  JsonObject,
  WireConversation,
  WireConversationPage,
} from "@chatkeep/protocol";
import { z } from "zod";

import { flag, id, integer, scope, time } from "./field.ts";
import { jsonObject } from "./json.ts";

/** The fields of a conversation, as it is given out. */
export const conversationFields: { [K in keyof WireConversation]: z.ZodType<WireConversation[K]> } = {
  id,
  user_id: z.string().nullable(),
  scope: z.string().nullable(),
  scope_label: z.string().nullable(),
  is_default: z.boolean(),
  title: z.string().nullable(),
  pinned_at: time.nullable(),
  archived_at: time.nullable(),
  message_count: z.int(),
  head_id: z.string().nullable(),
  running_turn: z.string().nullable(),
  preview: z.string().nullable(),
  metadata: jsonObject.nullable(),
  created_at: time,
  updated_at: time,
};

/** A conversation, as it is given out. */
export const conversation: z.ZodType<WireConversation> = z
  .strictObject(conversationFields)
  .meta({ id: "Conversation" });

/** A page of conversations, as it is given out; `limit` and `offset` are those that were applied. */
export const conversationPage: z.ZodType<WireConversationPage & { limit: number; offset: number }> = z
  .strictObject({
    conversations: z.array(conversation),
    total: z.int().nullable(),
    limit: z.int(),
    offset: z.int(),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: "ConversationPage" });

/** What a caller gives of a new conversation, as JSON on the wire. */
export interface ConversationBody {
  id?: string | undefined;
  scope?: string | null | undefined;
  scope_label?: string | null | undefined;
  title?: string | null | undefined;
  metadata?: JsonObject | null | undefined;
  reuse?: "latest" | undefined;
}

/** What a caller gives of a new conversation. */
export const conversationBody: z.ZodType<ConversationBody> = z
  .strictObject({
    id: id.optional(),
    scope: z.string().nullish(),
    scope_label: z.string().nullish(),
    title: z.string().nullish(),
    metadata: jsonObject.nullish(),
    reuse: z.literal("latest").optional(),
  })
  .meta({ id: "NewConversation" });

/** What can be changed of a conversation. */
export const conversationPatch: z.ZodType<ConversationPatch & { head_id?: string | undefined }> = z
  .strictObject({
    head_id: id.optional().meta({
      description: "Sets the head to the latest leaf below this message, or to the message itself.",
    }),
    title: z.string().nullish(),
    pinned: z.boolean().optional(),
    archived: z.boolean().optional(),
    metadata: jsonObject.nullish(),
  })
  .meta({ id: "ConversationPatch" });

/** What a fork is made with. */
export const forkBody: z.ZodType<{
  message_id: string;
  id?: string | undefined;
  title?: string | null | undefined;
}> = z
  .strictObject({
    message_id: id.meta({ description: "The last message to copy." }),
    id: id.optional(),
    title: z.string().nullish(),
  })
  .meta({ id: "Fork" });

/** Which conversations to list. */
export interface ConversationSearch {
  limit?: number | undefined;
  cursor?: string | undefined;
  offset?: number | undefined;
  scope?: string | undefined;
  archived?: boolean | undefined;
  sort?: "created_at" | "updated_at" | undefined;
  order?: "asc" | "desc" | undefined;
}

/** Which conversations to list. */
export const conversationSearch: z.ZodType<ConversationSearch> = z.strictObject({
  limit: integer(1, 100).optional().meta({ description: "Default 20." }),
  cursor: z.string().optional().meta({ description: "The `next_cursor` of the previous page." }),
  offset: integer(0, 1_000_000_000).optional().meta({ description: "How many to skip. Default 0." }),
  scope: scope.optional(),
  archived: flag.optional().meta({ description: "Default `false`: archived conversations are left out." }),
  sort: z.enum(["created_at", "updated_at"]).optional().meta({ description: "Default `updated_at`." }),
  order: z.enum(["asc", "desc"]).optional().meta({ description: "Default `desc`." }),
});
