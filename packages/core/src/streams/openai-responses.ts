import type { ResponderEvent } from "@chatkeep/protocol";

import { createCalls } from "./calls.ts";
import { toResponderError } from "./failure.ts";
import {
  type Item,
  type ItemReader,
  type Shape,
  itemIn,
  modelEvent,
  resultEvent,
  sourceEvent,
  textEvent,
  textIn,
} from "./item.ts";

/** The stream of `openai.responses.create({ stream: true })`. Source: `ResponseStreamEvent` of the `openai` package. */
export const openaiResponses: Shape = {
  matches: ({ type }) => textIn(type).startsWith("response."),
  createReader,
};

function createReader(): ItemReader {
  const calls = createCalls();
  /** The id of each call, by that of its item. */
  const ids = new Map<unknown, unknown>();

  const read = (item: Item): ResponderEvent[] => {
    const output = itemIn(item["item"]);
    const response = itemIn(item["response"]);
    switch (item["type"]) {
      case "response.output_text.delta":
      case "response.refusal.delta":
        return textEvent("text", item["delta"]);
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
        return textEvent("reasoning", item["delta"]);
      case "response.output_text.annotation.added":
        return sourceEvent({ ...itemIn(item["annotation"]), id: undefined });
      case "response.output_item.added":
        if (output["call_id"] === undefined) return [];
        ids.set(output["id"], output["call_id"]);
        calls.begin(output["call_id"], output["name"]);
        return [];
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        return calls.write(ids.get(item["item_id"]), item["delta"]);
      case "response.output_item.done":
        return doneEvents(output, calls.complete);
      case "response.completed":
      case "response.incomplete":
        return modelEvent(response["model"], response["usage"]);
      case "response.failed":
        throw toResponderError(response["error"]);
      default:
        return [];
    }
  };
  return { read };
}

/** A call, and its result where OpenAI ran the tool: a search, an MCP server's tool, a picture. */
function doneEvents(item: Item, complete: ReturnType<typeof createCalls>["complete"]): ResponderEvent[] {
  const { type, id, call_id: callId, name, result, error, ...rest } = item;
  if (!textIn(type).endsWith("_call")) return [];
  if (callId !== undefined) return complete(callId, name, rest["arguments"] ?? rest["input"]);
  if (type === "image_generation_call" && typeof result === "string") {
    const mime = `image/${textIn(rest["output_format"]) || "png"}`;
    return [{ type: "file", url: `data:${mime};base64,${result}`, mime }];
  }
  const { arguments: input, output, status, ...fields } = rest;
  return [
    ...complete(id, name ?? type, input ?? fields, { executor: "provider" }),
    error === undefined || error === null
      ? resultEvent(id, output ?? status)
      : resultEvent(id, error, { error: true }),
  ];
}
