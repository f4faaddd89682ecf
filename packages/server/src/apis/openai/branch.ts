import {
  type ConversationInit,
  type History,
  type Message,
  type MessageInput,
  type Owner,
  type TurnState,
  isChatkeepError,
} from "@chatkeep/protocol";

import type { StableIds } from "./stable-ids.ts";

/** Where the question of a request with `previous_response_id` is asked. */
export interface Continuation {
  /** An id: the response's own conversation. What to make: a branch. */
  readonly conversation: string | (ConversationInit & { readonly id: string });
  /** What a branch begins with. */
  readonly before: readonly MessageInput[];
}

/** Options of {@link continuationOf}. */
export interface ContinuationOptions {
  readonly history: Pick<History, "getTurn" | "getConversation" | "listMessages"> & {
    holdsMessages(owner: Owner, conversationId: string, ids: readonly string[]): Promise<boolean>;
  };
  readonly owner: Owner;
  readonly conversationId: string;
  readonly turnId: string;
  readonly ids: StableIds;
  /** The id of the question that is asked. */
  readonly questionId: string;
}

/** Messages that a branch begins with at the most: one page, and more than any context looks at. */
const MOST = 100;

/**
 * As at OpenAI, a request may continue from any response. From the latest it goes on in its conversation; from
 * an older one it begins a branch: a new conversation that holds what was said up to that response, so that
 * neither sees what the other says from there. The older conversation stays as it is.
 */
export async function continuationOf(options: ContinuationOptions): Promise<Continuation> {
  const { history, owner, conversationId, turnId, ids, questionId } = options;
  const goOn: Continuation = { conversation: conversationId, before: [] };
  let state: TurnState;
  let latest: Message | undefined;
  try {
    state = await history.getTurn(owner, conversationId, turnId);
    latest = (await history.listMessages(owner, conversationId, { limit: 1 })).messages[0];
    if (latest === undefined || latest.turnId === null || latest.turnId === turnId) return goOn;
    // Sent again: it was the latest when it was asked.
    if (await history.holdsMessages(owner, conversationId, [questionId])) return goOn;
  } catch (error) {
    // Whether an answer is given in an outage, and that it is not saved, is said when the turn begins.
    if (isChatkeepError(error, "unavailable")) return goOn;
    throw error;
  }
  const end = (state.reply ?? state.message).seq;
  const { messages } = await history.listMessages(owner, conversationId, { before: end + 1, limit: MOST });
  const { scope, scopeLabel } = await history.getConversation(owner, conversationId);
  return {
    conversation: {
      id: await ids.idOf("branch"),
      ...(scope === null ? {} : { scope, scopeLabel: scopeLabel ?? undefined }),
    },
    before: wholeTurns(messages),
  };
}

/** From the first question on, without turns that failed or still run: a copy could not tell that they did. */
function wholeTurns(messages: readonly Message[]): MessageInput[] {
  const isBroken = ({ status }: Message): boolean => status === "failed" || status === "streaming";
  const broken = new Set(messages.filter(isBroken).map(({ turnId }) => turnId));
  return messages
    .slice(
      Math.max(
        0,
        messages.findIndex(({ role }) => role === "user" || role === "system"),
      ),
    )
    .filter(({ turnId, parts }) => (turnId === null || !broken.has(turnId)) && parts.length > 0)
    .map(({ id, role, parts, contextText, intent, processed, model, usage, metadata }) => ({
      id,
      role,
      parts,
      contextText,
      intent,
      processed,
      model,
      usage,
      metadata,
    }));
}
