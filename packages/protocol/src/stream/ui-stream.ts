import type { Chunk } from "../chunk.ts";
import type { Message } from "../message.ts";
import type { TurnEvent } from "../turn.ts";
import { answerChunks } from "./replay.ts";

/** What {@link uiStream} takes besides the events. */
export interface UiStreamOptions {
  /** The page's message that the turn goes on with, after results of the client's own tools (default: none). */
  readonly messageId?: string | undefined;
  /** What of that message comes first, for a page that reads it from its beginning (default: nothing). */
  readonly before?: readonly Message[];
}

/**
 * A turn's events for `useChat`: with the steps that its `sendAutomaticallyWhen` looks for, so that it sends
 * results of tools once; and as one message with the answer that the turn goes on with.
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
      // What was answered belongs to the step that it ended.
      beginsStep({ type: "start-step" });
      yield { seq, chunk: { type: "start-step" } };
    } else {
      if (beginsStep(chunk)) yield { seq, chunk: { type: "start-step" } };
      yield { seq, chunk };
    }
  }
}

/** Tells before which chunks a step begins: where a model goes on after the results of its tools. */
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
  // The arguments of a call may begin anew.
  if (chunk.type === "tool-input-start") return !called.has(chunk.toolCallId);
  return chunk.type === "text-start" || chunk.type === "reasoning-start";
}
