import type { Json, JsonObject, Part } from "@chatkeep/protocol";
import { z } from "zod";

/** An item of a conversation in OpenAI's form. */
export type Item = { type: string } & JsonObject;

/** The names of the data part that stores an item which parts cannot hold whole. */
const VERBATIM = "openai-item";
const WITH_FILES = "openai-item-with-files";

/** Where texts of an item are: by their path, the index of the file part and how much of its address comes before. */
type Places = { [path: string]: [part: number, start: number] };
/** Shorter texts stay in the item. */
const LONG = 200;

/** Stores an item beside its parts. What is the address of a file part, or ends it, is stored once. */
export function verbatimPart(item: Item, parts: readonly Part[]): Part {
  const places: Places = {};
  const data = replaceTexts(item, (text, path) => {
    if (text.length < LONG) return text;
    const index = parts.findIndex((part) => part.type === "file" && part.url.endsWith(text));
    const part = parts[index];
    if (part?.type !== "file") return text;
    places[path] = [index, part.url.length - text.length];
    return "";
  });
  return Object.keys(places).length === 0
    ? { type: "data", name: VERBATIM, data }
    : { type: "data", name: WITH_FILES, data: { item: data, places } };
}

const stored = z.looseObject({ type: z.string() });
const storedWithFiles = z.object({
  item: stored,
  places: z.record(z.string(), z.tuple([z.int(), z.int()])),
});

/** The item that is stored beside parts. Clients may store data parts of these names that hold anything else. */
export function verbatimItem(parts: readonly Part[]): Item | undefined {
  for (const part of parts) {
    if (part.type !== "data") continue;
    if (part.name === VERBATIM && stored.safeParse(part.data).success) return part.data as Item;
    const { success, data } = storedWithFiles.safeParse(part.name === WITH_FILES ? part.data : undefined);
    if (success) return withFiles(data.item as Item, data.places, parts);
  }
  return undefined;
}

function withFiles(item: Item, places: Places, parts: readonly Part[]): Item {
  return replaceTexts(item, (text, path) => {
    const [index = -1, start = 0] = Object.hasOwn(places, path) ? places[path]! : [];
    const part = parts[index];
    if (part?.type !== "file") return text;
    // The file may be deleted.
    return /^data:/i.test(part.url) ? part.url.slice(start) : part.url;
  }) as Item;
}

function replaceTexts(value: Json, replace: (text: string, path: string) => string, path = ""): Json {
  if (typeof value === "string") return replace(value, path);
  if (Array.isArray(value)) return value.map((one, index) => replaceTexts(one, replace, `${path}/${index}`));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      // As in JSON pointers: two texts never have one path.
      replaceTexts(one, replace, `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`),
    ]),
  );
}
