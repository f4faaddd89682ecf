import type { Chunk } from "../chunk.ts";
import type { Message } from "../message.ts";
import type { TurnEvent } from "../turn.ts";
import { OURS } from "../wire/ui-message.ts";
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
 * sent once, and joins the turn with the answer that it continues. Our metadata has one key in a page's message, and the
 * page's own stays as it is.
 */
export async function* uiStream(
  events: AsyncIterable<TurnEvent> | Iterable<TurnEvent>,
  { messageId, before = [] }: UiStreamOptions = {},
): AsyncGenerator<TurnEvent, void, void> {
  const steps = createSteps();
  const decided = new Set(
    before.flatMap(({ parts }) => parts).flatMap((part) => (part.type === "approval" ? [part.id] : [])),
  );
  let isBegun = messageId === undefined;
  for await (const { seq, chunk } of events) {
    // A page would show it as a message, which the answer would not replace.
    if (seq === 0) continue;
    if (chunk.type === "start" && messageId !== undefined) {
      yield { seq, chunk: forPage({ ...chunk, messageId }) };
      for (const message of before) {
        // Each message has steps of its own.
        const told = createSteps();
        for (const one of answerChunks(message)) {
          // Version 6 refuses the chunk of a decision. The call goes on, as its result shows.
          if ("approvalId" in one && decided.has(one.approvalId)) continue;
          if (told.beginsAt(one)) yield { seq, chunk: STEP };
          yield { seq, chunk: forPage(one) };
        }
      }
    } else {
      // A result belongs to the step that made the call. Where nothing follows, other calls of it may be open.
      if (!isBegun && chunk.type !== "finish" && chunk.type !== "message-metadata") {
        isBegun = true;
        if (chunk.type !== "start-step") yield { seq, chunk: STEP };
      }
      if (steps.beginsAt(chunk)) yield { seq, chunk: STEP };
      yield { seq, chunk: forPage(chunk) };
    }
  }
}

const STEP: Chunk = { type: "start-step" };

function forPage(chunk: Chunk): Chunk {
  if ("messageMetadata" in chunk && chunk.messageMetadata !== undefined)
    return { ...chunk, messageMetadata: { [OURS]: chunk.messageMetadata } };
  // Version 6.0.50 refuses a stream with a field that it does not know. The reason is that of the approval.
  if (chunk.type === "tool-output-denied") return { type: chunk.type, toolCallId: chunk.toolCallId };
  return chunk;
}

/**
 * Tells before which chunks a step begins: where a model continues after its tools' results, and after an answer that
 * ends with results, so that a page does not send them as its own. A responder's own steps leave only the last to add.
 */
function createSteps(): { beginsAt(chunk: Chunk): boolean } {
  const open = new Set<string>();
  let hasOwn = false;
  let hasCalls = false;
  let isAnswered = false;
  return {
    beginsAt(chunk) {
      const isBegun = chunk.type === "tool-input-start" && open.has(chunk.toolCallId);
      const continues = isAnswered && hasCalls && !hasOwn && !isBegun && SAID.has(chunk.type);
      const ends = chunk.type === "finish" && hasCalls && open.size === 0;
      if (continues || chunk.type === "start-step") [isAnswered, hasCalls] = [false, false];
      if (chunk.type === "start-step") hasOwn = true;
      if (chunk.type === "tool-input-start") {
        open.add(chunk.toolCallId);
        hasCalls = true;
      } else if (isResult(chunk)) {
        open.delete(chunk.toolCallId);
        isAnswered = true;
      }
      return continues || ends;
    },
  };
}

const SAID = new Set<Chunk["type"]>(["text-start", "reasoning-start", "tool-input-start"]);

function isResult(chunk: Chunk): chunk is Chunk & { readonly toolCallId: string } {
  return (
    (chunk.type === "tool-output-available" && chunk.preliminary !== true) ||
    chunk.type === "tool-output-error" ||
    chunk.type === "tool-output-denied"
  );
}
