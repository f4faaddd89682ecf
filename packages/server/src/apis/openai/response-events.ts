import {
  type Answer,
  ChatkeepError,
  type Chunk,
  type JsonObject,
  type TurnEvent,
  type TurnState,
  createFold,
} from "@chatkeep/protocol";

import { type Item, itemsOf } from "./items.ts";
import type { ResponseBody } from "./response.ts";

/** Options of {@link responseFrames}. */
export interface ResponseFrames {
  /** The turn's events from the first. The numbers of OpenAI's events follow from them. */
  readonly events: AsyncIterable<TurnEvent>;
  /** Returns the response as it begins. */
  readonly begun: (replyId: string) => ResponseBody;
  /** Returns the settled response. */
  readonly settled: (answer: Answer) => Promise<ResponseBody>;
  /** Sends only events after this number (default -1: all). */
  readonly after?: number | undefined;
}

/**
 * Translates a turn's events to OpenAI's events of a response. Their numbers start at 0 and follow from the stored events
 * alone, so a reader can resume on any node. Errors: `events_expired` for a number beyond the end.
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
  let sent: Item[] = [];
  let growing: Growing | undefined;
  for await (const { chunk } of options.events) {
    fold.push(chunk);
    let frames = "";
    if (growing !== undefined && isDeltaOf(growing, chunk)) {
      const { piece, event, fields } = growing;
      piece["text"] = `${piece["text"] as string}${chunk.delta}`;
      frames = frame(event, { ...fields, delta: chunk.delta });
      if (frames !== "") yield frames;
      continue;
    }
    if (chunk.type === "start") {
      replyId = chunk.messageId;
      const response = options.begun(replyId);
      frames += frame("response.created", { response });
      frames += frame("response.in_progress", { response });
    }
    const answer = fold.answer();
    const items = itemsOf({ id: replyId, role: "assistant", parts: answer.parts, status: "streaming" });
    growing = undefined;
    for (const [index, item] of items.entries()) {
      const changed = changes(sent[index], item, index);
      for (const [type, fields] of changed) frames += frame(type, fields);
      // An item ends where the next one begins.
      if (index === items.length - 1) growing = growingOf(item, changed.at(-1), chunk);
      else if (index >= sent.length - 1)
        for (const [type, fields] of endOf(item, index)) frames += frame(type, fields);
    }
    sent = items;
    if (frames !== "") yield frames;
  }

  const response = await options.settled(fold.answer());
  let frames = "";
  for (const [index, item] of response.output.entries()) {
    for (const [type, fields] of changes(sent[index], item, index)) frames += frame(type, fields);
    if (index >= sent.length - 1)
      for (const [type, fields] of endOf(item, index)) frames += frame(type, fields);
  }
  const kind =
    response.status === "completed" || response.status === "failed" ? response.status : "incomplete";
  frames += frame(`response.${kind}`, { response });
  if (number < after) {
    const detail = "This response has no event with this number. Read the response instead.";
    throw new ChatkeepError("events_expired", detail, { pointer: "starting_after" });
  }
  yield frames;
}

type Event = [type: string, fields: JsonObject];
type Delta = Extract<Chunk, { type: "text-delta" | "reasoning-delta" }>;

/**
 * The block that grows at the end of an answer. Its next delta is sent without a look at the answer: to compare the
 * items at each event would read the whole text each time.
 */
interface Growing {
  readonly block: Delta;
  readonly piece: JsonObject;
  readonly event: string;
  readonly fields: JsonObject;
}

function growingOf(item: Item, last: Event | undefined, chunk: Chunk): Growing | undefined {
  if (chunk.type !== "text-delta" && chunk.type !== "reasoning-delta") return undefined;
  const pieces = piecesOf(item);
  const piece = pieces.at(-1);
  if (piece === undefined || last?.[0].endsWith("text.delta") !== true) return undefined;
  const [event, fields] = last;
  const place = fields["content_index"] ?? fields["summary_index"];
  return place === pieces.length - 1 ? { block: chunk, piece, event, fields } : undefined;
}

function isDeltaOf({ block }: Growing, chunk: Chunk): chunk is Delta {
  return chunk.type === block.type && chunk.id === block.id && chunk.delta !== "";
}

/** The events of an item that grew. */
function changes(before: Item | undefined, item: Item, index: number): Event[] {
  const at = { item_id: item["id"] as string, output_index: index };
  const events: Event[] = [];
  if (before === undefined)
    events.push(["response.output_item.added", { output_index: index, item: emptied(item) }]);
  const grown = (key: string): string => tail(before?.[key], item[key]);
  if (item.type === "function_call") {
    const delta = grown("arguments");
    if (delta !== "") events.push(["response.function_call_arguments.delta", { ...at, delta }]);
  }
  const old = piecesOf(before);
  for (const [place, piece] of piecesOf(item).entries()) {
    const here =
      item.type === "reasoning" ? { ...at, summary_index: place } : { ...at, content_index: place };
    const kind = item.type === "reasoning" ? "reasoning_summary_part" : "content_part";
    const earlier = old[place];
    if (earlier === undefined)
      events.push([`response.${kind}.added`, { ...here, part: emptiedPiece(piece) }]);
    const delta = tail(earlier?.["text"], piece["text"]);
    if (delta !== "") {
      events.push(
        item.type === "reasoning"
          ? ["response.reasoning_summary_text.delta", { ...here, delta }]
          : ["response.output_text.delta", { ...here, delta, logprobs: [] }],
      );
    }
    for (const [at, annotation] of listOf(piece["annotations"]).entries()) {
      if (at < listOf(earlier?.["annotations"]).length) continue;
      events.push(["response.output_text.annotation.added", { ...here, annotation_index: at, annotation }]);
    }
  }
  return events;
}

/** The events of an item that is complete. */
function endOf(item: Item, index: number): Event[] {
  const at = { item_id: item["id"] as string, output_index: index };
  const whole = item["status"] === "in_progress" ? { ...item, status: "completed" } : item;
  const events: Event[] = [];
  if (item.type === "function_call") {
    const { name, arguments: text } = item as JsonObject;
    events.push([
      "response.function_call_arguments.done",
      { ...at, name: name ?? "", arguments: text ?? "" },
    ]);
  }
  for (const [place, piece] of piecesOf(item).entries()) {
    if (item.type === "reasoning") {
      const here = { ...at, summary_index: place };
      events.push(["response.reasoning_summary_text.done", { ...here, text: piece["text"] ?? "" }]);
      events.push(["response.reasoning_summary_part.done", { ...here, part: piece }]);
    } else {
      const here = { ...at, content_index: place };
      if (piece["type"] === "output_text")
        events.push(["response.output_text.done", { ...here, text: piece["text"] ?? "", logprobs: [] }]);
      events.push(["response.content_part.done", { ...here, part: piece }]);
    }
  }
  events.push(["response.output_item.done", { output_index: index, item: whole }]);
  return events;
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

/** The state of a turn whose answer has just begun. */
export function begunState(state: Omit<TurnState, "reply">): TurnState {
  return { ...state, turn: { ...state.turn, status: "running", error: null, settledAt: null }, reply: null };
}
