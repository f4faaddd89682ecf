import { queryTextFromWire } from "@chatkeep/protocol";
import { z } from "zod";

/**
 * An id of a conversation or message: 1 to 128 printable ASCII characters without a space. `.` and `..`
 * are refused because no URL can hold them as a segment (WHATWG URL, "double-dot path segment").
 */
export const id: z.ZodType<string> = z
  .string()
  .regex(/^(?!\.{1,2}$)[\x21-\x7e]{1,128}$/, "must be 1 to 128 printable ASCII characters without a space")
  .meta({ description: "Opaque; the owner's own.", examples: ["0f8b1c9e-6d0e-4b7e-9d60-0a4c6b7a2f10"] });

/** The message that what is said follows. */
export const parentId: z.ZodType<string | null | undefined> = id.nullish().meta({
  description:
    "The message that this one follows; `null` for the beginning; default: the head. With the parent of an earlier " +
    "message it is a new version of that.",
});

/** A date and time for people to read: ISO 8601, milliseconds, UTC. */
export const time: z.ZodType<string> = z
  .string()
  .meta({ format: "date-time", examples: ["2026-11-20T09:14:36.120Z"] });

/** A whole number from `min` to `max` in a query string or header: digits only. */
export function integer(min: number, max: number): z.ZodType<number> {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.preprocess(
    (value) => (typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value),
    z.int({ error }).min(min, error).max(max, error),
  );
}

/** Any text in a query string. */
export const queryText: z.ZodType<string> = z
  .preprocess((value) => (typeof value === "string" ? queryTextFromWire(value) : value), z.string())
  .meta({
    description: "A lone surrogate, which UTF-8 cannot hold, is written as U+FDD0 and four hex digits.",
  });

/** A scope in a query string. */
export const scope: z.ZodType<string> = z
  .preprocess((value) => (typeof value === "string" ? queryTextFromWire(value) : value), z.string())
  .meta({
    description: "A lone surrogate, which UTF-8 cannot hold, is written as U+FDD0 and four hex digits.",
  });

/** `true` or `false` in a query string. */
export const flag: z.ZodType<boolean> = z.preprocess(
  (value) => (value === "true" ? true : value === "false" ? false : value),
  z.boolean({ error: "must be `true` or `false`" }),
);

/** A field whose `null` means that it is not given, as in the bodies that we give out. */
export function absent<T>(schema: z.ZodType<T>): z.ZodType<T | undefined, T | null | undefined> {
  return schema.nullish().transform((value) => value ?? undefined) as z.ZodType<
    T | undefined,
    T | null | undefined
  >;
}
