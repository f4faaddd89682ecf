import type { ModelStep } from "./step.ts";

/** A step that says something; the others do something to the connection. */
export type SpokenStep = Exclude<ModelStep, { type: "error" | "raw" | "cut" | "hang" }>;

/** How a provider puts an answer on the wire; what is given are whole server-sent events, or a JSON body. */
export interface Wire {
  /** What a stream begins with. */
  begin(): string;
  step(step: SpokenStep): string;
  /** A fault in the middle of a stream, and how the stream then ends. */
  fault(message: string): string;
  /** What a stream ends with. */
  end(): string;
  /** All that was said, for a request that is not streamed. */
  whole(): object;
  /** The body with which a request is refused. */
  refusal(status: number, message: string): object;
}

/** What of a request decides how it is answered. */
export interface WireRequest {
  readonly path: string;
  readonly index: number;
  readonly model: string;
  /** Counted as its tokens. */
  readonly messages: number;
  /** Whether usage is to be streamed too (OpenAI's `stream_options`). */
  readonly usage: boolean;
}

/** A server-sent event, under a name where one is given. */
export function sse(data: object | string, name?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${text}\n\n`;
}
