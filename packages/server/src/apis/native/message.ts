import {
  type Citation,
  type Feedback,
  MESSAGE_STATUSES,
  type Part,
  ROLES,
  type WireMessage,
  type WireUsage,
} from "@chatkeep/protocol";
import { z } from "zod";

import { id, json, jsonObject, time } from "../../http/fields.ts";

const text = z.string();
const orNull = text.nullish().transform((value) => value ?? null);

/** A citation. Absent optional fields become `null`. */
export const citation: z.ZodType<Citation> = z
  .strictObject({
    path: text,
    chapter: text,
    section: orNull,
    anchor: orNull,
    quote: orNull,
    score: z
      .number()
      .nullish()
      .transform((value) => value ?? null),
    url: orNull,
  })
  .meta({ id: "Citation" });

const metadata = z.record(text, jsonObject).exactOptional().meta({
  description: "By provider: signatures and ids, sent back to that provider only.",
});
const ui = jsonObject.exactOptional().meta({ description: "Further fields of the AI SDK's part." });
const attached = { metadata, ui };
const optionalText = text.exactOptional();
const optionalFlag = z.boolean().exactOptional();

/** A part of a message. */
export const part: z.ZodType<Part> = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text"), text, ...attached }),
    z.strictObject({ type: z.literal("reasoning"), text, ...attached }),
    z.strictObject({
      type: z.literal("tool-call"),
      id: text,
      name: text,
      arguments: text,
      executor: z.literal("provider").exactOptional(),
      dynamic: optionalFlag,
      title: optionalText,
      ...attached,
    }),
    z.strictObject({
      type: z.literal("tool-result"),
      id: text,
      result: json,
      error: optionalFlag,
      denied: optionalFlag,
      preliminary: optionalFlag,
      ...attached,
    }),
    z.strictObject({
      type: z.literal("approval-request"),
      id: text,
      call: text,
      reason: optionalText,
      automatic: optionalFlag,
      signature: optionalText,
      ui,
    }),
    z.strictObject({ type: z.literal("approval"), id: text, approved: z.boolean(), reason: optionalText }),
    z.strictObject({ type: z.literal("citation"), citation }),
    z.strictObject({
      type: z.literal("source"),
      id: text,
      url: optionalText,
      mime: optionalText,
      title: optionalText,
      name: optionalText,
      metadata,
    }),
    z.strictObject({
      type: z.literal("file"),
      url: text,
      mime: text,
      name: optionalText,
      file: optionalText,
      size: z.int().exactOptional(),
      sha256: optionalText,
      ...attached,
    }),
    z.strictObject({ type: z.literal("data"), name: text, data: json, id: optionalText }),
    z.strictObject({ type: z.literal("step") }),
  ])
  .meta({ id: "Part" });

/** The error of an answer. */
export const failure: z.ZodType<{ code: string; detail: string }> = z
  .strictObject({ code: text, detail: text })
  .meta({ id: "Failure" });

const tokens = z.int().nullable();

/** The usage of an answer. */
export const usage: z.ZodType<WireUsage> = z
  .strictObject({
    input_tokens: tokens,
    output_tokens: tokens,
    total_tokens: tokens,
    cached_tokens: z
      .int()
      .exactOptional()
      .meta({ description: "Those of the input tokens that the provider had cached." }),
    reasoning_tokens: z
      .int()
      .exactOptional()
      .meta({ description: "Those of the output tokens that are reasoning." }),
    cost: z.number().exactOptional(),
  })
  .meta({ id: "Usage" });

/** A person's feedback on an answer. */
export const feedback: z.ZodType<Feedback> = z
  .strictObject({
    rating: z.enum(["up", "down"]),
    comment: orNull.meta({ description: "At most 10,000 characters." }),
  })
  .meta({ id: "Feedback" });

/** A message. */
export const message: z.ZodType<WireMessage> = z
  .strictObject({
    id,
    seq: z.int(),
    conversation_id: id,
    user_id: text.nullable(),
    parent_id: text.nullable(),
    versions: z.strictObject({ index: z.int(), count: z.int() }),
    turn_id: text.nullable(),
    role: z.enum(ROLES),
    status: z.enum(MESSAGE_STATUSES),
    content: text,
    parts: z.array(part),
    tool_calls: json,
    tool_call_id: text.nullable(),
    citations: z.array(citation).nullable(),
    context_text: text.nullable(),
    intent: text.nullable(),
    processed: z.boolean().nullable(),
    model: text.nullable(),
    usage: usage.nullable(),
    error: failure.nullable(),
    metadata: jsonObject.nullable(),
    feedback: feedback.nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: "Message" });

/** The message that a new one follows. */
export const parentId: z.ZodType<string | null | undefined> = id.nullish().meta({
  description:
    "The message that this one follows: `null` for the beginning; default the head. With the parent of an earlier " +
    "message it becomes a version of that message.",
});
