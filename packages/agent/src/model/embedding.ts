import { type Embedding, EmbeddingRefused, toResponderError } from "@chatkeep/core";
import type { EmbeddingModel, embedMany } from "ai";

import { type ProviderOptions, type Settings, checkAddress, cutName } from "./name.ts";

/** `model` is `openai-compatible/<name>`, `openai/<name>` or `google/<name>`. */
export interface EmbeddingOptions extends ProviderOptions {
  /** The minimum cosine similarity of a match; see core's `Embedding`. Default 0.3. */
  readonly leastSimilarity?: number | undefined;
  /** The timeout of a call in milliseconds. Default 60,000. */
  readonly timeout?: number | undefined;
}

/** Loads each provider's package. Anthropic has no embeddings. */
const PROVIDERS: Readonly<Record<string, (name: string, settings: Settings) => Promise<EmbeddingModel>>> = {
  openai: async (name, settings) =>
    (await import("@ai-sdk/openai")).createOpenAI(settings).embeddingModel(name),
  google: async (name, settings) =>
    (await import("@ai-sdk/google")).createGoogleGenerativeAI(settings).embeddingModel(name),
  "openai-compatible": async (name, { baseURL = "", apiKey }) =>
    (await import("@ai-sdk/openai-compatible"))
      .createOpenAICompatible({ name: "openaiCompatible", baseURL, ...(apiKey === "" ? {} : { apiKey }) })
      .embeddingModel(name),
};

/** Statuses of a provider that refuses a text: too long, empty, not allowed. */
const REFUSED = new Set([400, 413, 422]);

/**
 * Creates an embedding through the AI SDK, which is loaded at the first call. Throws a `TypeError` for an invalid `model`
 * or `baseUrl`. Errors quote no text.
 */
export function createEmbedding(options: EmbeddingOptions): Embedding {
  const { model, apiKey = "", baseUrl, leastSimilarity, timeout = 60_000 } = options;
  const { name, open } = cutName(model, PROVIDERS, "embedding model");
  checkAddress(options);
  const load = async (): Promise<{ embedMany: typeof embedMany; loaded: EmbeddingModel }> => {
    const settings = { apiKey, ...(baseUrl === undefined ? {} : { baseURL: baseUrl }) };
    const [sdk, loaded] = await Promise.all([import("ai"), open(name, settings)]);
    return { embedMany: sdk.embedMany, loaded };
  };
  let loading: ReturnType<typeof load> | undefined;

  return {
    model,
    leastSimilarity,
    async embed(texts, signal) {
      const sdk = await (loading ??= load());
      try {
        const { embeddings } = await sdk.embedMany({
          model: sdk.loaded,
          values: [...texts],
          // The embedding worker retries with backoff.
          maxRetries: 0,
          abortSignal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
        });
        return embeddings;
      } catch (error) {
        // The SDK's errors hold the request, with the texts.
        const { cause } = toResponderError(error);
        const told = `The embedding model failed: ${cause instanceof Error ? cause.message : "unknown"}`;
        throw REFUSED.has(Number((error as { statusCode?: unknown }).statusCode))
          ? new EmbeddingRefused(told)
          : new Error(told);
      }
    },
  };
}
