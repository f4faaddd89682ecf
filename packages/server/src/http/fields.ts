import {
  JSON_BOUNDS,
  type Json,
  type JsonObject,
  type Question,
  WHEN_BUSY,
  isNestedTooDeep,
  queryTextFromWire,
  tooDeep,
} from "@chatkeep/protocol";
import { z } from "zod";

/** An id of a conversation, message or turn. URL parsers resolve `.` and `..`, so no path can hold them. */
export const id: z.ZodType<string> = z
  .string()
  .regex(/^(?!\.{1,2}$)[\x21-\x7e]{1,128}$/, "must be 1 to 128 printable ASCII characters without a space")
  .meta({ description: "An opaque id.", examples: ["0f8b1c9e-6d0e-4b7e-9d60-0a4c6b7a2f10"] });

/** ISO 8601 with milliseconds, in UTC. */
export const time: z.ZodType<string> = z
  .string()
  .meta({ format: "date-time", examples: ["2026-11-20T09:14:36.120Z"] });

/** A whole number from `min` to `max` in a query string or header. */
export function integer(min: number, max: number): z.ZodType<number> {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.preprocess(
    (value) => (typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value),
    z.int({ error }).min(min, error).max(max, error),
  );
}

/** The limit of a page. */
export function pageLimit(most: number, standard: number): z.ZodType<number | undefined> {
  return integer(1, most)
    .optional()
    .meta({ description: `Default ${standard}.` });
}

/** The cursor of a page. */
export const cursor: z.ZodType<string | undefined> = z
  .string()
  .optional()
  .meta({ description: "The `next_cursor` of the previous page." });

/** Any text in a query string. */
export const queryText: z.ZodType<string> = z
  .preprocess((value) => (typeof value === "string" ? queryTextFromWire(value) : value), z.string())
  .meta({
    description: "Write a lone surrogate, which UTF-8 cannot hold, as U+FDD0 and four hex digits.",
  });

/** `true` or `false` in a query string. */
export const flag: z.ZodType<boolean> = z.preprocess(
  (value) => (value === "true" ? true : value === "false" ? false : value),
  z.boolean({ error: "must be `true` or `false`" }),
);

/** Any JSON value. It is not rebuilt, so that no key and no order is lost. */
export const json: z.ZodType<Json> = z
  .custom<Json>(
    (value) => value !== undefined && isFiniteJson(value as Json),
    "holds a number that is too large to be stored exactly: send it as a string",
  )
  .meta({ description: "Any JSON value." });

/** Any JSON object. It is not rebuilt. */
export const jsonObject: z.ZodType<JsonObject> = z
  .custom<JsonObject>(
    (value) =>
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      isFiniteJson(value as JsonObject),
    "must be a JSON object",
  )
  .meta({ type: "object", additionalProperties: true, description: "Any JSON object." });

/** The field of every API for a question that arrives while another turn runs. */
export const whenBusy: z.ZodType<Question["whenBusy"] | null> = z
  .enum(WHEN_BUSY)
  .nullish()
  .meta({
    description:
      "While an answer is given: `reject` (default) is `turn_in_progress`; `queue` stores the question and answers it " +
      "after that one; `steer` answers it before those that are queued, and the responder may end its answer for it.",
  });

/** A JSON object in a query string. */
export const jsonText: z.ZodType<JsonObject> = z.preprocess((value, { addIssue }) => {
  const text = value as string;
  if (isNestedTooDeep(text)) {
    addIssue({ code: "custom", message: tooDeep(JSON_BOUNDS.depth) });
    return z.NEVER;
  }
  try {
    return JSON.parse(text);
  } catch {
    return value;
  }
}, jsonObject);

/** `JSON.parse` reads 1e400 as Infinity, which JSON writes as `null`. */
function isFiniteJson(value: Json): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return (Array.isArray(value) ? value : Object.values(value)).every(isFiniteJson);
}
