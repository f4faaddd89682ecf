import { type SpokenStep, type Wire, type WireRequest, sse } from "./wire.ts";

/**
 * Google's `generateContent`. A call comes whole, never in pieces, and its arguments are an object; a stream has no
 * closing mark. Source: the Gemini API reference, "GenerateContentResponse" and "Status".
 */
export function createGoogleWire({ index, model, messages }: WireRequest): Wire {
  const parts: object[] = [];
  let tokens = 0;
  const body = (said: readonly object[], finish?: string): object => ({
    candidates: [
      {
        content: { role: "model", parts: said },
        index: 0,
        ...(finish === undefined ? {} : { finishReason: finish }),
      },
    ],
    usageMetadata: {
      promptTokenCount: messages,
      candidatesTokenCount: tokens,
      totalTokenCount: messages + tokens,
    },
    modelVersion: model,
    responseId: `response-${index}`,
  });
  const partsOf = (step: SpokenStep): object[] => {
    if (typeof step === "string") return [{ text: step }];
    if (step.type === "reasoning") return [{ text: step.text, thought: true }];
    return step.calls.map(({ id, name, arguments: text }) => ({
      functionCall: { id, name, args: JSON.parse(text) as unknown },
    }));
  };
  const refusal = (code: number, message: string): object => ({
    error: { code, message, status: STATUSES[code] ?? "INTERNAL" },
  });

  return {
    begin: () => "",
    step: (step) => {
      tokens += 1;
      const said = partsOf(step);
      parts.push(...said);
      return sse(body(said));
    },
    fault: (message) => sse(refusal(503, message)),
    end: () => sse(body([{ text: "" }], "STOP")),
    whole: () => body(parts, "STOP"),
    refusal,
  };
}

const STATUSES: Readonly<Record<number, string>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};
