import type { Citation, Part } from "@chatkeep/protocol";
import { z } from "zod";

import { json } from "./json.ts";

const text = z.string();
const orNull = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

/** A citation; what is left out of an optional field is `null`. */
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

/** A piece of a message. */
export const part: z.ZodType<Part> = z
  .discriminatedUnion("type", [
    z.strictObject({ type: z.literal("text"), text }),
    z.strictObject({ type: z.literal("reasoning"), text }),
    z.strictObject({ type: z.literal("tool-call"), id: text, name: text, arguments: text }),
    z.strictObject({
      type: z.literal("tool-result"),
      id: text,
      result: json,
      error: z.boolean().exactOptional(),
    }),
    z.strictObject({ type: z.literal("citation"), citation }),
    z.strictObject({ type: z.literal("file"), url: text, mime: text, name: text.exactOptional() }),
    z.strictObject({ type: z.literal("data"), name: text, data: json, id: text.exactOptional() }),
  ])
  .meta({ id: "Part" });
