import {
  type History,
  type Owner,
  type TurnEvent,
  type TurnState,
  type UiPart,
  answerSoFarOf,
  isChatkeepError,
  questionFromUiMessage,
  resultsFromUiMessage,
  runningTurnOfHead,
  startPageTurn,
  uiMessagesOf,
  uiStream,
} from "@chatkeep/protocol";
import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";

import { allMessages } from "./messages.ts";

export interface ChatTransportOptions {
  /** `createClient({ baseUrl })` in a browser; on a server also `createHistory({ pool })`. */
  readonly history: History;
  readonly owner: Owner;
}

export interface LoadMessagesOptions extends ChatTransportOptions {
  readonly chatId: string;
  /** The latest at the most (default 100). */
  readonly limit?: number;
}

/**
 * A transport of `useChat` over a history. The chat's id is the conversation's, which is made with the first
 * question. Of the page's messages only the last is sent: what was said before is what is stored. Results of
 * tools that the page ran (`addToolOutput`, `sendAutomaticallyWhen`) go on with the answer. Aborting
 * leaves the answer alone; stop it with `history.stopTurn`. `regenerate` and an edit are versions:
 * nothing stored goes.
 */
export function createChatTransport<Shown extends UIMessage = UIMessage>(
  options: ChatTransportOptions,
): ChatTransport<Shown> {
  const { history, owner } = options;
  return {
    async sendMessages({ chatId, messages, trigger, messageId, abortSignal }) {
      const last = messages.at(-1);
      const signal = abortSignal === undefined ? {} : { signal: abortSignal };
      if (last?.role === "assistant") {
        const page = await history.listMessages(owner, chatId, { limit: 100 });
        const results = resultsFromUiMessage(last.parts as unknown as UiPart[], page.messages);
        if (results === undefined) throw new TypeError("No call of the last answer waits for these results.");
        const { events } = await history.startTurn(owner, chatId, results, signal);
        return streamOf(uiStream(events, { messageId: last.id }));
      }
      if (last?.role !== "user") throw new TypeError("The last message has to be the user's.");
      const question = questionFromUiMessage({ id: last.id, parts: last.parts as unknown as UiPart[] });
      await history.createConversation(owner, { id: chatId });
      const { events } = await startPageTurn({
        history,
        owner,
        conversationId: chatId,
        question,
        signal: abortSignal,
        intent: trigger === "regenerate-message" ? "regenerate" : messageId === last.id ? "edit" : "ask",
        answerId: messageId,
        previousId: messages.at(-2)?.id,
      });
      return streamOf(uiStream(events));
    },

    async reconnectToStream({ chatId }) {
      const running = await runningTurn(options, chatId);
      if (running === null) return null;
      const { message, turn } = running;
      const earlier =
        message.role === "tool"
          ? await history.listMessages(owner, chatId, { before: message.seq + 1, limit: 100 })
          : undefined;
      const before = answerSoFarOf(earlier?.messages ?? []);
      const events = history.followTurn(owner, chatId, turn.id);
      return streamOf(uiStream(events, { messageId: before[0]?.id, before }));
    },
  };
}

/** The stored messages of a chat, as `useChat` begins with them; none where there is no such chat yet. */
export async function loadMessages<Shown extends UIMessage = UIMessage>(
  options: LoadMessagesOptions,
): Promise<Shown[]> {
  const { history, owner, chatId, limit = 100 } = options;
  try {
    const messages = await allMessages(history, owner, chatId, limit);
    // The answer that is being given comes with the stream that `useChat` resumes.
    return uiMessagesOf(messages.filter(({ status }) => status !== "streaming")) as unknown as Shown[];
  } catch (error) {
    if (isChatkeepError(error, "conversation_not_found")) return [];
    throw error;
  }
}

async function runningTurn(
  { history, owner }: ChatTransportOptions,
  chatId: string,
): Promise<TurnState | null> {
  try {
    return await runningTurnOfHead(history, owner, chatId);
  } catch (error) {
    if (isChatkeepError(error, "conversation_not_found")) return null;
    throw error;
  }
}

function streamOf(events: AsyncIterable<TurnEvent>): ReadableStream<UIMessageChunk> {
  const iterator = events[Symbol.asyncIterator]();
  return new ReadableStream<UIMessageChunk>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value.chunk);
    },
    cancel: async () => void (await iterator.return?.()),
  });
}
