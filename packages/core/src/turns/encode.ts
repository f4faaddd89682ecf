import {
  type Chunk,
  type Json,
  type JsonFault,
  type JsonObject,
  JSON_BOUNDS,
  PART_FIELDS,
  type PartFields,
  ResponderError,
  type ResponderEvent,
  boundJson,
  createEncoder,
  isNestedTooDeep,
  tooDeep,
} from "@chatkeep/protocol";

/** Encodes what a responder yields; see {@link createCheckedEncoder}. */
export interface CheckedEncoder {
  /** Errors: `ResponderError` for a value that cannot be stored, with a text for the person who asked. */
  encode(given: unknown): Piece[];
  /** Returns the chunks that close the open blocks. */
  end(): Piece[];
  /** Takes note of a chunk of an earlier attempt. */
  resume(chunk: Chunk): void;
}

/** A chunk, and roughly how many bytes it takes. */
interface Piece {
  readonly chunk: Chunk;
  readonly bytes: number;
}

/** Maximum UTF-16 units of one delta: an event of 100 MB would block the events of all other turns. */
export const DELTA: number = 16 * 1024;
/** Bytes that an event takes besides its text, so that a million empty events use up an answer's length. */
export const EVENT = 100;
/** Maximum values in one event, as in the rows of a large result. Checking 100,000 takes 30 ms. */
const VALUES = 100_000;

/**
 * Copies, checks and encodes the events of one answer, which has at most `most` UTF-16 units, and splits long deltas.
 */
export function createCheckedEncoder(most: number): CheckedEncoder {
  const encoder = createEncoder();
  let left = most;
  return {
    encode(given) {
      const { event, length } = checkEvent(given, left);
      left -= length;
      return encoder
        .encode(event)
        .flatMap(splitDelta)
        .map((chunk) => ({ chunk, bytes: EVENT + (deltaOf(chunk)?.length ?? length) }));
    },
    end: () => encoder.end().map((chunk) => ({ chunk, bytes: EVENT })),
    resume(chunk) {
      left -= deltaOf(chunk)?.length ?? JSON.stringify(chunk).length;
      encoder.resume(chunk);
    },
  };
}

const BLOCK = { ...PART_FIELDS.text, id: "string?", done: "boolean?" } as const;
const { arguments: _arguments, ...CALL } = PART_FIELDS["tool-call"];

/** The fields of each event: those of its part, and those that only a stream has. */
const FIELDS: Readonly<Record<string, PartFields>> = {
  ...PART_FIELDS,
  text: BLOCK,
  reasoning: BLOCK,
  "tool-call": { ...CALL, arguments: "any" },
  "tool-call-delta": { ...CALL, delta: "string" },
  data: { ...PART_FIELDS.data, transient: "boolean?" },
  model: { model: "string", usage: "object?" },
  intent: { intent: "string", processed: "boolean" },
} satisfies Record<Exclude<ResponderEvent, string>["type"], PartFields>;

/** Copies any value to an event of at most `left` UTF-16 units. */
function checkEvent(
  given: unknown,
  left: number,
): { readonly event: ResponderEvent; readonly length: number } {
  if (typeof given === "string") {
    if (given.length > left) throw tooLarge();
    return { event: given, length: given.length };
  }
  const bound = boundJson(given, { depth: JSON_BOUNDS.depth, values: VALUES, length: left });
  if (bound.fault !== undefined) {
    throw bound.fault.startsWith("holds more than") ? tooLarge() : unstorable(`it ${bound.fault}`);
  }
  const { json, length } = bound;
  if (!isObject(json)) throw unstorable("it is no event of an answer");
  const { type } = json;
  const fields = typeof type === "string" && Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined;
  if (fields === undefined) throw unstorable("it has no known `type`");
  for (const [name, kind] of Object.entries(fields)) {
    if (kind === "any") json[name] ??= null;
    else if (!isOfKind(json[name], kind)) throw unstorable(`its \`${name}\` is no ${kind.replace("?", "")}`);
  }
  if (type === "tool-call") json["arguments"] = argumentsOf(json["arguments"]!);
  const isText = type === "text" || type === "reasoning";
  return { event: json as unknown as ResponderEvent, length: isText ? length : length + EVENT };
}

/** The arguments of a call as text. The text of a model is kept as it is; it is parsed for those who show it. */
function argumentsOf(given: Json): string {
  if (typeof given !== "string") return JSON.stringify(given);
  if (isNestedTooDeep(given))
    throw unstorable(`a call has arguments whose JSON ${tooDeep(JSON_BOUNDS.depth)}`);
  return given;
}

function unstorable(why: JsonFault): ResponderError {
  const detail = `The assistant gave something that cannot be stored: ${why}. What was shown before is kept.`;
  return new ResponderError({ code: "model_error", detail });
}

function tooLarge(): ResponderError {
  const detail =
    "The answer is larger than can be stored. What was shown before is kept; ask for less at once.";
  return new ResponderError({ code: "answer_too_large", detail });
}

function isOfKind(field: Json | undefined, kind: PartFields[string]): boolean {
  if (field === undefined) return kind.endsWith("?");
  return kind.startsWith("object") ? isObject(field) : typeof field === kind.replace("?", "");
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** The text of a delta; `undefined` for other chunks. */
function deltaOf(chunk: Chunk): string | undefined {
  if (chunk.type === "text-delta" || chunk.type === "reasoning-delta") return chunk.delta;
  return chunk.type === "tool-input-delta" ? chunk.inputTextDelta : undefined;
}

/** Splits a long delta, never between the halves of a surrogate pair, because each piece is shown on its own. */
function splitDelta(chunk: Chunk): Chunk[] {
  const text = deltaOf(chunk);
  if (text === undefined || text.length <= DELTA) return [chunk];
  const pieces: Chunk[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + DELTA, text.length);
    if (to < text.length && /[\ud800-\udbff]/.test(text[to - 1]!)) to -= 1;
    const piece = text.slice(from, to);
    pieces.push({
      ...chunk,
      ...(chunk.type === "tool-input-delta" ? { inputTextDelta: piece } : { delta: piece }),
    });
    from = to;
  }
  return pieces;
}
