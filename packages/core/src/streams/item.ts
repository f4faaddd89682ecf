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

/** The names of a count, and of the objects that may hold it. */
interface CountNames {
  readonly names: readonly string[];
  readonly within?: readonly string[];
}

const INPUT: CountNames = { names: ["inputTokens", "input_tokens", "prompt_tokens", "promptTokens"] };
const OUTPUT: CountNames = {
  names: ["outputTokens", "output_tokens", "completion_tokens", "completionTokens"],
};
const TOTAL: CountNames = { names: ["totalTokens", "total_tokens"] };
const CACHED: CountNames = {
  names: ["cachedInputTokens", "cacheReadTokens", "cached_tokens", "cache_read"],
  within: ["inputTokenDetails", "input_tokens_details", "prompt_tokens_details", "input_token_details"],
};
const REASONING: CountNames = {
  names: ["reasoningTokens", "reasoning_tokens", "reasoning"],
  within: [
    "outputTokenDetails",
    "output_tokens_details",
    "completion_tokens_details",
    "output_token_details",
  ],
};

/** `usage` as the libraries count it: under these names, or OpenAI's. */
export function modelEvent(model: unknown, usage: unknown): ResponderEvent[] {
  const counts = itemIn(usage);
  const count = ({ names, within = [] }: CountNames): number | null => {
    const places = [counts, ...within.map((name) => itemIn(counts[name]))];
    const found = places.flatMap((place) => names.map((name) => place[name]));
    return found.find((value) => typeof value === "number") ?? null;
  };
  const inputTokens = count(INPUT);
  const outputTokens = count(OUTPUT);
  if (inputTokens === null && outputTokens === null && textIn(model) === "") return [];
  const cachedTokens = count(CACHED);
  const reasoningTokens = count(REASONING);
  const totalTokens =
    count(TOTAL) ??
    (inputTokens === null && outputTokens === null ? null : (inputTokens ?? 0) + (outputTokens ?? 0));
  const told = {
    inputTokens,
    outputTokens,
    totalTokens,
    ...(cachedTokens === null ? {} : { cachedTokens }),
    ...(reasoningTokens === null ? {} : { reasoningTokens }),
  };
  return [{ type: "model", model: textIn(model), usage: told }];
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
