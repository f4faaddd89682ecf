import {
  type Json,
  type JsonFault,
  type JsonObject,
  JSON_BOUNDS,
  ResponderError,
  type ResponderEvent,
  boundJson,
  isNestedTooDeep,
  tooDeep,
} from "@chatkeep/protocol";

/** The type of a field; `?` where it may be missing, `json` for any value. */
type Kind = "string" | "string?" | "boolean" | "boolean?" | "object" | "object?" | "json";

/** The fields of each event. */
const FIELDS: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  text: { text: "string" },
  reasoning: { text: "string" },
  citation: { citation: "object" },
  "tool-call": { id: "string", name: "string", arguments: "json" },
  "tool-call-delta": { id: "string", name: "string", delta: "string" },
  "tool-result": { id: "string", result: "json", error: "boolean?" },
  file: { url: "string", mime: "string" },
  data: { name: "string", data: "json", id: "string?" },
  model: { model: "string", usage: "object?" },
  intent: { intent: "string", processed: "boolean" },
} satisfies Record<Exclude<ResponderEvent, string>["type"], Readonly<Record<string, Kind>>>;

/** Values in one event, as in the rows of a large result. 100,000 take 30 ms to check. */
const VALUES = 100_000;
/** What an event takes besides its strings: a million empty calls are not for free. */
const EVENT_LENGTH = 100;

/**
 * A responder's event as a plain value of at most `left` UTF-16 units, and how many it takes. Errors: `ResponderError`
 * in words for a person, whatever else the responder gave.
 */
export function checkEvent(
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
    if (kind === "json") json[name] ??= null;
    else if (!isOfKind(json[name], kind)) throw unstorable(`its \`${name}\` is no ${kind.replace("?", "")}`);
  }
  if (type === "tool-call") json["arguments"] = argumentsOf(json["arguments"]!);
  const isText = type === "text" || type === "reasoning";
  return { event: json as unknown as ResponderEvent, length: isText ? length : length + EVENT_LENGTH };
}

/** The arguments of a call as the model wrote them; those that are given as a value are written here. */
function argumentsOf(given: Json): string {
  if (typeof given !== "string") return JSON.stringify(given);
  // They are parsed for those who show them.
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

function isOfKind(field: Json | undefined, kind: Kind): boolean {
  if (field === undefined) return kind.endsWith("?");
  return kind.startsWith("object") ? isObject(field) : typeof field === kind.replace("?", "");
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
