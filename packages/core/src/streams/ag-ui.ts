import { ResponderError, type ResponderEvent, parseJson } from "@chatkeep/protocol";

import { createCalls } from "./calls.ts";
import {
  type Item,
  type ItemReader,
  type Shape,
  jsonOf,
  modelEvent,
  resultEvent,
  textEvent,
  textIn,
} from "./item.ts";

/**
 * AG-UI's events, which TanStack AI streams too. State is kept as the data parts `ag-ui-state` and `ag-ui-state-delta`.
 * Source: `EventType` of `@ag-ui/core`.
 */
export const agUi: Shape = { matches: ({ type }) => /^[A-Z]+(?:_[A-Z]+)*$/.test(textIn(type)), createReader };

function createReader(): ItemReader {
  const calls = createCalls();
  /** The call of the latest chunk: the chunks after it have no id. */
  let current: unknown;

  const read = (event: Item): ResponderEvent[] => {
    const { toolCallId: id, toolCallName: name, delta } = event;
    switch (event["type"]) {
      case "TEXT_MESSAGE_CONTENT":
      case "TEXT_MESSAGE_CHUNK":
        return textEvent("text", delta);
      case "REASONING_MESSAGE_CONTENT":
      case "REASONING_MESSAGE_CHUNK":
      case "THINKING_TEXT_MESSAGE_CONTENT":
        return textEvent("reasoning", delta);
      case "TOOL_CALL_START":
        calls.begin(id, name);
        return [];
      case "TOOL_CALL_ARGS":
        return calls.write(id, delta);
      case "TOOL_CALL_END":
        return calls.complete(id, event["toolName"], event["input"]);
      case "TOOL_CALL_CHUNK": {
        const closed = id === undefined || id === current ? [] : calls.end();
        if (closed.length > 0 || current === undefined) calls.begin(id, name);
        current = id ?? current;
        return [...closed, ...calls.write(current, delta)];
      }
      case "TOOL_CALL_RESULT":
        return [...calls.end(), resultEvent(id, valueOf(event["content"]))];
      case "STATE_SNAPSHOT":
        return [{ type: "data", name: "ag-ui-state", id: "ag-ui-state", data: jsonOf(event["snapshot"]) }];
      case "STATE_DELTA":
        return [{ type: "data", name: "ag-ui-state-delta", data: jsonOf(delta) }];
      case "CUSTOM":
        return [{ type: "data", name: textIn(event["name"]), data: jsonOf(event["value"]) }];
      case "RUN_FINISHED":
        return modelEvent(event["model"], event["usage"]);
      case "RUN_ERROR":
        throw new ResponderError({ code: "model_error", detail: textIn(event["message"]) });
      default:
        return [];
    }
  };
  return { read, end: () => calls.end() };
}

/** The result of a tool: AG-UI carries it as text, which is often JSON. */
function valueOf(content: unknown): unknown {
  try {
    return parseJson(textIn(content));
  } catch {
    return content;
  }
}
