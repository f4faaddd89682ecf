import { type Json, ResponderError, type ResponderEvent, parseJson } from "@chatkeep/protocol";

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
 * AG-UI's events, which TanStack AI streams too. State and activities are kept as data parts: `ag-ui-state`,
 * `ag-ui-activity`, and their changes with `-delta`. Source: `EventType` of `@ag-ui/core`.
 */
export const agUi: Shape = { matches: ({ type }) => /^[A-Z]+(?:_[A-Z]+)*$/.test(textIn(type)), createReader };

function createReader(): ItemReader {
  const calls = createCalls();
  /** The call of the latest chunk: the chunks after it have no id. */
  let current: unknown;
  /** The ids of the data parts of snapshots, by what they are of. */
  const snapshots = new Map<string, string>();

  /**
   * A snapshot replaces the one before it, but not across a delta: parts keep their places, so older deltas would be applied to
   * the newer snapshot. The id is of this stream alone: a continued answer has parts of an earlier one.
   */
  const snapshotOf = (name: string, key: string, data: Json): ResponderEvent => {
    const id = snapshots.get(key) ?? `${name}-${crypto.randomUUID()}`;
    snapshots.set(key, id);
    return { type: "data", name, id, data };
  };
  const deltaOf = (name: string, key: string, data: Json): ResponderEvent => {
    snapshots.delete(key);
    return { type: "data", name, data };
  };

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
        return [snapshotOf("ag-ui-state", "", jsonOf(event["snapshot"]))];
      case "STATE_DELTA":
        return [deltaOf("ag-ui-state-delta", "", jsonOf(delta))];
      case "ACTIVITY_SNAPSHOT": {
        const { messageId, activityType, content, replace } = event;
        const activity = jsonOf({ messageId, activityType, content, replace });
        return [snapshotOf("ag-ui-activity", `activity ${textIn(messageId)}`, activity)];
      }
      case "ACTIVITY_DELTA": {
        const { messageId, activityType, patch } = event;
        const change = jsonOf({ messageId, activityType, patch });
        return [deltaOf("ag-ui-activity-delta", `activity ${textIn(messageId)}`, change)];
      }
      case "RAW":
        return [
          {
            type: "data",
            name: "ag-ui-raw",
            data: jsonOf({ event: event["event"], source: event["source"] }),
          },
        ];
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
