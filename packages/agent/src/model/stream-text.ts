import type { ResponderEvent } from "@chatkeep/protocol";
import type { TextStreamPart, ToolSet } from "ai";

import { createEventReader } from "./events.ts";
import { toResponderError } from "./failure.ts";

/** The part of `streamText`'s result that is read. */
export interface StreamTextResult {
  readonly fullStream: AsyncIterable<{ readonly type: string }>;
}

/**
 * Gives the answer of the AI SDK's `streamText` as a responder's events: text, reasoning, tool calls with their
 * results, and usage. Throws when the model fails, with a sentence for the person; `textStream` would end as if the
 * model had said nothing.
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
