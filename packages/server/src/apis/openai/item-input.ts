import { isDeepStrictEqual } from "node:util";

import {
  ChatkeepError,
  type Json,
  type JsonObject,
  type MessageInput,
  type Part,
  ROLES,
  type Role,
  citationFromWire,
} from "@chatkeep/protocol";

import { fileIdFromOpenai, idFromOpenai } from "./ids.ts";
import { type Item, itemsOf } from "./items.ts";
import { verbatimPart } from "./verbatim.ts";

/**
 * Reads an item of a client as a message. Other APIs show its parts. Where the parts do not hold the whole item, the item
 * is stored beside them and returned as it came.
 */
export function messageFromItem(item: Item): MessageInput {
  const { id, ...given } = withType(item);
  const { role, parts } = toldBy(given);
  const [told, ...more] = itemsOf({ id: "x", role, parts, status: "complete" });
  const { id: _, ...rendered }: JsonObject = told ?? {};
  const isWhole = more.length === 0 && isDeepStrictEqual(rendered, normalised(given, role));
  return {
    id: typeof id === "string" && id !== "" ? idFromOpenai(id).id : undefined,
    role,
    parts: isWhole ? parts : [...parts, verbatimPart(given, parts)],
  };
}

/** The question of an input: a user's message, or the outputs of calls that the client ran. */
interface Asked {
  /** The items before it. */
  readonly before: readonly Item[];
  readonly question: MessageInput & { readonly role: "user" | "tool" };
}

/** Reads an input. Errors: `invalid_request` when it ends with anything else. */
export function questionFromInput(input: string | readonly Item[]): Asked {
  const items: readonly Item[] =
    typeof input === "string" ? [{ type: "message", role: "user", content: input }] : input;
  const end = items.findLastIndex(({ type }) => type !== "function_call_output") + 1;
  const results = items.slice(end).flatMap((item) => toldBy(item).parts);
  if (results.length > 0) return { before: items.slice(0, end), question: { role: "tool", parts: results } };
  const last = items.at(-1);
  const question = last === undefined ? undefined : messageFromItem(last);
  if (question?.role !== "user") {
    const detail = "The last item of the input must be a message of the user, or the output of a function.";
    throw new ChatkeepError("invalid_request", detail, { pointer: "/input" });
  }
  return { before: items.slice(0, -1), question: { ...question, role: "user" } };
}

/** An input message may leave its type out ("EasyInputMessage"). */
function withType(item: Item): Item {
  return item.type === undefined && "role" in item ? { ...(item as JsonObject), type: "message" } : item;
}

function toldBy(item: Item): { role: Role; parts: Part[] } {
  const { type, role, content, call_id: call, name, arguments: args, output, summary, result } = item;
  if (type === "message") {
    const known = role === "developer" ? "system" : roleOf(role);
    return { role: known, parts: contentParts(content) };
  }
  if (
    type === "function_call" &&
    typeof call === "string" &&
    typeof name === "string" &&
    typeof args === "string"
  ) {
    return { role: "assistant", parts: [{ type: "tool-call", id: call, name, arguments: args }] };
  }
  if (type === "function_call_output" && typeof call === "string" && output !== undefined) {
    return { role: "tool", parts: [{ type: "tool-result", id: call, result: output }] };
  }
  if (type === "reasoning" && Array.isArray(summary)) {
    const texts = summary.flatMap((piece) => textOf(piece) ?? []);
    return { role: "assistant", parts: texts.map((text) => ({ type: "reasoning", text })) };
  }
  if (type === "image_generation_call" && typeof result === "string" && result !== "") {
    const url = `data:image/png;base64,${result}`;
    return { role: "assistant", parts: [{ type: "file", url, mime: "image/png" }] };
  }
  if (type === "data" && typeof name === "string" && item["data"] !== undefined) {
    return { role: "assistant", parts: [{ type: "data", name, data: item["data"] }] };
  }
  return { role: roleOf(role), parts: [] };
}

function roleOf(role: Json | undefined): Role {
  return ROLES.find((known) => known === role) ?? "assistant";
}

function contentParts(content: Json | undefined): Part[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((piece): Part[] => {
    const text = textOf(piece);
    if (text !== undefined) return [{ type: "text", text }, ...citationParts(piece as JsonObject)];
    return filePart((piece ?? {}) as JsonObject);
  });
}

/** The picture or the file that a message holds. */
function filePart({ type, detail, filename, ...piece }: JsonObject): Part[] {
  if (type !== "input_image" && type !== "input_file") return [];
  const isImage = type === "input_image";
  const file = fileIdFromOpenai(piece["file_id"]);
  const address = isImage ? piece["image_url"] : (piece["file_data"] ?? piece["file_url"]);
  const url = file === undefined ? address : "";
  if (typeof url !== "string") return [];
  const [, mime = isImage ? "image/*" : "application/octet-stream"] =
    /^data:([\w.+-]+\/[\w.+-]+)[;,]/i.exec(url) ?? [];
  // Where its media type does not say which it is.
  const inputType = mime.startsWith("image/") === isImage && url !== "" ? {} : { inputType: type };
  const imageDetail =
    isImage && typeof detail === "string" && detail !== "auto" ? { imageDetail: detail } : {};
  const openai = { ...inputType, ...imageDetail };
  return [
    {
      type: "file",
      url,
      mime,
      ...(file === undefined ? {} : { file }),
      ...(typeof filename === "string" && !isImage ? { name: filename } : {}),
      ...(Object.keys(openai).length === 0 ? {} : { metadata: { openai } }),
    },
  ];
}

const TEXTS = new Set<Json | undefined>(["input_text", "output_text", "text", "summary_text"]);

function textOf(piece: Json): string | undefined {
  if (typeof piece !== "object" || piece === null || Array.isArray(piece) || !TEXTS.has(piece["type"]))
    return undefined;
  return typeof piece["text"] === "string" ? piece["text"] : undefined;
}

function citationParts({ annotations }: JsonObject): Part[] {
  if (!Array.isArray(annotations)) return [];
  return annotations.flatMap((annotation): Part[] => {
    const own = (annotation as JsonObject | null)?.["chatkeep"];
    return own === undefined ? [] : [{ type: "citation", citation: citationFromWire(own) }];
  });
}

/** The item with the fields that OpenAI adds when it returns it. */
function normalised(item: Item, role: Role): Item {
  if (item.type === "reasoning" || item.type === "data") return item;
  const { content, status = "completed", ...rest } = item;
  if (item.type !== "message") return { ...rest, status, ...(content === undefined ? {} : { content }) };
  const pieces =
    typeof content === "string"
      ? [
          {
            type: role === "assistant" ? "output_text" : role === "tool" ? "text" : "input_text",
            text: content,
          },
        ]
      : content;
  const whole = Array.isArray(pieces) ? pieces.map(completed) : pieces;
  return { ...rest, status, ...(whole === undefined ? {} : { content: whole }) };
}

function completed(piece: Json): Json {
  if (typeof piece !== "object" || piece === null || Array.isArray(piece)) return piece;
  if (piece["type"] === "output_text") return { annotations: [], logprobs: [], ...piece };
  return piece["type"] === "input_image"
    ? { image_url: null, file_id: null, detail: "auto", ...piece }
    : piece;
}
