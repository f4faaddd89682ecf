import { type Json, parseJson } from "./json.ts";

/** Bounds of one JSON value. */
export interface JsonBounds {
  /** Levels of nested arrays and objects. PostgreSQL and our own code recurse; 500 levels are far below their stack limits. */
  readonly depth: number;
  /** Number of values of any kind, nested ones included. */
  readonly values: number;
  /** UTF-16 units of all strings and keys. */
  readonly length: number;
}

/** The bounds of every stored or sent JSON value. A page of 1,000 messages holds 25,000 values; checking 30,000 takes about 10 ms. */
export const JSON_BOUNDS: JsonBounds = { depth: 500, values: 30_000, length: 8 * 1024 * 1024 };

/** The reason why a value is rejected: a predicate such as "is nested deeper than 500 levels". */
export type JsonFault = string;

/**
 * Copies any value to plain JSON as `JSON.stringify` would write it, and never throws: not for a cycle, a proxy, a
 * throwing getter or 100 MB. It reads each property once, so that the checked value is the stored one. `undefined` is
 * dropped from objects and becomes `null` in arrays.
 */
export function boundJson(
  value: unknown,
  bounds: JsonBounds = JSON_BOUNDS,
):
  | { readonly json: Json; readonly length: number; readonly fault?: undefined }
  | { readonly json?: undefined; readonly fault: JsonFault } {
  let values = 0;
  let length = 0;

  const measure = (text: string): string => {
    length += text.length;
    if (length > bounds.length) throw new Fault(`holds more than ${bounds.length} characters`);
    return text;
  };
  const count = (more: number): void => {
    values += more;
    if (values > bounds.values) throw new Fault(manyValues(bounds.values));
  };
  const copy = (given: unknown, key: string, depth: number): Json | undefined => {
    const one = plainOf(given, key);
    if (typeof one === "string") return measure(one);
    if (typeof one === "number") return Number.isFinite(one) ? one : null;
    if (typeof one === "boolean" || one === null) return one;
    if (typeof one === "bigint")
      throw new Fault("holds a BigInt, which JSON cannot hold: give it as a string");
    if (typeof one !== "object") return undefined;
    if (one instanceof Promise) {
      // An unhandled rejection would end the process.
      one.catch(() => undefined);
      throw new Fault("holds a promise");
    }
    if (depth === bounds.depth) throw new Fault(tooDeep(bounds.depth));
    if (Array.isArray(one)) {
      const size = one.length;
      count(size);
      return Array.from({ length: size }, (_, index) => copy(one[index], String(index), depth + 1) ?? null);
    }
    const keys = Object.keys(one);
    count(keys.length);
    const entries: [string, Json][] = [];
    for (const name of keys) {
      const inner = copy((one as Record<string, unknown>)[name], measure(name), depth + 1);
      if (inner !== undefined) entries.push([name, inner]);
    }
    return Object.fromEntries(entries);
  };

  try {
    const json = copy(value, "", 0);
    return json === undefined ? { fault: "is not JSON" } : { json, length };
  } catch (error) {
    return { fault: predicateOf(error) ?? "throws when it is read" };
  }
}

export function tooDeep(depth: number): JsonFault {
  return `is nested deeper than ${depth} levels`;
}

export function manyValues(values: number): JsonFault {
  return `holds more than ${values} values`;
}

/** Whether JSON text is nested deeper than {@link JSON_BOUNDS} allows. Does not parse it. */
export function isNestedTooDeep(text: string): boolean {
  if (text.length <= JSON_BOUNDS.depth) return false;
  let level = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text[index];
    if (isInString) {
      if (unit === "\\") index += 1;
      else if (unit === '"') isInString = false;
    } else if (unit === '"') isInString = true;
    else if (unit === "[" || unit === "{") level += 1;
    else if (unit === "]" || unit === "}") level -= 1;
    if (level > JSON_BOUNDS.depth) return true;
  }
  return false;
}

/** Parses the arguments of a tool call; `undefined` if they are not JSON or are nested too deep. */
export function parseArguments(text: string): Json | undefined {
  if (isNestedTooDeep(text)) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** The value that `JSON.stringify` writes in place of `value`. */
function plainOf(value: unknown, key: string): unknown {
  if ((typeof value !== "object" || value === null) && typeof value !== "bigint") return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? (toJSON.call(value, key) as unknown) : value;
}

class Fault extends Error {
  readonly predicate: JsonFault;

  constructor(predicate: JsonFault) {
    super(predicate);
    this.predicate = predicate;
  }
}

/** The message of a thrown value, which may throw again when it is read. */
function predicateOf(error: unknown): JsonFault | undefined {
  try {
    return error instanceof Fault ? error.predicate : undefined;
  } catch {
    return undefined;
  }
}
