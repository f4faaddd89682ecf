import type { ResponderEvent } from "@chatkeep/protocol";

import { createCalls } from "./calls.ts";
import {
  type Item,
  type ItemReader,
  type Shape,
  itemIn,
  itemsIn,
  modelEvent,
  textEvent,
  textIn,
} from "./item.ts";

/**
 * The stream of `openai.chat.completions.create({ stream: true })`, also of servers that speak it with reasoning. Source:
 * `ChatCompletionChunk` of the `openai` package.
 */
export const openaiChat: Shape = { matches: ({ choices }) => Array.isArray(choices), createReader };

function createReader(): ItemReader {
  const calls = createCalls();
  /** The id of each call, by its index. Only its first piece has it. */
  const ids = new Map<unknown, string>();

  const callEvents = ({ index, id, function: called }: Item): ResponderEvent[] => {
    const { name, arguments: delta } = itemIn(called);
    if (textIn(id) !== "" && ids.get(index) !== id) {
      ids.set(index, textIn(id));
      calls.begin(id, name);
    }
    return calls.write(ids.get(index), delta);
  };

  const read = ({ choices, model, usage }: Item): ResponderEvent[] => {
    const [choice = {}] = itemsIn(choices);
    const delta = itemIn(choice["delta"]);
    return [
      ...textEvent("reasoning", delta["reasoning_content"] ?? delta["reasoning"]),
      ...textEvent("text", delta["content"] ?? delta["refusal"]),
      ...itemsIn(delta["tool_calls"]).flatMap(callEvents),
      ...(typeof choice["finish_reason"] === "string" ? calls.end() : []),
      ...(usage === undefined || usage === null ? [] : modelEvent(model, usage)),
    ];
  };
  return { read, end: () => calls.end() };
}
