import { hash as digest, randomUUID } from "node:crypto";

import {
  ChatkeepError,
  type Feedback,
  JSON_BOUNDS,
  type JsonObject,
  type MessageInput,
  type MessageStatus,
  type Owner,
  type Part,
  ROLES,
  boundJson,
  contentOf,
  isSessionId,
  partFault,
  toolCallParts,
} from "@chatkeep/protocol";

import type { Limits } from "./maintenance/limits.ts";

/**
 * Derives the id of an owner's rows: a UUID (version 8, RFC 9562) from SHA-256 over the kind and the issuer with the
 * subject, or the session's secret. The secret is never stored, and no query is needed to identify an owner.
 *
 * Errors: `invalid_request` when a session id is not a UUID v4 or a user has no subject.
 */
export function ownerId(owner: Owner): string {
  const known = derived.get(owner);
  const issuer = owner.kind === "user" ? (owner.issuer ?? "") : "";
  // The caller may have changed the object since.
  if (known?.kind === owner.kind && known.id === owner.id && known.issuer === issuer) return known.ownerId;
  const made = derive(owner);
  derived.set(owner, { kind: owner.kind, id: owner.id, issuer, ownerId: made });
  return made;
}

/** Caches ids: a request needs its owner's id several times, at 8 µs each. */
const derived = new WeakMap<Owner, { kind: string; id: string; issuer: string; ownerId: string }>();

/** What is stored of an owner with a running turn, so that another node can call its responder: no secret. */
export function askerOf(owner: Owner): JsonObject {
  return owner.kind === "user" ? { ...owner } : { kind: "session" };
}

/**
 * The owner of these rows, from {@link askerOf}. The `id` of a session is that of its rows, since its secret is not
 * stored: only this object is accepted as the session, and no copy of it.
 */
export function ownerFrom(asker: JsonObject, id: string): Owner {
  const owner = asker["kind"] === "user" ? (asker as unknown as Owner) : ({ kind: "session", id } as const);
  if (owner.kind === "session") derived.set(owner, { kind: "session", id, issuer: "", ownerId: id });
  return owner;
}

function derive(owner: Owner): string {
  if (owner.kind === "session" && !isSessionId(owner.id)) {
    throw new ChatkeepError("invalid_request", "The session id has to be a UUID v4.", {
      pointer: "X-Session-ID",
    });
  }
  if (owner.kind === "user" && owner.id === "") {
    throw new ChatkeepError("invalid_request", "The user has no id.");
  }
  // As JSON, so that no two owners have equal text, whatever their names hold.
  const name =
    owner.kind === "user" ? ["user", owner.issuer ?? "", owner.id] : ["session", owner.id.toLowerCase()];
  const hash = digest("sha256", JSON.stringify(name), "buffer").subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** An id of a client: printable ASCII without a space, so that it fits a key and, percent-encoded, a path. */
const ID = /^[!-~]{1,128}$/;
/** URL parsers remove these two from every path, even percent-encoded. */
const NO_PATH = new Set([".", ".."]);

/** Checks an id. Errors: `invalid_request`. */
export function checkId(id: string, pointer: string): void {
  if (!ID.test(id) || NO_PATH.has(id)) {
    throw new ChatkeepError(
      "invalid_request",
      "An id has 1 to 128 printable ASCII characters and no space.",
      { pointer },
    );
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether it is a UUID as this library makes them. PostgreSQL would refuse another form as a syntax error. */
export function isUuid(id: unknown): boolean {
  return typeof id === "string" && UUID.test(id);
}

/** When something was made elsewhere: not in the future. `null` if it is not told. Errors: `invalid_request`. */
export function checkTime(value: string | null | undefined, pointer: string): string | null {
  if (value === undefined || value === null) return null;
  // A day ahead, for clocks that are wrong.
  return checkInstant(value, pointer, Date.now() + 86_400_000);
}

/** An ISO 8601 instant, in UTC. Errors: `invalid_request`. */
export function checkInstant(value: string, pointer: string, latest: number = LATEST): string {
  const time = typeof value === "string" && ISO.test(value) ? Date.parse(value) : NaN;
  if (time >= EARLIEST && time <= latest) return new Date(time).toISOString();
  const until = latest === LATEST ? "" : ", not in the future";
  const detail = `A time is an ISO 8601 instant such as 2026-11-20T09:14:36Z${until}.`;
  throw new ChatkeepError("invalid_request", detail, { pointer });
}
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
const EARLIEST = Date.parse("0001-01-01T00:00:00Z");
/** JavaScript writes later years with a sign, which PostgreSQL refuses. */
const LATEST = Date.parse("9999-12-31T23:59:59.999Z");

/** Checks an integer within bounds; `undefined` gives the default. Errors: `invalid_request`. */
export function checkRange(
  value: number | undefined,
  name: string,
  low: number,
  high: number,
  otherwise: number,
): number {
  if (value === undefined) return otherwise;
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ChatkeepError("invalid_request", `\`${name}\` must be a whole number from ${low} to ${high}.`, {
      pointer: name,
    });
  }
  return value;
}

/** Checks the length of a text in code points. Errors: `invalid_request`. */
export function checkLength(text: string | null | undefined, pointer: string, most: number): void {
  // A code point has one or two UTF-16 units: only lengths between need counting.
  if (text === null || text === undefined || text.length <= most) return;
  if (text.length <= 2 * most && Array.from(text).length <= most) return;
  const detail = `${pointer} must have at most ${most} characters.`;
  throw new ChatkeepError("invalid_request", detail, { pointer });
}

/**
 * Copies a value to plain JSON, so that the checked value is the stored one. Errors: `invalid_request` for a value that is
 * not JSON, is nested too deep, or holds too many values.
 */
export function plainJson<T extends object | null | undefined>(value: T, pointer: string): T {
  if (value === null || value === undefined) return value;
  const { json, fault } = boundJson(value, { ...JSON_BOUNDS, length: Number.POSITIVE_INFINITY });
  if (fault !== undefined) throw new ChatkeepError("invalid_request", `${pointer} ${fault}.`, { pointer });
  return json as T;
}

/** Checks the size of JSON in bytes of UTF-8. Errors: `payload_too_large`. */
export function checkBytes(value: object | null | undefined, pointer: string, most: number): void {
  if (value === null || value === undefined) return;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > most) {
    throw new ChatkeepError(
      "payload_too_large",
      `${pointer} has ${bytes} bytes; at most ${most} are taken.`,
      { pointer },
    );
  }
}

/** Checks a title. Errors: `invalid_request` for a blank or long one. */
export function checkTitle(title: string | null): void {
  if (title?.trim() === "") {
    throw new ChatkeepError("invalid_request", "A title cannot be blank; null resets it.", {
      pointer: "/title",
    });
  }
  checkLength(title, "/title", 500);
}

/** Checks feedback. A blank comment is none. Errors: `invalid_request`. */
export function checkFeedback({ rating, comment }: Feedback): Feedback {
  if (rating !== "up" && rating !== "down") {
    throw new ChatkeepError("invalid_request", "`rating` must be `up` or `down`.", { pointer: "/rating" });
  }
  checkLength(comment, "/comment", 10_000);
  return { rating, comment: comment?.trim() === "" ? null : comment };
}

/** Maximum tags of a conversation. */
export const MOST_TAGS = 50;

/** Checks tags, and drops repeated ones. Errors: `invalid_request`. */
export function checkTags(tags: readonly string[]): string[] {
  const checked = [...new Set(tags.map((tag) => checkTag(tag, "/tags")))];
  if (checked.length <= MOST_TAGS) return checked;
  throw new ChatkeepError("invalid_request", `A conversation has at most ${MOST_TAGS} tags.`, {
    pointer: "/tags",
  });
}

/** Checks a tag. Errors: `invalid_request` for a blank or long one. */
export function checkTag(tag: string, pointer: string): string {
  if (tag.trim() === "") {
    throw new ChatkeepError("invalid_request", "A tag cannot be blank.", { pointer });
  }
  checkLength(tag, pointer, 100);
  return tag;
}

/** Maximum characters of a title, a scope or a model's name. */
const NAME = 500;

const CUT_OFF: readonly MessageStatus[] = ["stopped", "interrupted", "failed"];

/** A message that passed all checks, with its id and parts. */
export type CheckedMessage = MessageInput & { readonly id: string; readonly parts: readonly Part[] };

/** Checks a message and builds its parts. Errors: `invalid_request`, `payload_too_large`. */
export function checkMessage(input: MessageInput, limits: Limits, at = ""): CheckedMessage {
  const refuse = (detail: string, pointer: string): never => {
    throw new ChatkeepError("invalid_request", detail, { pointer: at + pointer });
  };
  if (input.id !== undefined) checkId(input.id, `${at}/id`);
  if (!ROLES.includes(input.role)) refuse(`A role is one of ${ROLES.join(", ")}.`, "/role");
  const short = [input.content, input.toolCalls, input.toolCallId, input.citations].some(
    (value) => value !== undefined,
  );
  if (input.parts !== undefined && short) {
    refuse("Give either parts, or content with tool_calls, tool_call_id and citations.", "/parts");
  }
  const pointer = input.parts === undefined ? "/content" : "/parts";
  const parts = plainJson(input.parts ?? partsOf(input), at + pointer);
  const metadata = plainJson(input.metadata, `${at}/metadata`);
  const { status } = input;
  const isCutOff = status !== undefined && status !== null && status !== "complete";
  if (isCutOff && (!CUT_OFF.includes(status) || input.role !== "assistant"))
    refuse(`Only an answer has a status: complete, ${CUT_OFF.join(", ")}.`, "/status");
  if (!Array.isArray(parts) || (parts.length === 0 && !isCutOff))
    refuse("A message cannot be empty.", pointer);
  for (const [place, part] of parts.entries()) {
    const fault = partFault(part);
    if (fault !== undefined) refuse(`${at}${pointer}/${place} ${fault}.`, pointer);
  }
  if (input.role === "user") {
    const text = contentOf(parts);
    if (text.trim() === "" && !parts.some((part) => part.type !== "text" && part.type !== "reasoning")) {
      refuse("A message cannot be blank.", pointer);
    }
    // What was written elsewhere may be longer than what may be asked here.
    if ((input.createdAt ?? null) === null) checkLength(text, at + pointer, limits.userText);
  }
  checkLength(input.contextText, `${at}/context_text`, limits.userText);
  checkLength(input.intent, `${at}/intent`, NAME);
  const error = plainJson(input.error, `${at}/error`);
  checkBytes(error, `${at}/error`, limits.metadataBytes);
  checkLength(input.model, `${at}/model`, NAME);
  checkBytes(parts, `${at}/parts`, limits.messageBytes);
  checkBytes(metadata, `${at}/metadata`, limits.metadataBytes);
  const createdAt = checkTime(input.createdAt, `${at}/created_at`);
  return { ...input, id: input.id ?? randomUUID(), parts, metadata, error, createdAt };
}

/** Builds parts from the shorthands. */
function partsOf(input: MessageInput): Part[] {
  const { content = "", toolCalls, toolCallId, citations } = input;
  if (input.role === "tool" && toolCallId !== undefined) {
    return [{ type: "tool-result", id: toolCallId, result: content }];
  }
  const parts: Part[] = content === "" ? [] : [{ type: "text", text: content }];
  if (toolCalls !== undefined && toolCalls !== null) parts.push(...toolCallParts(toolCalls));
  for (const citation of citations ?? []) parts.push({ type: "citation", citation });
  return parts;
}
