import {
  MESSAGE_STATUSES,
  type MessageQuery,
  ROLES,
  type WireMessage,
  type WireMessageInput,
  type WireMessagePage,
  type WireMessageVersion,
  type WireUsage,
} from "@chatkeep/protocol";
import { z } from "zod";

import { absent, id, integer, parentId, time } from "./field.ts";
import { json, jsonObject } from "./json.ts";
import { citation, part } from "./part.ts";

/** Why an answer failed. */
export const failure: z.ZodType<{ code: string; detail: string }> = z
  .strictObject({ code: z.string(), detail: z.string() })
  .meta({ id: "Failure" });

const tokens = z.int().nullable();
const usage = z
  .strictObject({
    input_tokens: tokens,
    output_tokens: tokens,
    total_tokens: tokens,
    cost: z.number().optional(),
  })
  .meta({ id: "Usage" }) as unknown as z.ZodType<WireUsage>; // zod takes an absent field for one that is undefined

/** A message, as it is given out. */
export const message: z.ZodType<WireMessage> = z
  .strictObject({
    id,
    seq: z.int(),
    conversation_id: id,
    user_id: z.string().nullable(),
    parent_id: z.string().nullable(),
    versions: z.strictObject({ index: z.int(), count: z.int() }),
    turn_id: z.string().nullable(),
    role: z.enum(ROLES),
    status: z.enum(MESSAGE_STATUSES),
    content: z.string(),
    parts: z.array(part),
    tool_calls: json,
    tool_call_id: z.string().nullable(),
    citations: z.array(citation).nullable(),
    context_text: z.string().nullable(),
    intent: z.string().nullable(),
    processed: z.boolean().nullable(),
    model: z.string().nullable(),
    usage: usage.nullable(),
    error: failure.nullable(),
    metadata: jsonObject.nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "Message" });

/** A window of a conversation, as it is given out; `limit` and `offset` are those that were applied. */
export const messagePage: z.ZodType<WireMessagePage & { limit: number; offset: number }> = z
  .strictObject({
    messages: z.array(message),
    total: z.int(),
    limit: z.int(),
    offset: z.int(),
    has_more: z.boolean(),
  })
  .meta({ id: "MessagePage" });

/** Several messages, as they are given out. */
export const messageList: z.ZodType<{ messages: WireMessage[] }> = z.strictObject({
  messages: z.array(message),
});

/** How many messages were deleted. */
export const deleted: z.ZodType<{ deleted: number }> = z.strictObject({ deleted: z.int() });

/** What a caller gives of a message. `null` stands for what is not given, so what was read can be sent. */
const messageInput = z
  .strictObject({
    id: absent(id),
    role: z.enum(ROLES),
    content: absent(z.string()),
    parts: absent(z.array(part)),
    tool_calls: absent(json),
    tool_call_id: absent(z.string()),
    citations: absent(z.array(citation)),
    context_text: z.string().nullish(),
    intent: z.string().nullish(),
    processed: z.boolean().nullish(),
    model: z.string().nullish(),
    usage: usage.nullish(),
    metadata: jsonObject.nullish(),
  })
  .meta({ id: "MessageInput" });

/** Where messages are appended. */
interface AppendPlace {
  parent_id?: string | null | undefined;
  expected_head_id?: string | undefined;
}

const appendPlace = {
  parent_id: parentId,
  expected_head_id: absent(id).meta({
    description: "Append only if this message is the head; otherwise `conflict`.",
  }),
};

/** One message, or several that are stored all or none. */
export const messageBody: z.ZodType<
  (WireMessageInput & AppendPlace) | ({ messages: WireMessageInput[] } & AppendPlace)
> = z.union([
  z.strictObject({ ...messageInput.shape, ...appendPlace }).meta({ id: "NewMessage" }),
  z.strictObject({ messages: z.array(messageInput).min(1).max(1000), ...appendPlace }),
]);

/** Which messages to delete; neither: all. */
export const deletedSearch: z.ZodType<{ ids?: string | undefined; from?: string | undefined }> = z
  .strictObject({
    ids: z
      .string()
      .optional()
      .meta({ description: "Ids separated by commas. All of them are deleted, or none." }),
    from: id.optional().meta({ description: "This message and everything that follows it in any version." }),
  })
  .refine(({ ids, from }) => ids === undefined || from === undefined, "give `ids` or `from`, not both");

/** Which deleted messages to restore. */
export const restoreBody: z.ZodType<{ ids: string[] }> = z.strictObject({
  ids: z.array(id).min(1).max(1000),
});

/** How many messages were restored. */
export const restored: z.ZodType<{ restored: number }> = z.strictObject({ restored: z.int() });

/** The versions of a message, as they are given out. */
export const versionList: z.ZodType<{ versions: WireMessageVersion[] }> = z.strictObject({
  versions: z.array(
    z
      .strictObject({
        id: z.string(),
        role: z.enum(ROLES),
        preview: z.string().nullable(),
        created_at: time,
      })
      .meta({ id: "MessageVersion" }),
  ),
});

/** Which messages to page. */
export const messageSearch: z.ZodType<MessageQuery> = z.strictObject({
  leaf: id.optional().meta({ description: "The last message of the branch to list. Default: the head." }),
  branches: z.literal("all").optional().meta({
    description: "List all branches in order of arrival, with `before` or `after`, without `leaf`.",
  }),
  limit: integer(1, 100).optional().meta({ description: "Default 50." }),
  before: integer(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: "The latest messages with a smaller `seq`." }),
  after: integer(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: "The earliest messages with a greater `seq`." }),
  around: integer(0, 1_000_000_000_000)
    .optional()
    .meta({ description: "A page with this `seq` in the middle." }),
  offset: integer(0, 1_000_000_000)
    .optional()
    .meta({ description: "How many of the newest to skip. Default 0." }),
});
