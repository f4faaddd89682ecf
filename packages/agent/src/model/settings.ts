import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { streamText } from "ai";

/** What follows from the conversation, or has another name in `ModelResponderOptions`. */
type Ours =
  | "model"
  | "instructions"
  | "system"
  | "prompt"
  | "messages"
  | "allowSystemInMessages"
  | "tools"
  | "maxRetries"
  | "timeout"
  | "abortSignal";

/** The other settings of the AI SDK's `streamText`: `temperature`, `providerOptions`, `toolChoice`, `prepareStep` … */
export type CallSettings = Partial<Omit<Parameters<typeof streamText>[0], Ours>>;

/** The settings that a provider's model takes itself. */
export type ModelSettings = Pick<
  LanguageModelV4CallOptions,
  | "maxOutputTokens"
  | "temperature"
  | "topP"
  | "topK"
  | "presencePenalty"
  | "frequencyPenalty"
  | "stopSequences"
  | "seed"
  | "reasoning"
  | "headers"
  | "providerOptions"
>;

const NAMES: Readonly<Record<keyof ModelSettings, true>> = {
  maxOutputTokens: true,
  temperature: true,
  topP: true,
  topK: true,
  presencePenalty: true,
  frequencyPenalty: true,
  stopSequences: true,
  seed: true,
  reasoning: true,
  headers: true,
  providerOptions: true,
};

/** Whether a call with these settings needs nothing of `streamText`, which takes several times as long for each token. */
export function isModelSettings(settings: CallSettings): settings is ModelSettings {
  return Object.keys(settings).every((name) => Object.hasOwn(NAMES, name));
}
