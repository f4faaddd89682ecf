import { type Embedding, EmbeddingRefused } from "@chatkeep/core";
import type { EmbeddingModel, embedMany } from "ai";

import { toResponderError } from "./failure.ts";
import { type ProviderOptions, type Settings, checkAddress, cutName } from "./name.ts";

/** `model` is `openai-compatible/<name>`, `openai/<name>` or `google/<name>`. */
export interface EmbeddingOptions extends ProviderOptions {
  /** How similar (cosine) what is found has to be; see core's `Embedding`. Default 0.3. */
  readonly leastSimilarity?: number | undefined;
  /** How long one call may take, in milliseconds. Default 60,000. */
  readonly timeout?: number | undefined;
}

/** How each provider's package is loaded; Anthropic has no embeddings. */
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

/** Statuses that a provider gives for a text that it will not take: too long, empty, not allowed. */
const REFUSED = new Set([400, 413, 422]);

/**
 * Embeddings of a model, through the AI SDK, which is loaded with its provider when first asked. Throws a `TypeError`
 * when `model` or `baseUrl` is not of the form above. Its errors name what failed and quote no text.
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
          // Whoever asks tries again by itself, later and later.
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
