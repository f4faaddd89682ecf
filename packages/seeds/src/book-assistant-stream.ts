import { type Citation, type TurnEvent, createFold } from "@chatkeep/protocol";

export interface ChatPlace {
  readonly sessionId: string | null;
  readonly conversationId: string;
}

/**
 * Formats a turn's events as server-sent events: `metadata` with the citations before the first text, and again at the
 * end if more citations or an outage came; a `token` for each piece of text; `done` or `error` at the end.
 */
export async function* chatFrames(
  events: AsyncIterable<TurnEvent>,
  place: ChatPlace,
): AsyncGenerator<string, void, void> {
  const began = performance.now();
  const fold = createFold();
  const citations: Citation[] = [];
  let messageId = "";
  let told = "";
  /** The fields of `metadata` that may change during the answer. */
  const telling = (): string => `${citations.length} ${fold.answer().persisted}`;
  const metadata = (): string => {
    told = telling();
    return frame("metadata", {
      citations,
      stream: true,
      session_id: place.sessionId,
      conversation_id: place.conversationId,
      message_id: messageId,
      persisted: fold.answer().persisted,
    });
  };

  for await (const { chunk } of events) {
    fold.push(chunk);
    if (chunk.type === "start") ({ messageId } = chunk);
    if (chunk.type === "source-url" || chunk.type === "source-document") {
      const part = fold.answer().parts.at(-1);
      if (part?.type === "citation") citations.push(part.citation);
    }
    if (chunk.type === "text-delta") {
      if (told === "") yield metadata();
      yield frame("token", { text: chunk.delta });
    }
  }
  if (told !== telling()) yield metadata();
  const { status, error } = fold.answer();
  if (status === "failed" || status === "interrupted") {
    const message = error?.detail ?? "The answer was cut off before its end.";
    yield frame("error", { message });
  } else {
    yield frame("done", { duration_ms: Math.round(performance.now() - began) });
  }
}

function frame(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
