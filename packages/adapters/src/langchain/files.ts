import type { Json, JsonObject, Part } from "@chatkeep/protocol";

type FilePart = Extract<Part, { type: "file" }>;

/** Where the bytes of a file stood in a message's content. */
interface Place {
  readonly path: readonly (string | number)[];
  /** Whether they stood there in base64 without `data:`. */
  readonly bare: boolean;
}

/** A message's content without the bytes of its files. */
export interface Detached {
  readonly content: Json;
  readonly files: readonly FilePart[];
  /** Of each file. */
  readonly places: readonly Place[];
}

const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)[^,]*;base64,/i;

/** Takes the bytes out of content blocks, whichever library or provider they are made for. */
export function detachFiles(content: Json): Detached {
  const files: FilePart[] = [];
  const places: Place[] = [];
  const walk = (value: Json, path: readonly (string | number)[]): Json => {
    if (Array.isArray(value)) return value.map((one, index) => walk(one, [...path, index]));
    if (typeof value !== "object" || value === null) return value;
    const mime = value["mimeType"] ?? value["mime_type"] ?? value["media_type"];
    const take = (key: string, one: string): Json => {
      const bare = key === "data" && typeof mime === "string" && !DATA_URL.test(one);
      const url = bare ? `data:${mime};base64,${one}` : one;
      const found = DATA_URL.exec(url)?.[1];
      if (key === "text" || found === undefined) return one;
      files.push({ type: "file", url, mime: found, ...nameOf(value) });
      places.push({ path: [...path, key], bare });
      return "";
    };
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        typeof one === "string" ? take(key, one) : walk(one, [...path, key]),
      ]),
    );
  };
  return { content: Array.isArray(content) ? walk(content, []) : content, files, places };
}

/** The reverse of {@link detachFiles}. Throws where another API stored something else. */
export function attachFiles({ content, files, places }: Detached): Json {
  const whole = structuredClone(content);
  for (const [index, { path, bare }] of places.entries()) {
    const { url } = files[index]!;
    let at: Json = whole;
    for (const key of path.slice(0, -1)) at = childOf(at, key);
    const last = path.at(-1)!;
    if (childOf(at, last) !== "") throw new TypeError("No file stood here.");
    (at as JsonObject)[last] = bare ? url.slice(url.indexOf(",") + 1) : url;
  }
  return whole;
}

/** Own properties only: a forged path must not lead to a prototype. */
function childOf(value: Json, key: string | number): Json {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key))
    throw new TypeError("There is no such place.");
  return (value as JsonObject)[key]!;
}

function nameOf({ filename, metadata }: JsonObject): { name?: string } {
  if (typeof filename === "string") return { name: filename };
  const { filename: name, name: other } = (metadata ?? {}) as JsonObject;
  const given = name ?? other;
  return typeof given === "string" ? { name: given } : {};
}
