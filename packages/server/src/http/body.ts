import { setImmediate as afterOthers } from "node:timers/promises";

import { ChatkeepError, JSON_BOUNDS, boundJson, manyValues, parseJson, tooDeep } from "@chatkeep/protocol";

import { type TextPlace, findJsonFault } from "./json-fault.ts";

/** A request of Node, as a host's middleware leaves it: `express.json()` reads the stream and puts what it read here. */
export interface Incoming {
  readonly body?: unknown;
  readonly readableEnded?: boolean;
}

/**
 * Reads a request's JSON body; an empty one is `{}`. One that the host's middleware has read already is taken from
 * `incoming`. Errors: `payload_too_large` beyond `limit` bytes
 * (a declared length is refused before a byte is read, an undeclared one when the limit is passed) and beyond
 * the values of {@link JSON_BOUNDS}, `invalid_request` for another content type, too deep a nesting, bytes that
 * are not UTF-8, and broken JSON with its place.
 */
export async function readBody(request: Request, limit: number, incoming?: Incoming): Promise<unknown> {
  const read = incoming?.readableEnded === true ? incoming.body : undefined;
  if (read !== undefined && typeof read !== "string" && !(read instanceof Uint8Array)) {
    requireJson(request.headers.get("content-type"));
    return bound(read);
  }
  const unread =
    read === undefined ? request : new Request(request.url, { method: "POST", body: read as string });
  const bytes = await readBytes(unread, limit);
  if (bytes.byteLength === 0) return {};
  requireJson(request.headers.get("content-type"));
  if (bytes.byteLength <= SMALL) return parse(decode(bytes));
  // Each step of a large body takes up to 20 ms: others have their turn in between.
  await afterOthers();
  const text = decode(bytes);
  await afterOthers();
  const json = parse(text);
  await afterOthers();
  return json;
}

function bound(read: unknown): unknown {
  const bounded = boundJson(read);
  if (bounded.fault !== undefined) {
    throw new ChatkeepError("invalid_request", `The body ${bounded.fault}.`, { pointer: "" });
  }
  return bounded.json;
}

/** Bytes of a body that is read at once: a stream of its pieces would cost a tenth of a millisecond. */
const SMALL = 64 * 1024;

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) throw tooLarge(limit);
  try {
    if (declared === null || Number(declared) > SMALL) return await readPieces(request.body, limit);
    const bytes = new Uint8Array(await request.arrayBuffer());
    createJsonScan()(bytes);
    return bytes;
  } catch (cause) {
    if (cause instanceof ChatkeepError) throw cause;
    throw new ChatkeepError("invalid_request", "The body was cut off before its end.", {
      pointer: "",
      cause,
    });
  }
}

async function readPieces(body: Request["body"], limit: number): Promise<Uint8Array> {
  const scan = createJsonScan();
  const pieces: Uint8Array[] = [];
  let length = 0;
  // Throwing out of the loop cancels the stream: the rest is not read into memory.
  for await (const piece of body ?? []) {
    length += piece.byteLength;
    if (length > limit) throw tooLarge(limit);
    scan(piece);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function tooLarge(limit: number): ChatkeepError {
  return new ChatkeepError("payload_too_large", `The body is larger than ${limit} bytes.`, { pointer: "" });
}

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
    throw new ChatkeepError("invalid_request", "The body is not valid UTF-8.", { pointer: "", cause });
  }
}

/** Characters of a text in which a fault is looked for: 20 ms at the worst. */
const MOST_SEARCHED = 256 * 1024;

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // The parser's own error is not kept as the cause: it quotes the text.
    const place = text.length > MOST_SEARCHED ? "" : `: ${placeOf(findJsonFault(text))}`;
    throw new ChatkeepError("invalid_request", `The body is not valid JSON${place}.`, { pointer: "" });
  }
}

function placeOf({ line, column }: TextPlace): string {
  return `line ${line}, column ${column}`;
}

/**
 * Counts what a JSON text holds while its bytes arrive, before anything of it is parsed: 8 MB of `[{},{},…` would
 * hold the event loop for seconds. A text that is no JSON is counted too, and found out by the parser.
 * Errors: `payload_too_large` for too many values or escapes, `invalid_request` for too deep a nesting.
 */
function createJsonScan(): (bytes: Uint8Array) => void {
  const total = { values: 1, depth: 0, escapes: 0, isQuoted: false, isEscaped: false };

  return (bytes) => {
    // Locals: 6 ns a byte, 25 as fields.
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

/** Escapes of a body, `\\n` or `\\u5b57`: to read and write 4 million of them holds the event loop for 120 ms. */
const MOST_ESCAPES = 300_000;

function refuse(code: "invalid_request" | "payload_too_large", fault: string): never {
  throw new ChatkeepError(code, `The body ${fault}.`, { pointer: "" });
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
