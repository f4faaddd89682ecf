import type { Readable } from "node:stream";

import { ChatkeepError, type Json, isChatkeepError } from "@chatkeep/protocol";
import { JSONParser } from "@streamparser/json";

/** The longest value, in bytes: a conversation of 100,000 long messages. */
const LONGEST = 256 * 1024 * 1024;

/**
 * Yields the values of a JSON file one by one: the items of an array, the lines of JSON Lines, or the one value. Errors:
 * `invalid_request` for anything that is not JSON.
 */
export async function* readValues(stream: Readable, path: string): AsyncGenerator<Json, void, void> {
  const values: Json[] = [];
  let parser: JSONParser | undefined;
  let sinceValue = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      parser ??= parserFor(chunk, (value) => {
        values.push(value);
        sinceValue = 0;
      });
      sinceValue += chunk.length;
      parser.write(chunk);
      yield* values.splice(0);
      if (sinceValue > LONGEST) {
        const detail = `The file "${path}" has a value of more than ${LONGEST} bytes.`;
        throw new ChatkeepError("payload_too_large", detail);
      }
    }
    if (parser !== undefined && !parser.isEnded) parser.end();
  } catch (error) {
    if (isChatkeepError(error)) throw error;
    throw new ChatkeepError("invalid_request", `The file "${path}" is not JSON.`, { cause: error });
  } finally {
    stream.destroy();
  }
  yield* values;
}

function parserFor(beginning: Buffer, onValue: (value: Json) => void): JSONParser {
  const isArray = beginning
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .trimStart()
    .startsWith("[");
  const parser = new JSONParser(
    isArray ? { paths: ["$.*"], keepStack: false } : { paths: ["$"], separator: "", keepStack: false },
  );
  parser.onValue = ({ value }) => onValue(value as Json);
  return parser;
}
