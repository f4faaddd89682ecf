import { setImmediate as afterOthers } from "node:timers/promises";

import { ChatkeepError, JSON_BOUNDS, boundJson, manyValues, parseJson, tooDeep } from "@chatkeep/protocol";

import type { Connection } from "./connection.ts";
import { findJsonFault } from "./json-fault.ts";
import { createOutline, outlineOf } from "./outline.ts";

/**
 * Reads a request's JSON body; an empty one is `{}`. A body that the host's middleware has read is taken from the
 * connection. Errors: `payload_too_large` beyond `limit` bytes (before a byte is read if the length is declared) and
 * beyond the values of {@link JSON_BOUNDS}; `invalid_request` for another content type, too deep a nesting, bytes that
 * are not UTF-8, and broken JSON, with its place. Of the list `list` of the body, only the last value is read and counted
 * whole: see {@link createOutline}.
 */
export async function readBody(
  request: Request,
  limit: number,
  { incoming }: Connection = {},
  list?: string,
): Promise<unknown> {
  const read = incoming?.readableEnded === true ? incoming.body : undefined;
  if (read !== undefined && typeof read !== "string" && !(read instanceof Uint8Array)) {
    requireJson(request.headers.get("content-type"));
    const { json, fault } = boundJson(list === undefined ? read : outlineOf(read, list));
    return fault === undefined ? json : refuse("invalid_request", fault);
  }
  const unread =
    read === undefined ? request : new Request(request.url, { method: "POST", body: read as string });
  const bytes = await readBytes(unread, limit, list);
  if (bytes.byteLength === 0) return {};
  requireJson(request.headers.get("content-type"));
  if (bytes.byteLength <= SMALL) return parse(decode(bytes));
  // Each step of a large body takes up to 20 ms. Other work runs in between.
  await afterOthers();
  const text = decode(bytes);
  await afterOthers();
  const json = parse(text);
  await afterOthers();
  return json;
}

/** The most bytes of a body that is read at once. Reading it in pieces would take another 0.1 ms. */
const SMALL = 64 * 1024;

/** How much longer than its limit a body may be of which an outline is read. A chat with 40 pictures of 2 MB fits. */
const MOST_OUTLINED = 16;

async function readBytes(request: Request, limit: number, list: string | undefined): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  const most = list === undefined ? limit : MOST_OUTLINED * limit;
  if (Number(declared) > most) refuse("payload_too_large", `is larger than ${most} bytes`);
  try {
    if (declared === null || Number(declared) > SMALL)
      return await (list === undefined
        ? readPieces(request.body, limit)
        : readOutline(request.body, limit, list));
    const bytes = new Uint8Array(await request.arrayBuffer());
    createJsonScan()(bytes);
    return bytes;
  } catch (cause) {
    if (cause instanceof ChatkeepError) throw cause;
    return refuse("invalid_request", "was cut off before its end", cause);
  }
}

async function readPieces(body: Request["body"], limit: number): Promise<Uint8Array> {
  const scan = createJsonScan();
  const pieces: Uint8Array[] = [];
  let length = 0;
  // Throwing out of the loop cancels the stream, so the rest is not read.
  for await (const piece of body ?? []) {
    length += piece.byteLength;
    if (length > limit) refuse("payload_too_large", `is larger than ${limit} bytes`);
    scan(piece);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function readOutline(body: Request["body"], limit: number, list: string): Promise<Uint8Array> {
  const outline = createOutline(list, limit);
  let length = 0;
  for await (const piece of body ?? []) {
    length += piece.byteLength;
    if (length > MOST_OUTLINED * limit)
      refuse("payload_too_large", `is larger than ${MOST_OUTLINED * limit} bytes`);
    outline.push(piece);
  }
  const bytes = outline.text();
  if (bytes === undefined)
    return refuse("payload_too_large", `without its earlier ${list} is larger than ${limit} bytes`);
  const scan = createJsonScan();
  for (let from = 0; from < bytes.length; from += SCANNED) {
    scan(bytes.subarray(from, from + SCANNED));
    await afterOthers();
  }
  return bytes;
}

/** Bytes that are counted at once: 6 ms. */
const SCANNED = 1024 * 1024;

function requireJson(contentType: string | null): void {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  throw new ChatkeepError("invalid_request", "The body must be sent as `content-type: application/json`.", {
    pointer: "content-type",
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    return refuse("invalid_request", "is not valid UTF-8", cause);
  }
}

/** The most characters of a text in which a fault is looked for. It takes up to 20 ms. */
const MOST_SEARCHED = 256 * 1024;

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // The parser's own error is not kept as the cause: it quotes the text.
    if (text.length > MOST_SEARCHED) refuse("invalid_request", "is not valid JSON");
    const { line, column } = findJsonFault(text);
    refuse("invalid_request", `is not valid JSON: line ${line}, column ${column}`);
  }
}

/**
 * Counts values, levels and escapes while the bytes arrive, before the text is parsed: 8 MB of `[{},{},…` would block
 * the event loop for seconds. Text that is not JSON is counted too; the parser rejects it. Errors: `payload_too_large`
 * for too many values or escapes, `invalid_request` for too deep a nesting.
 */
function createJsonScan(): (bytes: Uint8Array) => void {
  const total = { values: 1, depth: 0, escapes: 0, isQuoted: false, isEscaped: false };

  return (bytes) => {
    // Locals take 6 ns a byte, fields 25.
    let { values, depth, escapes, isQuoted, isEscaped } = total;
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index];
      if (isEscaped) isEscaped = false;
      else if (isQuoted) {
        if (byte === BACKSLASH) {
          isEscaped = true;
          escapes++;
        } else if (byte === QUOTE) isQuoted = false;
      } else if (byte === QUOTE) isQuoted = true;
      else if (byte === COMMA) values++;
      else if (byte === BRACKET || byte === BRACE) {
        values++;
        if (++depth > JSON_BOUNDS.depth) refuse("invalid_request", tooDeep(JSON_BOUNDS.depth));
      } else if (byte === BRACKET + 2 || byte === BRACE + 2) depth--;
    }
    if (values > JSON_BOUNDS.values) refuse("payload_too_large", manyValues(JSON_BOUNDS.values));
    if (escapes > MOST_ESCAPES)
      refuse("payload_too_large", `holds more than ${MOST_ESCAPES} escape sequences`);
    Object.assign(total, { values, depth, escapes, isQuoted, isEscaped });
  };
}

/** The most escapes in a body, such as `\\n`. Reading and writing 4 million blocks the event loop for 120 ms. */
const MOST_ESCAPES = 300_000;

function refuse(code: "invalid_request" | "payload_too_large", fault: string, cause?: unknown): never {
  throw new ChatkeepError(code, `The body ${fault}.`, { pointer: "", cause });
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
