import { ChatkeepError, parseJson } from "@chatkeep/protocol";

import { findJsonFault } from "./json-fault.ts";

/** PostgreSQL and our own walks recurse: at 500 levels both are far from the end of their stacks. */
const MAX_DEPTH = 500;

/**
 * Reads a request's JSON body; an empty one is `{}`. Errors: `payload_too_large` beyond `limit` bytes
 * (a declared length is refused before a byte is read, an undeclared one when the limit is passed),
 * `invalid_request` for another content type, bytes that are not UTF-8, and broken JSON with its place.
 */
export async function readBody(request: Request, limit: number): Promise<unknown> {
  const bytes = await readBytes(request, limit);
  if (bytes.byteLength === 0) return {};
  requireJson(request.headers.get("content-type"));
  return parse(decode(bytes));
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const declared = request.headers.get("content-length");
  if (declared !== null && Number(declared) > limit) throw tooLarge(limit);
  try {
    if (declared !== null) return new Uint8Array(await request.arrayBuffer());
    return request.body === null ? new Uint8Array() : await readUpTo(request.body, limit);
  } catch (cause) {
    if (cause instanceof ChatkeepError) throw cause;
    throw new ChatkeepError("invalid_request", "The body was cut off before its end.", {
      pointer: "",
      cause,
    });
  }
}

async function readUpTo(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Throwing out of the loop cancels the stream: the rest is not read into memory.
  for await (const chunk of body) {
    length += chunk.byteLength;
    if (length > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
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

function parse(text: string): unknown {
  requireDepth(text);
  try {
    return parseJson(text);
  } catch {
    // The parser's own error is not kept as the cause: it quotes the text.
    const { line, column } = findJsonFault(text);
    throw new ChatkeepError(
      "invalid_request",
      `The body is not valid JSON: line ${line}, column ${column}.`,
      { pointer: "" },
    );
  }
}

function requireDepth(text: string): void {
  if (text.length <= 2 * MAX_DEPTH) return;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index);
    if (quoted) {
      if (char === BACKSLASH) index++;
      else if (char === QUOTE) quoted = false;
    } else if (char === QUOTE) quoted = true;
    else if (char === BRACE || char === BRACKET) {
      if (++depth > MAX_DEPTH) {
        throw new ChatkeepError("invalid_request", `The body is nested deeper than ${MAX_DEPTH} levels.`, {
          pointer: "",
        });
      }
    } else if (char === BRACE + 2 || char === BRACKET + 2) depth--;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
