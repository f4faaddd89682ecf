import type { TextStreamPart, ToolSet } from "ai";

import type { CallOptions } from "./call.ts";
import type { Provider } from "./provider.ts";

export interface StepsOptions extends CallOptions {
  /** Tools of the AI SDK, run by `streamText`. */
  readonly tools: ToolSet;
  /** Maximum calls of the model; each but the last one called tools. */
  readonly maxSteps: number;
}

/** Calls a model with tools until it calls no more, and streams answers and tool results. */
export function callWithTools(
  { model, streamText, stopAfter }: Provider,
  { instructions, messages, retries, signal, tools, maxSteps }: StepsOptions,
): AsyncIterator<TextStreamPart<ToolSet>> {
  const { stream } = streamText({
    model,
    ...(instructions === "" ? {} : { instructions }),
    messages,
    // Only a server key can write a system message, so those in the history are trusted.
    allowSystemInMessages: true,
    tools,
    stopWhen: stopAfter(maxSteps),
    maxRetries: retries,
    abortSignal: signal,
    // Errors arrive as parts of the stream; the SDK would print them, with the prompt.
    onError: () => undefined,
  });
  return stream[Symbol.asyncIterator]();
}
