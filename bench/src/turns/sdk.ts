import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";

/** Asks the same model by the AI SDK, as a host without us does. */
export async function* completeWithSdk(url: string, question: string): AsyncGenerator<string, void, void> {
  const { chatModel } = createOpenAICompatible({ name: "fake", baseURL: url });
  yield* streamText({ model: chatModel("fake"), prompt: question }).textStream;
}
