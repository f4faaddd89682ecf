import { isChatkeepError } from "../errors.ts";
import type { History } from "../history.ts";
import { type Message, continuesAnswer } from "../message.ts";
import type { Owner } from "../owner.ts";
import { replayEvents } from "../stream/replay.ts";
import { uiStream } from "../stream/ui-stream.ts";
import type { TurnEvent, TurnState } from "../turn.ts";
import { runningTurnOfHead } from "./ui-branch.ts";
import { type UiMessage, uiMessagesOf } from "./ui-message.ts";
import { answerSoFarOf } from "./ui-results.ts";

/** Messages that are read at once. No answer has more steps. */
const MOST = 100;

interface Page {
  readonly owner: Owner;
  readonly conversationId: string;
}

/**
 * The messages that a page of the AI SDK begins with: the latest `limit` (default 100), and the beginning of an answer
 * that would be cut. An answer that is still given is left out whole: the page resumes it from its beginning. None where
 * there is no such conversation yet.
 */
export async function loadUiMessages({
  history,
  owner,
  conversationId,
  limit = MOST,
}: Page & {
  readonly history: Pick<History, "listMessages">;
  readonly limit?: number | undefined;
}): Promise<UiMessage[]> {
  let found: readonly Message[] = [];
  let hasMore = true;
  /** Whether an answer, or a message of another role, begins here. */
  const begins = (message: Message, place: number): boolean => {
    if (message.role === "user" || (place === 0 && !hasMore)) return true;
    return place > 0 && message.role !== "tool" && !continuesAnswer(message, found[place - 1]);
  };
  const start = (): number =>
    found.findLastIndex(
      (message, place) => place <= Math.max(0, found.length - limit) && begins(message, place),
    );
  try {
    while (hasMore && (found.length < limit || start() < 0)) {
      const page = await history.listMessages(owner, conversationId, {
        limit: Math.min(MOST, Math.max(limit - found.length, 10)),
        before: found[0]?.seq,
      });
      found = [...page.messages, ...found];
      hasMore = page.hasMore;
    }
  } catch (error) {
    if (isChatkeepError(error, "conversation_not_found")) return [];
    throw error;
  }
  const whole = found.slice(Math.max(0, start()));
  const isGiven = whole.at(-1)?.status === "streaming";
  return uiMessagesOf(isGiven ? whole.slice(0, -answerSoFarOf(whole).length) : whole);
}

/**
 * The answer that a page of the AI SDK resumes, from its beginning: the one that is being given, or, `after` the last
 * message that the page shows, the one that was settled meanwhile. `null` if there is none.
 */
export async function resumeUiStream({
  history,
  owner,
  conversationId,
  after,
}: Page & {
  readonly history: Pick<History, "getConversation" | "getTurn" | "listMessages" | "followTurn">;
  readonly after?: string | undefined;
}): Promise<((signal?: AbortSignal) => AsyncIterable<TurnEvent>) | null> {
  /** The answer after the last message that the page shows, unless it belongs to another question. */
  const settledSince = async (): Promise<TurnState | null> => {
    if (after === undefined) return null;
    const { messages } = await history.listMessages(owner, conversationId, { limit: MOST });
    const place = messages.findIndex(({ id }) => id === after);
    const since = messages.slice(place + 1);
    const turnId = since.at(-1)?.turnId ?? null;
    const isAnswer = since[0]?.role === "assistant" && since.every(({ role }) => role !== "user");
    return place < 0 || turnId === null || !isAnswer ? null : history.getTurn(owner, conversationId, turnId);
  };
  try {
    const state = (await runningTurnOfHead(history, owner, conversationId)) ?? (await settledSince());
    if (state === null) return null;
    const { turn, message } = state;
    const earlier =
      message.role === "tool"
        ? await history.listMessages(owner, conversationId, { before: message.seq + 1, limit: MOST })
        : undefined;
    const before = answerSoFarOf(earlier?.messages ?? []);
    return (signal) =>
      uiStream(
        turn.status === "running"
          ? history.followTurn(owner, conversationId, turn.id, { signal })
          : replayEvents(state),
        { messageId: before[0]?.id, before },
      );
  } catch (error) {
    // A page resumes a chat before its first question.
    if (isChatkeepError(error, "conversation_not_found")) return null;
    throw error;
  }
}
