import { createCompletion } from "./completion.ts";
import { type Wire, type WireRequest, sse } from "./wire.ts";

/** OpenAI's chat completions. Source: its API reference, "The chat completion chunk object". */
export function createOpenAiWire({ index, model, messages, usage }: WireRequest): Wire {
  const completion = createCompletion({ id: `chatcmpl-${index}`, created: 0, model });
  const refusal = (_: number, message: string): object => ({
    error: { message, type: "fake_error", param: null, code: null },
  });
  return {
    begin: () => "",
    step: (step) =>
      completion
        .chunk(step)
        .map((piece) => sse(piece))
        .join(""),
    fault: (message) => sse(refusal(500, message)) + sse("[DONE]"),
    end: () => {
      const last = completion.collect(messages);
      return sse(last.finish) + (usage ? sse(last.usage) : "") + sse("[DONE]");
    },
    whole: () => completion.collect(messages).whole,
    refusal,
  };
}
