import type { TextStreamPart, ToolSet } from "ai";

import type { CallOptions } from "./call.ts";
import type { Provider } from "./provider.ts";
import type { CallSettings } from "./settings.ts";

export interface StepsOptions extends CallOptions {
  /** Tools of the AI SDK, run by `streamText`. */
  readonly tools: ToolSet;
  /** Maximum calls of the model; each but the last one called tools. */
  readonly maxSteps: number;
  /** Once aborted, a step with tools is the last. */
  readonly steered: AbortSignal;
  readonly settings: CallSettings;
}

/** Calls a model with tools until it calls no more, and streams answers and tool results. */
export function callWithTools(
  { model, streamText, stopAfter }: Provider,
  { instructions, messages, retries, signal, tools, maxSteps, steered, settings }: StepsOptions,
): AsyncIterator<TextStreamPart<ToolSet>> {
  const { stream } = streamText({
    // Errors arrive as parts of the stream; the SDK would print them, with the prompt.
    onError: () => undefined,
    ...settings,
    model,
    ...(instructions === "" ? {} : { instructions }),
    messages,
    // Only a server key can write a system message, so those in the history are trusted.
    allowSystemInMessages: true,
    tools,
    stopWhen: [stopAfter(maxSteps), () => steered.aborted, ...[settings.stopWhen ?? []].flat()],
    maxRetries: retries,
    abortSignal: signal,
  });
  return stream[Symbol.asyncIterator]();
}
