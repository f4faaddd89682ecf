import type { LanguageModel, generateText, isStepCount, streamText } from "ai";

/** The parts of the AI SDK that an answer needs. */
interface Provider {
  readonly model: LanguageModel;
  readonly streamText: typeof streamText;
  readonly generateText: typeof generateText;
  /** The condition that ends a row of tool calls after this many answers of the model. */
  readonly stopAfter: typeof isStepCount;
}

/** What a provider's address and key are. */
export interface ProviderOptions {
  /**
   * `openai-compatible/<name>`: any server that speaks OpenAI's chat completions; `openai/<name>`,
   * `anthropic/<name>`, `google/<name>`: that provider.
   */
  readonly model: string;
  /** The address up to and with its version (`/v1`). Default: the provider's own; `openai-compatible` has none. */
  readonly baseUrl?: string | undefined;
  /** Default: none is sent. */
  readonly apiKey?: string | undefined;
}

/** A model's name and how it is loaded. */
export interface NamedProvider {
  /** The name without the provider's. */
  readonly name: string;
  readonly load: () => Promise<Provider>;
}

type Settings = { readonly baseURL?: string; readonly apiKey: string };

/** How each provider's package is loaded: 0.1 to 0.2 s and up to 30 MB, which only those pay who name it. */
const PROVIDERS: Readonly<Record<string, (name: string, settings: Settings) => Promise<LanguageModel>>> = {
  openai: async (name, settings) => (await import("@ai-sdk/openai")).createOpenAI(settings).chat(name),
  anthropic: async (name, settings) => (await import("@ai-sdk/anthropic")).createAnthropic(settings)(name),
  google: async (name, settings) => (await import("@ai-sdk/google")).createGoogleGenerativeAI(settings)(name),
  "openai-compatible": async (name, { baseURL = "", apiKey }) =>
    (await import("@ai-sdk/openai-compatible"))
      .createOpenAICompatible({
        name: "openaiCompatible",
        baseURL,
        includeUsage: true,
        ...(apiKey === "" ? {} : { apiKey }),
      })
      .chatModel(name),
};

/**
 * Checks the model's name and address at once, and gives a function that loads the AI SDK with its provider
 * when first called, which a server that answers from a book never does.
 */
export function createProvider({ model, baseUrl, apiKey = "" }: ProviderOptions): NamedProvider {
  const slash = model.indexOf("/");
  const kind = model.slice(0, Math.max(0, slash));
  const name = model.slice(slash + 1);
  const open = Object.hasOwn(PROVIDERS, kind) ? PROVIDERS[kind] : undefined;
  if (open === undefined || name === "") {
    const kinds = Object.keys(PROVIDERS).join("/…, ");
    throw new TypeError(`The model is "${model}"; write it as a provider and a name: ${kinds}/….`);
  }
  const given = URL.parse(baseUrl ?? "")?.protocol ?? "";
  if ((baseUrl !== undefined || kind === "openai-compatible") && !/^https?:$/.test(given)) {
    throw new TypeError(
      "The model's base URL is not an http: or https: address; give one such as http://127.0.0.1:11434/v1.",
    );
  }

  let loading: Promise<Provider> | undefined;
  const load = async (): Promise<Provider> => {
    const settings = { apiKey, ...(baseUrl === undefined ? {} : { baseURL: baseUrl }) };
    const [sdk, loaded] = await Promise.all([import("ai"), open(name, settings)]);
    const { streamText, generateText, isStepCount: stopAfter } = sdk;
    return { model: loaded, streamText, generateText, stopAfter };
  };
  return { name, load: () => (loading ??= load()) };
}
