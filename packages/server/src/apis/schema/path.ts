import { z } from "zod";

import { id } from "./field.ts";

/** The path of a conversation. */
export const conversationPath: z.ZodType<{ conversation_id: string }> = z.strictObject({
  conversation_id: id,
});

/** The path of a message. */
export const messagePath: z.ZodType<{ conversation_id: string; message_id: string }> = z.strictObject({
  conversation_id: id,
  message_id: id,
});

/** The path of a turn. */
export const turnPath: z.ZodType<{ conversation_id: string; turn_id: string }> = z.strictObject({
  conversation_id: id,
  turn_id: id,
});

/** The path of a document, which may hold slashes. */
export const documentPath: z.ZodType<{ path: string }> = z.strictObject({ path: z.string() });
