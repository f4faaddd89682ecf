import type { Citation, JsonObject, Message, Part, SourcePart } from "@chatkeep/protocol";

import { type IdPrefix, fileIdToOpenai, idToOpenai } from "./ids.ts";
import { type Item, verbatimItem } from "./verbatim.ts";

export type { Item } from "./verbatim.ts";

/** The fields of a message that its items are made from. */
export type ItemSource = Pick<Message, "id" | "role" | "parts" | "status">;

/**
 * The items of a message, in order: texts with files and citations are `message` items; reasoning, calls and their outputs
 * are items of their own. A message with a stored item is that item.
 */
export function itemsOf(message: ItemSource): Item[] {
  const verbatim = verbatimItem(message.parts);
  if (verbatim !== undefined) return [{ id: idToOpenai(prefixOf(verbatim.type), message.id), ...verbatim }];
  const items: Item[] = [];
  let content: JsonObject[] | undefined;
  const early: Cited[] = [];
  const status =
    message.status === "complete"
      ? "completed"
      : message.status === "streaming"
        ? "in_progress"
        : "incomplete";

  const add = (prefix: IdPrefix, item: Item): void => {
    items.push({ id: idToOpenai(prefix, message.id, items.length), ...item });
    content = undefined;
  };
  const write = (piece: JsonObject): void => {
    if (content === undefined) {
      const written: JsonObject[] = [];
      add("msg", { type: "message", role: message.role, status, content: written });
      content = written;
    }
    content.push(piece);
  };
  const cite = (citation: Cited): void => {
    const piece = content?.findLast(({ type }) => type === "output_text");
    if (piece === undefined) early.push(citation);
    else
      (piece["annotations"] as JsonObject[]).push(annotationOf(citation, (piece["text"] as string).length));
  };
  const writeText = (text: string): void => {
    write(textOf(message.role, text));
    for (const citation of early.splice(0)) cite(citation);
  };

  for (const part of message.parts) {
    if (part.type === "text") writeText(part.text);
    else if (part.type === "citation") cite(part.citation);
    else if (part.type === "source") cite(part);
    else if (part.type === "file") write(fileOf(part));
    else if (part.type !== "step") add(...itemOf(part, message.parts));
  }
  if (early.length > 0 && message.role === "assistant" && message.status !== "streaming") writeText("");
  return items;
}

/** What an annotation names. */
type Cited = Citation | SourcePart;
type OwnItemPart = Exclude<Part, { type: "text" | "citation" | "source" | "file" | "step" }>;

function itemOf(part: OwnItemPart, parts: readonly Part[]): [IdPrefix, Item] {
  switch (part.type) {
    case "reasoning": {
      const encrypted = part.metadata?.["openai"]?.["reasoningEncryptedContent"];
      const more = typeof encrypted === "string" ? { encrypted_content: encrypted } : {};
      return ["rs", { type: "reasoning", summary: [{ type: "summary_text", text: part.text }], ...more }];
    }
    case "approval-request": {
      const call = parts.findLast((one) => one.type === "tool-call" && one.id === part.call);
      const { name = "", arguments: text = "{}" } = call?.type === "tool-call" ? call : {};
      const asked = { id: part.id, name, arguments: text, server_label: "chatkeep" };
      return ["msg", { type: "mcp_approval_request", ...asked }];
    }
    case "approval": {
      const { id, approved: approve, reason = null } = part;
      return ["msg", { type: "mcp_approval_response", approval_request_id: id, approve, reason }];
    }
    case "tool-call": {
      const call = { call_id: part.id, name: part.name, arguments: part.arguments };
      return ["fc", { type: "function_call", ...call, status: "completed" }];
    }
    case "tool-result": {
      const output = typeof part.result === "string" ? part.result : JSON.stringify(part.result);
      // OpenAI has no mark for an output that is an error.
      const status = part.error === true ? "incomplete" : "completed";
      return ["fco", { type: "function_call_output", call_id: part.id, output, status }];
    }
    case "data":
      return ["msg", { type: "data", name: part.name, data: part.data }];
  }
}

function textOf(role: ItemSource["role"], text: string): JsonObject {
  if (role === "assistant") return { type: "output_text", text, annotations: [], logprobs: [] };
  return { type: role === "tool" ? "text" : "input_text", text };
}

function fileOf({ url, mime, name, file, metadata }: Extract<Part, { type: "file" }>): JsonObject {
  const { inputType, imageDetail: detail = "auto" } = metadata?.["openai"] ?? {};
  const id = file === undefined || /^data:/i.test(url) ? undefined : fileIdToOpenai(file);
  if (inputType === undefined ? mime.startsWith("image/") : inputType === "input_image")
    return id === undefined
      ? { type: "input_image", image_url: url, file_id: null, detail }
      : { type: "input_image", image_url: null, file_id: id, detail };
  if (id !== undefined) return { type: "input_file", file_id: id };
  const place = /^data:/i.test(url) ? { file_data: url } : { file_url: url };
  return { type: "input_file", ...place, ...(name === undefined ? {} : { filename: name }) };
}

/** OpenAI's fields of a citation, and all of ours. */
function annotationOf(citation: Cited, end: number): JsonObject {
  if ("type" in citation) {
    const { id, url, title = "", name = title } = citation;
    return url === undefined
      ? { type: "file_citation", file_id: id, filename: name, index: end }
      : { type: "url_citation", url, title, start_index: end, end_index: end };
  }
  const chatkeep = { ...citation } satisfies JsonObject;
  const title = citation.section ?? citation.chapter;
  return citation.url === null
    ? { type: "file_citation", file_id: citation.path, filename: citation.path, index: end, chatkeep }
    : { type: "url_citation", url: citation.url, title, start_index: end, end_index: end, chatkeep };
}

function prefixOf(type: string): IdPrefix {
  if (type === "function_call") return "fc";
  if (type === "function_call_output") return "fco";
  return type === "reasoning" ? "rs" : "msg";
}
