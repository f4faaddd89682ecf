import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { EventResponder, ResponderEvent, ResponderRequest } from "@chatkeep/protocol";

import { toModelMessages } from "./messages.ts";
import { type StreamTextResult, fromStreamText } from "./stream-text.ts";

/** The part of the AI SDK's `Agent` that is used, such as a `ToolLoopAgent`. */
export interface StreamingAgent {
  stream(call: { messages: LanguageModelV4Prompt; abortSignal: AbortSignal }): PromiseLike<StreamTextResult>;
}

/** Creates a responder that asks an agent, which has its own model, tools and instructions. */
export function createAgentResponder(agent: StreamingAgent): EventResponder {
  async function* respond(request: ResponderRequest): AsyncGenerator<ResponderEvent, void, void> {
    const result = await agent.stream({ messages: toModelMessages(request), abortSignal: request.signal });
    yield* fromStreamText(result, request);
  }
  return Object.assign(respond, { continues: true });
}
