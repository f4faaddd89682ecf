import type { Chunk } from "../chunk.ts";
import type { Message } from "../message.ts";
import type { TurnEvent } from "../turn.ts";
import { answerChunks } from "./replay.ts";

/** Options of {@link uiStream}. */
export interface UiStreamOptions {
  /** The page's message that the turn continues after results of the client's tools. Default: none. */
  readonly messageId?: string | undefined;
  /** The chunks of that message, for a page that reads it from its beginning. Default: none. */
  readonly before?: readonly Message[];
}

/**
 * Adapts a turn's events for `useChat`. It adds the steps that `sendAutomaticallyWhen` looks for, so that tool results are
 * sent once, and joins the turn with the answer that it continues.
 */
export async function* uiStream(
  events: AsyncIterable<TurnEvent>,
  { messageId, before = [] }: UiStreamOptions = {},
): AsyncGenerator<TurnEvent, void, void> {
  const beginsStep = createSteps();
  for await (const { seq, chunk } of events) {
    if (chunk.type === "start" && messageId !== undefined) {
      yield { seq, chunk: { ...chunk, messageId } };
      for (const message of before) {
        for (const told of answerChunks(message)) {
          if (beginsStep(told)) yield { seq, chunk: { type: "start-step" } };
          yield { seq, chunk: told };
        }
      }
      // A result belongs to the step that made the call.
      beginsStep({ type: "start-step" });
      yield { seq, chunk: { type: "start-step" } };
    } else {
      if (beginsStep(chunk)) yield { seq, chunk: { type: "start-step" } };
      yield { seq, chunk };
    }
  }
}

/** Tells before which chunks a step begins: where a model continues after its tools' results. */
function createSteps(): (chunk: Chunk) => boolean {
  const called = new Set<string>();
  let isAnswered = false;
  return (chunk) => {
    const continues = isAnswered && isSaid(chunk, called);
    if (chunk.type === "tool-input-start") called.add(chunk.toolCallId);
    if (chunk.type === "tool-output-available" || chunk.type === "tool-output-error") isAnswered = true;
    else if (continues || chunk.type === "start-step") isAnswered = false;
    return continues;
  };
}

function isSaid(chunk: Chunk, called: ReadonlySet<string>): boolean {
  // A call may start its arguments again.
  if (chunk.type === "tool-input-start") return !called.has(chunk.toolCallId);
  return chunk.type === "text-start" || chunk.type === "reasoning-start";
}
