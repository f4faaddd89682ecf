import type { Feedback, Json, JsonObject, Message, Part, Role } from "@chatkeep/protocol";

/** A conversation of another service, as a reader of its format gives it. */
export interface ForeignConversation {
  /** Of the service. */
  readonly id: string;
  readonly title: string | null;
  readonly createdAt: string | null;
  readonly pinned?: boolean;
  readonly archived?: boolean;
  readonly scope?: string | null;
  readonly scopeLabel?: string | null;
  readonly tags?: readonly string[];
  /** The id of the last message of the branch that was shown. */
  readonly head: string | null;
  /** What has no place of its own. */
  readonly rest?: JsonObject | undefined;
  /** The metadata of our own export. */
  readonly own?: JsonObject | undefined;
  /** In any order; those without a known parent begin the conversation. */
  readonly messages: readonly ForeignMessage[];
}

/** A message of another service. */
export interface ForeignMessage {
  readonly id: string;
  readonly parent: string | null;
  readonly role: Role;
  readonly parts: readonly (Part | Attachment)[];
  readonly createdAt: string | null;
  readonly model?: string | null;
  readonly status?: Exclude<Message["status"], "streaming">;
  readonly rest?: JsonObject | undefined;
  readonly feedback?: Feedback | undefined;
  /** The fields that only our own export has. */
  readonly own?: Partial<
    Pick<Message, "contextText" | "intent" | "processed" | "usage" | "error" | "metadata">
  >;
}

/** A file that a message refers to, and that the archive may hold. */
export interface Attachment {
  readonly type: "attachment";
  /** Its id or its path; files of an archive are found by either. */
  readonly key: string;
  readonly name?: string | undefined;
  readonly mime?: string | undefined;
  /** The part of our own export that named it. */
  readonly part?: FilePart | undefined;
}

type FilePart = Extract<Part, { type: "file" }>;

/** Reads one format. */
export interface Reader {
  /** The service, for people. */
  readonly name: string;
  /** The name in ids and in `metadata.imported`. */
  readonly key: string;
  /**
   * The conversation in a value of a file; `undefined` if the value is of another format. `ratings`: those that the archive
   * has in a file of their own, by the ids of messages.
   */
  read(value: JsonObject, ratings: ReadonlyMap<string, Feedback>): ForeignConversation | undefined;
}

export function object(value: Json | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

export function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A time in seconds, in milliseconds or as ISO 8601; `null` for anything that is none. */
export function time(value: Json | undefined): string | null {
  const milliseconds =
    typeof value === "number"
      ? Math.abs(value) < 1e11
        ? value * 1000
        : value
      : Date.parse(text(value) ?? "");
  if (!Number.isFinite(milliseconds) || Math.abs(milliseconds) > 8.64e15) return null;
  const year = new Date(milliseconds).getUTCFullYear();
  return year >= 1 && milliseconds <= Date.now() ? new Date(milliseconds).toISOString() : null;
}

/** `fields` without those that are undefined; undefined when none is left. */
export function rest(fields: { readonly [name: string]: Json | undefined }): JsonObject | undefined {
  const given = Object.entries(fields).filter(
    (field): field is [string, Json] => field[1] !== undefined && field[1] !== null,
  );
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

export function textParts(value: string | undefined): Part[] {
  return value === undefined ? [] : [{ type: "text", text: value }];
}

/** What names a conversation without an id: so that the same file gives the same one. */
export function nameOf(...values: readonly (Json | undefined)[]): string {
  return JSON.stringify(values);
}

/** The attached files of a list; `read` names one. */
export function attachmentsOf(
  files: Json | undefined,
  read: (file: JsonObject) => Omit<Attachment, "type" | "key"> & { readonly key: string | undefined },
): Attachment[] {
  return list(files).flatMap((one) => {
    const { key, ...named } = read(object(one) ?? {});
    return key === undefined ? [] : [{ type: "attachment", key, ...named }];
  });
}
