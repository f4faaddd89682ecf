import type { LanguageModel, isStepCount, streamText } from "ai";

/** The parts of the AI SDK that an answer needs. */
export interface Provider {
  readonly model: LanguageModel;
  readonly streamText: typeof streamText;
  /** The condition that ends a row of tool calls after this many answers of the model. */
  readonly stopAfter: typeof isStepCount;
}

/** What a provider's address and key are. */
export interface ProviderOptions {
  readonly model: string;
  readonly baseUrl: string;
  readonly apiKey?: string | undefined;
}

const PREFIX = "openai-compatible/";

/**
 * Checks the model's name and address at once, and gives a function that loads the AI SDK with its provider
 * when first called: it takes 0.15 s and 30 MB, which a server that answers from a book does not pay.
 */
export function createProvider({ model, baseUrl, apiKey }: ProviderOptions): {
  readonly name: string;
  readonly load: () => Promise<Provider>;
} {
  const name = model.startsWith(PREFIX) ? model.slice(PREFIX.length) : "";
  if (name === "") {
    throw new TypeError(`The model is "${model}"; write it as ${PREFIX}<name>, e.g. ${PREFIX}llama3.2.`);
  }
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? "")) {
    throw new TypeError(
      "The model's base URL is not an http: or https: address; give one such as http://127.0.0.1:11434/v1.",
    );
  }

  let loading: Promise<Provider> | undefined;
  const load = async (): Promise<Provider> => {
    const [sdk, { createOpenAICompatible }] = await Promise.all([
      import("ai"),
      import("@ai-sdk/openai-compatible"),
    ]);
    const provider = createOpenAICompatible({
      name: "openaiCompatible",
      baseURL: baseUrl,
      includeUsage: true,
      ...(apiKey === undefined ? {} : { apiKey }),
    });
    return { model: provider.chatModel(name), streamText: sdk.streamText, stopAfter: sdk.isStepCount };
  };
  return { name, load: () => (loading ??= load()) };
}
