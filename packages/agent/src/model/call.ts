import type { LanguageModelV4Prompt, LanguageModelV4StreamPart } from "@ai-sdk/provider";

import type { Provider } from "./provider.ts";
import type { ModelSettings } from "./settings.ts";

export interface CallOptions {
  /** `""`: none. */
  readonly instructions: string;
  readonly messages: LanguageModelV4Prompt;
  /** Maximum retries of a request that failed before its first token. */
  readonly retries: number;
  readonly signal: AbortSignal;
}

/** Maximum milliseconds of a provider's `Retry-After`. A longer one is ignored. */
const LONGEST_WAIT = 60_000;

/**
 * Calls a model without tools through its provider. `streamText` takes several times as long for each token, because it
 * supports tools, steps and several readers. Retries as `streamText` does.
 */
export async function callModel(
  { model, retryWith, APICallError }: Provider,
  { instructions, messages, retries, signal }: CallOptions,
  settings: ModelSettings = {},
): Promise<AsyncIterator<LanguageModelV4StreamPart>> {
  const headersOf = (error: unknown): Headers | undefined =>
    APICallError.isInstance(error) ? error.responseHeaders : undefined;
  const retry = retryWith({
    maxRetries: retries,
    abortSignal: signal,
    shouldRetry: (error) => APICallError.isInstance(error) && error.isRetryable,
    getDelayInMs: ({ error, exponentialBackoffDelay }) => waitOf(headersOf(error)) ?? exponentialBackoffDelay,
    createRetryError: ({ errors }) => errors.at(-1),
  });
  const prompt: LanguageModelV4Prompt =
    instructions === "" ? messages : [{ role: "system", content: instructions }, ...messages];
  const { stream } = await retry(() => model.doStream({ ...settings, prompt, abortSignal: signal }));
  return stream[Symbol.asyncIterator]();
}

type Headers = Readonly<Record<string, string>>;

/** The milliseconds of `Retry-After` (RFC 9110) or OpenAI's `retry-after-ms`. */
function waitOf(headers: Headers = {}): number | undefined {
  const after = headers["retry-after"] ?? "";
  const seconds = Number.parseFloat(after);
  const wait = Number(
    headers["retry-after-ms"] ?? (Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000),
  );
  return wait >= 0 && wait < LONGEST_WAIT ? wait : undefined;
}
