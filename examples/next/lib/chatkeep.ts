import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import { ChatkeepError, createChatkeep, toModelMessages } from "chatkeep";

import { signedInUser } from "./user";

const provider = createOpenAICompatible({ name: "model", baseURL: process.env["MODEL_URL"] ?? "" });

export const chatkeep = createChatkeep({
  database: process.env["DATABASE_URL"],
  async authenticate() {
    const user = await signedInUser();
    if (user === undefined) throw new ChatkeepError("unauthenticated", "Sign in first.");
    return { kind: "user", id: user };
  },
  responder: (request) =>
    streamText({
      model: provider("assistant"),
      messages: toModelMessages(request),
      abortSignal: request.signal,
    }),
});
