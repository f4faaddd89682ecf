import type { Feedback, Json, JsonObject } from "@chatkeep/protocol";

import { list, object, text } from "./foreign.ts";

const RATINGS: ReadonlyMap<Json | undefined, Feedback["rating"]> = new Map<
  Json | undefined,
  Feedback["rating"]
>([
  ["up", "up"],
  ["thumbsUp", "up"],
  ["thumbs_up", "up"],
  [1, "up"],
  ["1", "up"],
  ["down", "down"],
  ["thumbsDown", "down"],
  ["thumbs_down", "down"],
  [-1, "down"],
  ["-1", "down"],
]);

/** The feedback in the fields of a service: its reasons and its words become the comment. `undefined` without a rating. */
export function feedbackOf(given: JsonObject | undefined): Feedback | undefined {
  const rating = RATINGS.get(given?.["rating"]);
  if (given === undefined || rating === undefined) return undefined;
  const tag = given["tag"];
  const reasons = [
    text(given["reason"]),
    text(tag) ?? text(object(tag)?.["label"]),
    ...list(given["tags"]).map(text),
  ];
  const words = text(given["comment"]) ?? text(given["text"]);
  const comment = [reasons.filter(Boolean).join(", "), words].filter(Boolean).join("\n");
  return { rating, comment: comment === "" ? null : Array.from(comment).slice(0, MOST).join("") };
}
/** Characters of a comment. */
const MOST = 10_000;

/** ChatGPT's `message_feedback.json`, by the ids of messages. */
export function readRatings(value: Json, ratings: Map<string, Feedback>): void {
  const given = object(value);
  const id = text(given?.["message_id"]) ?? text(given?.["id"]);
  const feedback = feedbackOf({ ...wordsIn(given?.["content"]), rating: given?.["rating"] ?? null });
  if (id !== undefined && feedback !== undefined && ratings.size < MOST_RATINGS) ratings.set(id, feedback);
}
/** So that they fit in memory. */
const MOST_RATINGS = 100_000;

/** A JSON object in a string. */
function wordsIn(content: Json | undefined): JsonObject {
  try {
    return object(JSON.parse(text(content) ?? "{}") as Json) ?? {};
  } catch {
    return {};
  }
}
