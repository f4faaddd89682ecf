import {
  type ClientOptions,
  type History,
  conversationCalls,
  createRequests,
  messageCalls,
} from "@chatkeep/protocol";

import { laterTurnCalls } from "./later-turn-calls.ts";

/** What a person's page needs of a history. */
export type ChatHistory = Omit<
  History,
  | "appendMessages"
  | "claimSession"
  | "close"
  | "eraseData"
  | "exportData"
  | "getContext"
  | typeof Symbol.asyncDispose
>;

/** The history of a server's, as of `createClient`, but for what only servers and pages of settings do: half as large. */
export function createChatHistory(options: ClientOptions): ChatHistory {
  const requests = createRequests(options);
  return { ...conversationCalls(requests), ...messageCalls(requests), ...laterTurnCalls(requests) };
}
