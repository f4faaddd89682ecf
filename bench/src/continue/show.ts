import { type ProviderOptions, createModelResponder } from "@chatkeep/agent";
import type { Message, Part, ResponderRequest } from "@chatkeep/protocol";

export interface ContinuationOptions extends ProviderOptions {
  readonly question: string;
  /** Characters after which the first attempt is cut off. */
  readonly cut: number;
}

/** Cuts a model's answer off in the middle, as the death of a node does, and lets the model go on. */
export async function showContinuation({
  question,
  cut,
  ...provider
}: ContinuationOptions): Promise<{ readonly text: string; readonly rest: string }> {
  const respond = createModelResponder(provider);
  let text = "";
  for await (const event of respond(requestOf(question, []))) {
    text += textOf(event);
    if (text.length >= cut) break;
  }
  text = text.slice(0, cut);
  let rest = "";
  for await (const event of respond(requestOf(question, [{ type: "text", text }]))) rest += textOf(event);
  return { text, rest };
}

function textOf(event: string | { readonly type: string; readonly text?: string }): string {
  if (typeof event === "string") return event;
  return event.type === "text" ? (event.text ?? "") : "";
}

/** The fields that the model responder reads without docs. */
function requestOf(content: string, answer: readonly Part[]): ResponderRequest {
  const question = { role: "user", content, parts: [{ type: "text", text: content }], contextText: null };
  const request: Partial<ResponderRequest> = {
    turnId: "turn",
    question: question as unknown as Message,
    history: [],
    recalled: [],
    summary: null,
    answer,
    attempt: answer.length === 0 ? 1 : 2,
    committed: () => Promise.resolve(),
    steered: new AbortController().signal,
    signal: new AbortController().signal,
  };
  return request as ResponderRequest;
}
