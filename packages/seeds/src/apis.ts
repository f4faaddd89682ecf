import type { Responder } from "@chatkeep/protocol";
import type { Api } from "@chatkeep/server/apis";

import { bookAssistantRoutes } from "./book-assistant.ts";
import { chatSessionRoutes } from "./chat-sessions.ts";
import { chatRoute } from "./chat.ts";
import { createStateless } from "./stateless.ts";
import { userConversationRoutes } from "./user-conversations.ts";

/** Options of {@link seedApis}. */
export interface SeedApiOptions {
  /** Answers `POST /chat` without a credential and stores nothing. Default: `POST /chat` requires a credential. */
  readonly responder?: Responder;
}

/**
 * The four APIs: a book assistant, a book widget, chat sessions, and a user's conversations with tool calls.
 * Mount them with `createServer({ apis: [seedApis()] })` or `createChatkeep({ apis: [seedApis()] })`. Their
 * `POST /api/chat` replaces the server's and answers `useChat` of the AI SDK too.
 */
export function seedApis({ responder }: SeedApiOptions = {}): Api {
  const stateless = responder === undefined ? undefined : createStateless(responder);
  return (services) => [
    ...bookAssistantRoutes(services, stateless),
    chatRoute(services),
    ...chatSessionRoutes(services.history),
    // Last: these paths begin with a parameter, and the router takes the first that fits.
    ...userConversationRoutes(services),
  ];
}
