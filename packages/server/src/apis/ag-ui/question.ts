import { isDeepStrictEqual } from "node:util";

import type { JsonObject, Message, Part } from "@chatkeep/protocol";

type Content = string | readonly JsonObject[];

/** A message of a person, without what its parts hold: the fields beside its content, and those of each piece of it. */
interface Rest {
  readonly fields?: JsonObject;
  readonly pieces?: readonly JsonObject[];
}

/** The data part that keeps the rest of a message. It is there only if the other parts do not give the message back. */
const REST = "ag-ui-message";
/** A piece of content that no other part can hold. */
const PIECE = "ag-ui-part";

/** The parts of a person's message. {@link questionOf} gives back an equal message. */
export function partsOf(message: {
  readonly id: string;
  readonly role: string;
  readonly content?: unknown;
}): Part[] {
  const { id: _, role: _role, content: given = "", ...fields } = message;
  const content = (typeof given === "string" || Array.isArray(given) ? given : []) as Content;
  const parts = typeof content === "string" ? [textPart(content)] : content.map(partOf);
  const back = contentOf(parts, textOf(parts));
  const rest: Rest = {
    ...(Object.keys(fields).length > 0 && { fields }),
    ...(typeof content !== "string" &&
      !isDeepStrictEqual(back, content) && { pieces: content.map(outlineOf) }),
  };
  return Object.keys(rest).length === 0
    ? parts
    : [...parts, { type: "data", name: REST, data: { ...rest } as JsonObject }];
}

/** The content of a stored message, and the fields that its client gave. */
export function questionOf({ content, parts }: Pick<Message, "content" | "parts">): JsonObject {
  const held = parts.filter((part) => !isRest(part));
  const { fields, pieces } = (parts.find(isRest)?.data ?? {}) as Rest;
  const filled =
    pieces?.length === held.length ? pieces.map((piece, at) => fill(piece, held[at]!)) : undefined;
  return { ...fields, content: filled ?? contentOf(held, content) };
}

function isRest(part: Part): part is Part & { type: "data" } {
  return part.type === "data" && part.name === REST;
}

function isPiece(part: Part): part is Part & { type: "data" } {
  return part.type === "data" && part.name === PIECE;
}

function textPart(text: string): Part {
  return { type: "text", text };
}

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function partOf(piece: JsonObject): Part {
  const { type, text, source } = piece;
  if (type === "text" && typeof text === "string") return textPart(text);
  const { type: kind, value, mimeType } = (source ?? {}) as JsonObject;
  const mime = typeof mimeType === "string" ? mimeType : "application/octet-stream";
  if (typeof value === "string" && (kind === "data" || kind === "url"))
    return { type: "file", url: kind === "data" ? `data:${mime};base64,${value}` : value, mime };
  return { type: "data", name: PIECE, data: piece };
}

/** Text, or pieces where a person sent something else. */
function contentOf(parts: readonly Part[], text: string): string | JsonObject[] {
  if (!parts.some((part) => part.type === "file" || isPiece(part))) return text;
  return parts.flatMap((part): JsonObject[] => {
    if (part.type === "text") return [{ type: "text", text: part.text }];
    if (isPiece(part)) return [part.data as JsonObject];
    if (part.type !== "file") return [];
    const [, kind = "document"] = /^(image|audio|video)\//.exec(part.mime) ?? [];
    const data = dataOf(part.url);
    const source = data === undefined ? { type: "url", value: part.url } : { type: "data", value: data };
    return [{ type: kind, source: { ...source, mimeType: part.mime } }];
  });
}

function dataOf(url: string): string | undefined {
  return /^data:[^,]*;base64,(.*)$/s.exec(url)?.[1];
}

/** A piece without its text or bytes. */
function outlineOf(piece: JsonObject): JsonObject {
  const part = partOf(piece);
  if (part.type === "data") return {};
  const { text: _, source, ...outline } = piece;
  if (part.type === "text") return outline;
  const { value: _value, ...origin } = source as JsonObject;
  return { ...outline, source: origin };
}

function fill(outline: JsonObject, part: Part): JsonObject {
  if (part.type === "text") return { ...outline, text: part.text };
  if (part.type === "data") return part.data as JsonObject;
  if (part.type !== "file") return outline;
  const source = outline["source"] as JsonObject;
  return { ...outline, source: { ...source, value: dataOf(part.url) ?? part.url } };
}
