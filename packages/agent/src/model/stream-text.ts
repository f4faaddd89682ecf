import type { ResponderEvent } from "@chatkeep/protocol";
import type { TextStreamPart, ToolSet } from "ai";

import { createEventReader } from "./events.ts";
import { toResponderError } from "./failure.ts";

/** The part of `streamText`'s result that is used. */
export interface StreamTextResult {
  readonly fullStream: AsyncIterable<{ readonly type: string }>;
}

/**
 * Converts the result of the AI SDK's `streamText` to a responder's events: text, reasoning, tool calls with their
 * results, and usage. Throws a `ResponderError` when the model fails, where `textStream` would just end.
 */
export async function* fromStreamText({
  fullStream,
}: StreamTextResult): AsyncGenerator<ResponderEvent, void, void> {
  const eventsOf = createEventReader("");
  for await (const part of fullStream as AsyncIterable<TextStreamPart<ToolSet>>) {
    if (part.type === "error") throw toResponderError(part.error);
    yield* eventsOf(part);
  }
}
