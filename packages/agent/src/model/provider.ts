import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { executeTool, retryWithExponentialBackoff, safeParseJSON } from "@ai-sdk/provider-utils";
import type { APICallError, generateText, isStepCount, streamText } from "ai";

import { type ModelObject, type ModelOptions, type Settings, checkAddress, cutName } from "./name.ts";

/** A model, and the parts of the AI SDK that call it. */
export interface Provider {
  readonly model: LanguageModelV4;
  readonly streamText: typeof streamText;
  readonly retryWith: typeof retryWithExponentialBackoff;
  readonly APICallError: typeof APICallError;
  readonly generateText: typeof generateText;
  readonly executeTool: typeof executeTool;
  readonly safeParseJSON: typeof safeParseJSON;
  /** The condition that stops tool calls after this many calls of the model. */
  readonly stopAfter: typeof isStepCount;
}

/** A model that is loaded when it is first used. */
export interface NamedProvider {
  /** The name without the provider. */
  readonly name: string;
  readonly load: () => Promise<Provider>;
}

/** Loads each provider's package, which takes 0.1 to 0.2 s and up to 30 MB. */
const PROVIDERS: Readonly<Record<string, (name: string, settings: Settings) => Promise<LanguageModelV4>>> = {
  openai: async (name, settings) => (await import("@ai-sdk/openai")).createOpenAI(settings).chat(name),
  anthropic: async (name, settings) => (await import("@ai-sdk/anthropic")).createAnthropic(settings)(name),
  google: async (name, settings) => (await import("@ai-sdk/google")).createGoogleGenerativeAI(settings)(name),
  gateway: async (name, settings) => (await import("ai")).createGateway(settings)(name),
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

/** A model of any version of the provider's interface. */
function given(model: ModelObject): { readonly name: string; readonly open: () => Promise<LanguageModelV4> } {
  const open = async (): Promise<LanguageModelV4> =>
    (await import("ai")).wrapLanguageModel({ model, middleware: [] });
  return { name: model.modelId, open };
}

/** Checks the model's name and address. `load` imports the AI SDK and the provider once, at its first call. */
export function createProvider({ model, ...options }: ModelOptions): NamedProvider {
  const { baseUrl, apiKey = "" } = options;
  const { name, open } = typeof model === "string" ? cutName(model, PROVIDERS, "model") : given(model);
  if (typeof model === "string") checkAddress({ ...options, model });
  let loading: Promise<Provider> | undefined;
  const load = async (): Promise<Provider> => {
    const settings = { apiKey, ...(baseUrl === undefined ? {} : { baseURL: baseUrl }) };
    const [sdk, utils, loaded] = await Promise.all([
      import("ai"),
      import("@ai-sdk/provider-utils"),
      open(name, settings),
    ]);
    return {
      model: loaded,
      streamText: sdk.streamText,
      generateText: sdk.generateText,
      stopAfter: sdk.isStepCount,
      executeTool: utils.executeTool,
      safeParseJSON: utils.safeParseJSON,
      retryWith: utils.retryWithExponentialBackoff,
      APICallError: sdk.APICallError,
    };
  };
  return { name, load: () => (loading ??= load()) };
}
