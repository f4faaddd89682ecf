import type { Responder } from "@chatkeep/protocol";

import type { Log } from "../log.ts";
import type { Route } from "../route.ts";
import type { WritableRoles } from "../routes/messages.ts";
import type { Health } from "../schema/health.ts";
import type { ServedHistory } from "../served-history.ts";
import { aiSdkRoutes } from "./ai-sdk.ts";
import { bookChatRoutes } from "./book-chat.ts";
import { chatHandleRoutes } from "./chat-handles.ts";
import { chatRoute } from "./chat.ts";
import { openaiConversationRoutes } from "./openai/conversations.ts";
import { openaiResponseRoutes } from "./openai/responses.ts";
import { createStateless } from "./stateless.ts";
import { userConversationRoutes } from "./user-conversations.ts";

/** What {@link doorRoutes} takes; `createServer` tells of each. */
export interface DoorOptions {
  readonly history: ServedHistory;
  readonly health: () => Promise<Health>;
  readonly responder: Responder | undefined;
  /** Counts a question of somebody who carries no credential. Errors: `rate_limited`. */
  readonly admitStateless: () => Promise<void>;
  readonly writableRoles: WritableRoles;
  readonly heartbeat: number;
  readonly log: Log;
}

/** Every door besides the canonical API. Those under a user's id come last: their paths begin with a parameter. */
export function doorRoutes(options: DoorOptions): Route[] {
  const { history, responder } = options;
  return [
    ...bookChatRoutes({
      ...options,
      stateless: responder === undefined ? undefined : createStateless(responder),
    }),
    chatRoute(options),
    ...chatHandleRoutes(history),
    ...aiSdkRoutes(options),
    ...openaiConversationRoutes(options),
    ...openaiResponseRoutes(options),
    ...userConversationRoutes(options),
  ];
}
