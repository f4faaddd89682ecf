import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Message } from "@ai-sdk/provider";
import type { ResponderEvent } from "@chatkeep/protocol";

import { LEAST, type OverlapCutter, anchorOf, createOverlapCutter } from "./overlap.ts";

/** How an answer goes on that was cut off in the middle of a text. */
export interface Continuation {
  /** Wraps a model, so that it is given the text as the beginning of its answer where it takes one. */
  of(model: LanguageModelV4): LanguageModelV4;
  /** Removes from the answer's further events what the text says already. */
  cut(events: AsyncIterable<ResponderEvent>): AsyncGenerator<ResponderEvent, void, void>;
}

/**
 * The messages that ask a model to go on with a text: the text, and an instruction that every model understands. To
 * repeat the last words is easier for a model than to begin in the middle of one, and tells exactly where it goes on.
 */
export function continuationMessages(text: string): LanguageModelV4Message[] {
  const instruction =
    "Your answer above was cut off while you wrote it. Finish it: begin with its last words, which stand between " +
    "the tags, exactly as they are, and go on from them. Repeat nothing else, and do not mention the interruption. " +
    `If the answer was complete, write its last words only.\n<last_words>${anchorOf(text)}</last_words>`;
  return [
    { role: "assistant", content: [{ type: "text", text: text.trimEnd() }] },
    { role: "user", content: [{ type: "text", text: instruction }], providerOptions: INSTRUCTION },
  ];
}

/** Marks the instruction. No provider reads it. */
const INSTRUCTION = { chatkeep: { instruction: "continue" } };

/** Creates the continuation of an answer whose last step was cut off after `text`. */
export function createContinuation(text: string): Continuation {
  let isAsked = true;

  return {
    of: (model) => ({
      specificationVersion: "v4",
      provider: model.provider,
      modelId: model.modelId,
      supportedUrls: model.supportedUrls,
      doGenerate: (options) => model.doGenerate(options),
      async doStream(options) {
        const isContinued = options.prompt.at(-1)?.providerOptions?.["chatkeep"] !== undefined;
        if (isContinued && text.trimEnd().length >= LEAST && takesBeginning(model)) {
          try {
            const result = await model.doStream(withBeginning(options, model));
            isAsked = false;
            return result;
          } catch (error) {
            if (!isRefused(error)) throw error;
          }
        }
        return model.doStream(options);
      },
    }),
    async *cut(events) {
      let cutter: OverlapCutter | undefined;
      const read = (): OverlapCutter => (cutter ??= createOverlapCutter(text, isAsked));
      let block: { readonly id?: string } = {};
      const end = (): ResponderEvent[] => {
        const rest = read().end();
        return rest === "" ? [] : [{ ...block, type: "text", text: rest }];
      };
      for await (const given of events) {
        const event = typeof given === "string" ? { type: "text" as const, text: given } : given;
        if (event.type === "text") {
          block = event.id === undefined ? {} : { id: event.id };
          const { done, metadata } = event;
          const fresh = read().push(event.text) + (done === true ? read().end() : "");
          if (fresh !== "" || done !== undefined || metadata !== undefined) yield { ...event, text: fresh };
          continue;
        }
        // A model may think again before it goes on.
        if (event.type !== "reasoning" && event.type !== "step") yield* end();
        yield event;
      }
      yield* end();
    },
  };
}

/** Claude up to 4.5. Later ones answer 400 (Anthropic's migration guide). */
const CLAUDE = /claude-(?:[1-3]\b|instant|(?:opus|sonnet|haiku)-4(?![-.](?:[2-46-9]|\d\d)\b))/;
/** Gemini up to 3.1. From 3.5 Flash-Lite and 3.6 Flash on they answer 400 (Google's guide to its latest models). */
const GEMINI = /gemini-(?:[12]\.|3-|3\.1-)/;
/** OpenAI's begin a new answer after it. */
const OPENAI = /^(?:openai|azure)\b|gpt-|(?:^|\/)o\d/;

/** Whether a model goes on from an assistant's message at the end of the prompt. */
function takesBeginning({ provider, modelId }: LanguageModelV4): boolean {
  if (modelId.includes("claude")) return CLAUDE.test(modelId);
  if (modelId.includes("gemini")) return GEMINI.test(modelId);
  return !OPENAI.test(provider.replace(/^openaiCompatible/, "")) && !OPENAI.test(modelId);
}

/**
 * The call with the text at its end instead of the instruction. Servers of chat completions want it marked: Mistral and
 * DeepSeek in the message, vLLM, SGLang and TGI in the body; llama.cpp and Ollama need no mark. A server that ignores all
 * of them has the system prompt.
 */
function withBeginning(
  options: LanguageModelV4CallOptions,
  { provider }: LanguageModelV4,
): LanguageModelV4CallOptions {
  const prompt = options.prompt.slice(0, -1);
  if (/^(?:anthropic|google)\b/.test(provider)) return { ...options, prompt };
  const begun = { ...prompt.pop()!, providerOptions: { openaiCompatible: { prefix: true } } };
  const [first, ...rest] = prompt;
  // Some servers take one system message only.
  const system = first?.role === "system" ? `${first.content}\n\n${GO_ON}` : GO_ON;
  const own = provider.split(".")[0]!;
  return {
    ...options,
    prompt: [{ role: "system", content: system }, ...(first?.role === "system" ? rest : prompt), begun],
    providerOptions: {
      ...options.providerOptions,
      [own]: {
        ...options.providerOptions?.[own],
        continue_final_message: true,
        add_generation_prompt: false,
      },
    },
  };
}

const GO_ON =
  "The last message is the beginning of your answer. Write only what follows its last character, without repeating it.";

/** Whether a provider did not take the request as it was: 400 or 422. */
function isRefused(error: unknown): boolean {
  const { statusCode } = error as { readonly statusCode?: unknown };
  return statusCode === 400 || statusCode === 422;
}
