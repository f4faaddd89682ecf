import { type Answer, type JsonObject, type TurnEvent, type TurnState, createFold } from "@chatkeep/protocol";

import { type Item, itemsOf } from "./items.ts";
import type { ResponseBody } from "./response.ts";

/** Options of {@link responseFrames}. */
export interface ResponseFrames {
  /** The turn's events from the first: the numbers of what is sent come from them. */
  readonly events: AsyncIterable<TurnEvent>;
  /** The response as it begins. */
  readonly begun: (replyId: string) => ResponseBody;
  /** The response as it is settled. */
  readonly settled: (answer: Answer) => Promise<ResponseBody>;
  /** Only what comes after this number (default -1: all). */
  readonly after?: number | undefined;
}

/**
 * A turn's events as OpenAI streams a response. They are numbered from 0 in an order that follows from the
 * stored events alone, so any node gives the same numbers to a reader who resumes.
 */
export async function* responseFrames(options: ResponseFrames): AsyncGenerator<string, void, void> {
  const { after = -1 } = options;
  let number = -1;
  const frame = (type: string, fields: JsonObject): string => {
    number += 1;
    if (number <= after) return "";
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: number, ...fields })}\n\n`;
  };

  const fold = createFold();
  let replyId = "";
  let told: Item[] = [];
  for await (const { chunk } of options.events) {
    fold.push(chunk);
    let frames = "";
    if (chunk.type === "start") {
      replyId = chunk.messageId;
      const response = options.begun(replyId);
      frames += frame("response.created", { response });
      frames += frame("response.in_progress", { response });
    }
    const answer = fold.answer();
    const items = itemsOf({ id: replyId, role: "assistant", parts: answer.parts, status: "streaming" });
    for (const [index, item] of items.entries()) {
      for (const [type, fields] of changes(told[index], item, index)) frames += frame(type, fields);
      // The next item's beginning is this one's end.
      if (index >= told.length - 1 && index < items.length - 1) {
        for (const [type, fields] of endOf(item, index)) frames += frame(type, fields);
      }
    }
    told = items;
    // Nothing for a reader who has seen it.
    if (frames !== "") yield frames;
  }

  const response = await options.settled(fold.answer());
  let frames = "";
  for (const [index, item] of response.output.entries()) {
    for (const [type, fields] of changes(told[index], item, index)) frames += frame(type, fields);
    if (index >= told.length - 1)
      for (const [type, fields] of endOf(item, index)) frames += frame(type, fields);
  }
  const kind =
    response.status === "completed" || response.status === "failed" ? response.status : "incomplete";
  yield frames + frame(`response.${kind}`, { response });
}

type Told = [type: string, fields: JsonObject];

/** What a reader is told of an item that grew. */
function changes(before: Item | undefined, item: Item, index: number): Told[] {
  const at = { item_id: item["id"] as string, output_index: index };
  const told: Told[] = [];
  if (before === undefined)
    told.push(["response.output_item.added", { output_index: index, item: emptied(item) }]);
  const grown = (key: string): string => tail(before?.[key], item[key]);
  if (item.type === "function_call") {
    const delta = grown("arguments");
    if (delta !== "") told.push(["response.function_call_arguments.delta", { ...at, delta }]);
  }
  const old = piecesOf(before);
  for (const [place, piece] of piecesOf(item).entries()) {
    const here =
      item.type === "reasoning" ? { ...at, summary_index: place } : { ...at, content_index: place };
    const kind = item.type === "reasoning" ? "reasoning_summary_part" : "content_part";
    const earlier = old[place];
    if (earlier === undefined) told.push([`response.${kind}.added`, { ...here, part: emptiedPiece(piece) }]);
    const delta = tail(earlier?.["text"], piece["text"]);
    if (delta !== "") {
      told.push(
        item.type === "reasoning"
          ? ["response.reasoning_summary_text.delta", { ...here, delta }]
          : ["response.output_text.delta", { ...here, delta, logprobs: [] }],
      );
    }
    for (const [at, annotation] of listOf(piece["annotations"]).entries()) {
      if (at < listOf(earlier?.["annotations"]).length) continue;
      told.push(["response.output_text.annotation.added", { ...here, annotation_index: at, annotation }]);
    }
  }
  return told;
}

/** What a reader is told when an item is whole. */
function endOf(item: Item, index: number): Told[] {
  const at = { item_id: item["id"] as string, output_index: index };
  const whole = item["status"] === "in_progress" ? { ...item, status: "completed" } : item;
  const told: Told[] = [];
  if (item.type === "function_call") {
    const { name, arguments: text } = item as JsonObject;
    told.push(["response.function_call_arguments.done", { ...at, name: name ?? "", arguments: text ?? "" }]);
  }
  for (const [place, piece] of piecesOf(item).entries()) {
    if (item.type === "reasoning") {
      const here = { ...at, summary_index: place };
      told.push(["response.reasoning_summary_text.done", { ...here, text: piece["text"] ?? "" }]);
      told.push(["response.reasoning_summary_part.done", { ...here, part: piece }]);
    } else {
      const here = { ...at, content_index: place };
      if (piece["type"] === "output_text")
        told.push(["response.output_text.done", { ...here, text: piece["text"] ?? "", logprobs: [] }]);
      told.push(["response.content_part.done", { ...here, part: piece }]);
    }
  }
  told.push(["response.output_item.done", { output_index: index, item: whole }]);
  return told;
}

function piecesOf(item: Item | undefined): JsonObject[] {
  return listOf(item?.type === "reasoning" ? item["summary"] : item?.["content"]);
}

function listOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

function tail(before: unknown, now: unknown): string {
  return typeof now === "string" ? now.slice(typeof before === "string" ? before.length : 0) : "";
}

function emptied(item: Item): Item {
  if (item.type === "function_call") return { ...item, arguments: "", status: "in_progress" };
  if (item.type === "reasoning") return { ...item, summary: [] };
  return "content" in item ? { ...item, content: [] } : item;
}

function emptiedPiece(piece: JsonObject): JsonObject {
  return {
    ...piece,
    ...("text" in piece ? { text: "" } : {}),
    ...("annotations" in piece ? { annotations: [] } : {}),
  };
}

/** The state of a turn whose answer is only begun. */
export function begunState(state: Omit<TurnState, "reply">): TurnState {
  return { ...state, turn: { ...state.turn, status: "running", error: null, settledAt: null }, reply: null };
}
