import type { Json, JsonObject } from "@chatkeep/protocol";
import { z } from "zod";

const TOO_LARGE = "holds a number that is too large to be kept as it is: send it as a string";

/** Any JSON value, passed through as it was read: not rebuilt, so that no key and no order is lost. */
export const json: z.ZodType<Json> = z
  .custom<Json>((value) => value !== undefined && isFiniteJson(value as Json), TOO_LARGE)
  .meta({ description: "Any JSON value." });

/** Any JSON object, passed through as it was read. */
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

/** `JSON.parse` reads 1e400 as Infinity, which would be given back as `null`. */
function isFiniteJson(value: Json): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return (Array.isArray(value) ? value : Object.values(value)).every(isFiniteJson);
}
