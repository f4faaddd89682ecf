import { type ClientOptions, conversationCalls, createRequests, messageCalls } from "@chatkeep/protocol";

import type { ChatHistory } from "./history.ts";
import { lateCalls } from "./late-calls.ts";

/** The history of a server's, as of `createClient`, but for what only servers and pages of settings do: half as large. */
export function createChatHistory(options: ClientOptions): ChatHistory {
  const requests = createRequests(options);
  return { ...conversationCalls(requests), ...messageCalls(requests), ...lateCalls(requests) };
}
