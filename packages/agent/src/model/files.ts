import type { LanguageModelV4FilePart, LanguageModelV4TextPart } from "@ai-sdk/provider";
import type { Part } from "@chatkeep/protocol";

/** What a model says of the files that it takes. */
interface Described {
  readonly provider: string;
  readonly supportedUrls?: unknown;
}

/**
 * The media types that a model is given as bytes: pictures, which nearly every model takes, and PDFs where its provider
 * takes them. The AI SDK's `supportedUrls` has types that a model takes by address; those it takes as bytes, too.
 */
export function mediaTypesOf({ provider, supportedUrls }: Described = { provider: "" }): readonly string[] {
  const named = Object.keys(supportedUrls ?? {});
  const takesPdf =
    named.some((type) => matches(type, "application/pdf")) || /^(openai|azure)\b/.test(provider);
  return takesPdf ? ["image/*", "application/pdf"] : ["image/*"];
}

/** Of patterns as the AI SDK has them: `*` of all, `image/*` of pictures. */
function matches(pattern: string, mediaType: string): boolean {
  const [kind, subtype = "*"] = pattern.split("/");
  const [ownKind, ownSubtype] = mediaType.split("/");
  return (kind === "*" || kind === ownKind) && (subtype === "*" || subtype === ownSubtype);
}

/** Characters of a text file that a model is given. A context has about 25,000 tokens for as many letters. */
const MOST_TEXT = 100_000;

/**
 * A file as a model is given it: its bytes if it takes the media type, its text if it is text, else its name. An address
 * is named too, so that nobody can make this server fetch it.
 */
export function modelFile(
  part: Extract<Part, { type: "file" }>,
  mediaTypes: readonly string[],
): LanguageModelV4FilePart | LanguageModelV4TextPart {
  const { name, url } = part;
  const { mediaType, base64, bytes } = dataOf(url) ?? {};
  const type = mediaType || part.mime;
  // No provider takes pictures of this type; it is a text.
  if (base64 !== undefined && type !== SVG && mediaTypes.some((pattern) => matches(pattern, type))) {
    const filename = name === undefined ? {} : { filename: name };
    return { type: "file", mediaType: type, ...filename, data: { type: "data", data: base64 } };
  }
  const title = `[file: ${name ?? "without a name"}, ${part.mime}]`;
  const text = bytes === undefined || !TEXT.test(type) ? undefined : textOf(bytes());
  if (text === undefined) return { type: "text", text: title };
  const cut = text.length <= MOST_TEXT ? text : text.slice(0, MOST_TEXT).toWellFormed();
  const end =
    cut === text ? "[end of the file]" : `[${text.length - MOST_TEXT} more characters were left out]`;
  return { type: "text", text: `${title}\n${cut}\n${end}` };
}

const SVG = "image/svg+xml";
/** Types whose bytes may be text. Browsers call a file of source code or Markdown `application/octet-stream`. */
const TEXT =
  /^(text\/|image\/svg\+xml$|application\/(octet-stream$|json|xml|yaml|x-|.*\+(json|xml|yaml)$|(java|type|ecma)script|toml|sql|rtf|graphql))/;

/** The parts of a `data:` URL (RFC 2397). */
function dataOf(url: string) {
  const comma = url.indexOf(",");
  const [, mediaType = "", parameters = ""] =
    /^data:([^;,]*)((?:;[^;,]*)*)$/i.exec(url.slice(0, Math.max(0, comma))) ?? [];
  if (!/^data:/i.test(url) || comma === -1) return undefined;
  const data = url.slice(comma + 1);
  const isBase64 = /;base64$/i.test(parameters);
  return {
    mediaType: mediaType.toLowerCase(),
    base64: isBase64 && data !== "" ? data : undefined,
    bytes: () => (isBase64 ? Buffer.from(data, "base64") : decodeURIBytes(data)),
  };
}

function decodeURIBytes(data: string): Buffer {
  return Buffer.from(
    data.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    "latin1",
  );
}

/** The text of bytes; `undefined` if they are none. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
