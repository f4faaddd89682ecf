import type { Chunk } from "../chunk.ts";
import type { JsonObject } from "../json.ts";
import type { Message } from "../message.ts";
import type { TurnEvent, TurnState } from "../turn.ts";
import { createEncoder, settledChunks } from "./encode.ts";

/**
 * The stream of a settled turn, rebuilt from its stored answer. Its text is equal, but its events and their numbers
 * differ from the original, so it can be read from the beginning only.
 */
export function* replayEvents({ turn, reply }: TurnState): Generator<TurnEvent, void, void> {
  let seq = 0;
  const messageMetadata: JsonObject = {
    turn_id: turn.id,
    conversation_id: turn.conversationId,
    message_id: turn.messageId,
    persisted: turn.persisted,
    created_at: turn.createdAt,
  };
  yield { seq: ++seq, chunk: { type: "start", messageId: reply?.id ?? turn.id, messageMetadata } };
  for (const chunk of reply === null ? [] : answerChunks(reply)) yield { seq: ++seq, chunk };
  // The answer's, because a turn that waits for a person, or waited for too long, has a status of its own.
  const { status, error } = reply ?? turn;
  const isOpen = status === "queued" || status === "running" || status === "streaming";
  const ended = isOpen ? "interrupted" : status === "waiting" ? "complete" : status;
  for (const chunk of settledChunks(ended, error)) yield { seq: ++seq, chunk };
}

/** The chunks of a stored answer, without its start and end. */
export function* answerChunks(message: Message): Generator<Chunk, void, void> {
  const encoder = createEncoder();
  for (const part of message.parts) {
    // One block for each stored part.
    yield* encoder.end();
    yield* encoder.encode(part);
  }
  yield* encoder.end();
  const { model, usage, intent, processed } = message;
  if (model !== null) yield* encoder.encode({ type: "model", model, ...(usage === null ? {} : { usage }) });
  if (intent !== null) yield* encoder.encode({ type: "intent", intent, processed: processed === true });
}
