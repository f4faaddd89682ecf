import { type EventSourceMessage, EventSourceParserStream } from "eventsource-parser/stream";

import type { Chunk } from "../chunk.ts";
import { ChatkeepError } from "../errors.ts";
import { type Json, parseJson } from "../json.ts";
import type { SeenEvent, TurnEvent } from "../turn.ts";

/** The response headers of a turn's stream: the AI SDK's, and one that turns off buffering in proxies. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-store, no-transform",
  "x-accel-buffering": "no",
  "x-vercel-ai-ui-message-stream": "v1",
};

/** The frame that follows the last event. */
export const DONE_FRAME = "data: [DONE]\n\n";

/** A comment frame. It keeps idle connections open and lets a reader detect a dead one. */
export const HEARTBEAT_FRAME = ": keep-alive\n\n";

/**
 * Formats an event as a frame of server-sent events (WHATWG HTML, 9.2). JSON has no line breaks, so one `data:` line is
 * enough.
 */
export function encodeFrame(event: TurnEvent): string {
  return `id: ${eventId(event)}\ndata: ${JSON.stringify(event.chunk)}\n\n`;
}

/** The `id` of an event's frame: its number, and from the second attempt on a point and the attempt. */
export function eventId({ seq, attempt }: SeenEvent): string {
  return attempt === undefined ? `${seq}` : `${seq}.${attempt}`;
}

/** Reads an {@link eventId}. */
export function seenEvent(id: string): SeenEvent {
  const [seq, attempt] = id.split(".").map(Number);
  return { seq: seq!, ...(attempt === undefined ? {} : { attempt }) };
}

/**
 * Reads a turn's stream until `[DONE]`. Errors: `unavailable` when the stream ends or breaks earlier; the reader can
 * resume after the last event that it got.
 */
export async function* decodeFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<TurnEvent, void, void> {
  const reader = readFrames(body);
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw cutOff(cause);
      });
      if (done) throw cutOff();
      if (value.data === "[DONE]") return;
      yield { ...seenEvent(value.id ?? ""), chunk: parseJson(value.data) as unknown as Chunk };
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Reads the JSON of any server-sent events until their end or `[DONE]`. Errors: those of the body, and of broken JSON. */
export async function* decodeData(body: ReadableStream<Uint8Array>): AsyncGenerator<Json, void, void> {
  const reader = readFrames(body);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value.data === "[DONE]") return;
      yield parseJson(value.data);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function readFrames(body: ReadableStream<Uint8Array>): ReadableStreamDefaultReader<EventSourceMessage> {
  return body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream())
    .getReader();
}

function cutOff(cause?: unknown): ChatkeepError {
  return new ChatkeepError("unavailable", "The stream was cut off before its end; resume it.", { cause });
}
