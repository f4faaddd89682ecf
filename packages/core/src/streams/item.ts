import type { Json, ResponderEvent } from "@chatkeep/protocol";

/** One value of a stream, as a library made it. */
export type Item = { readonly [field: string]: unknown };

/** Converts the items of one stream, which may remember earlier ones. */
export interface ItemReader {
  read(item: Item): ResponderEvent[];
  /** What the end of the stream completes. */
  end?(): ResponderEvent[];
}

/** A kind of stream, known by the shape of its items. */
export interface Shape {
  matches(item: Item): boolean;
  createReader(): ItemReader;
}

export function isItem(value: unknown): value is Item {
  return typeof value === "object" && value !== null;
}

/** The object in a field; an empty one if there is none. */
export function itemIn(value: unknown): Item {
  return isItem(value) ? value : {};
}

/** The objects of a list; none if it is no list. */
export function itemsIn(value: unknown): Item[] {
  return Array.isArray(value) ? value.filter(isItem) : [];
}

export function textIn(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Converts any value to JSON: a library's tool may return anything. */
export function jsonOf(value: unknown): Json {
  try {
    return JSON.parse(JSON.stringify(value) ?? "null") as Json;
  } catch {
    return String(value);
  }
}

export function textEvent(type: "text" | "reasoning", value: unknown): ResponderEvent[] {
  const text = textIn(value);
  return text === "" ? [] : [{ type, text }];
}

/** `more` are further fields of the result. */
export function resultEvent(id: unknown, result: unknown, more: object = {}): ResponderEvent {
  return { ...more, type: "tool-result", id: textIn(id), result: jsonOf(result) };
}

/** `usage` as the libraries count it: under these names, or OpenAI's. */
export function modelEvent(model: unknown, usage: unknown): ResponderEvent[] {
  const counts = itemIn(usage);
  const count = (...names: string[]): number | null => {
    const found = names.map((name) => counts[name]).find((value) => typeof value === "number");
    return found ?? null;
  };
  const inputTokens = count("inputTokens", "input_tokens", "prompt_tokens", "promptTokens");
  const outputTokens = count("outputTokens", "output_tokens", "completion_tokens", "completionTokens");
  if (inputTokens === null && outputTokens === null && textIn(model) === "") return [];
  const totalTokens =
    count("totalTokens", "total_tokens") ??
    (inputTokens === null && outputTokens === null ? null : (inputTokens ?? 0) + (outputTokens ?? 0));
  return [{ type: "model", model: textIn(model), usage: { inputTokens, outputTokens, totalTokens } }];
}

/** A page or a document that the answer rests on. `more` are further fields of the source. */
export function sourceEvent(source: Item, more: object = {}): ResponderEvent[] {
  const { id, url, title, mediaType, filename } = source;
  if (typeof url !== "string" && typeof mediaType !== "string") return [];
  const place = typeof url === "string" ? { url } : { mime: textIn(mediaType) };
  return [
    {
      ...more,
      type: "source",
      id: textIn(id) || textIn(url),
      ...place,
      ...(typeof title === "string" ? { title } : {}),
      ...(typeof filename === "string" ? { name: filename } : {}),
    },
  ];
}
