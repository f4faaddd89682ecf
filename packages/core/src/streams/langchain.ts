import type { ResponderEvent } from "@chatkeep/protocol";

import { createCalls } from "./calls.ts";
import {
  type Item,
  type ItemReader,
  type Shape,
  isItem,
  itemIn,
  itemsIn,
  jsonOf,
  modelEvent,
  resultEvent,
  textEvent,
  textIn,
} from "./item.ts";

/** The modes of a graph's stream that are read. */
const MODES = new Set(["messages", "updates", "custom"]);

/**
 * LangChain's message chunks, and what a LangGraph streams: `messages`, `updates` and `custom`, alone or several modes
 * at once, and `streamEvents`. Source: `AIMessageChunk` and `StreamMode` of their packages.
 */
export const langchain: Shape = {
  matches: (item) => isTuple(item) || isMessage(item) || isRunEvent(item) || messagesOf(item).length > 0,
  createReader,
};

function createReader(): ItemReader {
  const calls = createCalls();
  /** The id of each call of the current message, by its index. */
  let ids = new Map<unknown, string>();
  let messageId: unknown;
  const streamed = new Set<unknown>();

  const callEvents = ({ index, id, name, args }: Item): ResponderEvent[] => {
    if (textIn(id) !== "") {
      ids.set(index, textIn(id));
      calls.begin(id, name);
    }
    return calls.write(ids.get(index), args);
  };

  const messageEvents = (message: Item): ResponderEvent[] => {
    const kind = kindOf(message);
    if (kind === "tool") {
      const { tool_call_id: id, content, status } = message;
      return [...calls.end(), resultEvent(id, content, status === "error" ? { error: true } : {})];
    }
    if (kind !== "ai") return [];
    const events: ResponderEvent[] = message["id"] === messageId ? [] : calls.end();
    if (events.length > 0 || message["id"] !== messageId) ids = new Map();
    messageId = message["id"];
    streamed.add(messageId);
    const pieces = itemsIn(message["tool_call_chunks"]);
    return [
      ...events,
      ...textEvent("reasoning", itemIn(message["additional_kwargs"])["reasoning_content"]),
      ...contentEvents(message["content"]),
      ...(Array.isArray(message["tool_call_chunks"])
        ? pieces.flatMap(callEvents)
        : itemsIn(message["tool_calls"]).flatMap(({ id, name, args }) => calls.complete(id, name, args))),
      ...(isItem(message["usage_metadata"]) ? modelEvent(modelOf(message), message["usage_metadata"]) : []),
    ];
  };

  const read = (item: Item): ResponderEvent[] => {
    if (isMessage(item)) return messageEvents(item);
    if (Array.isArray(item)) return tupleEvents(item);
    if (isRunEvent(item)) {
      const { chunk, output } = itemIn(item["data"]);
      if (item["event"] === "on_chat_model_stream") return read(itemIn(chunk));
      return item["event"] === "on_tool_end" && isMessage(itemIn(output)) ? read(itemIn(output)) : [];
    }
    // Messages that were streamed piece by piece come again when their node is done.
    return messagesOf(item)
      .filter(({ id }) => id === undefined || !streamed.has(id))
      .flatMap(messageEvents);
  };

  const tupleEvents = (tuple: readonly unknown[]): ResponderEvent[] => {
    if (isMessage(itemIn(tuple[0]))) return messageEvents(itemIn(tuple[0]));
    const [mode, value] = tuple.slice(-2);
    if (typeof mode !== "string") return isItem(tuple[1]) ? read(tuple[1]) : [];
    if (!MODES.has(mode)) return [];
    return mode === "custom" ? [{ type: "data", name: "custom", data: jsonOf(value) }] : read(itemIn(value));
  };

  return { read, end: () => calls.end() };
}

function kindOf(message: Item): unknown {
  const get = message["getType"] ?? message["_getType"];
  return typeof get === "function" ? (get.call(message) as unknown) : undefined;
}

function isMessage(item: Item): boolean {
  return typeof item["getType"] === "function" || typeof item["_getType"] === "function";
}

/** `[message, metadata]`, `[mode, value]`, or with the namespace of a subgraph before them. */
function isTuple(item: Item): boolean {
  if (!Array.isArray(item) || item.length < 2 || item.length > 3) return false;
  return typeof item[0] === "string" || Array.isArray(item[0]) || isMessage(itemIn(item[0]));
}

function isRunEvent({ event, run_id: id }: Item): boolean {
  return typeof event === "string" && typeof id === "string";
}

/** The messages of an update: each node's name with what it changed. */
function messagesOf(update: Item): Item[] {
  return Object.values(update)
    .flatMap((change) => itemsIn(itemIn(change)["messages"]))
    .filter(isMessage);
}

/** A message's text, or its blocks of text and reasoning. */
function contentEvents(content: unknown): ResponderEvent[] {
  if (typeof content === "string") return textEvent("text", content);
  return itemsIn(content).flatMap(({ type, text, thinking, reasoning }) =>
    type === "thinking" || type === "reasoning"
      ? textEvent("reasoning", thinking ?? reasoning)
      : textEvent("text", text),
  );
}

function modelOf(message: Item): unknown {
  const { model_name: name, model } = itemIn(message["response_metadata"]);
  return name ?? model;
}
