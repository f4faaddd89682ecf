import type { TextStreamPart, ToolSet } from "ai";

import type { CallOptions } from "./call.ts";
import type { Provider } from "./provider.ts";

export interface StepsOptions extends CallOptions {
  /** Tools of the AI SDK, which are run here. */
  readonly tools: ToolSet;
  /** The most answers of the model; each but the last one called tools. */
  readonly maxSteps: number;
}

/** The answers of a model that has tools, one after the other, with what its tools gave in between. */
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
