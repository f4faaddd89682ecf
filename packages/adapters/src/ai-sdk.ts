import {
  type History,
  type Owner,
  type TurnEvent,
  type UiMessage,
  type UiPart,
  WHEN_BUSY,
  loadUiMessages,
  questionFromUiMessage,
  resultsFromUiMessage,
  resumeUiStream,
  startPageTurn,
  uiStream,
} from "@chatkeep/protocol";
import type { ChatTransport, UIMessage, UIMessageChunk } from "ai";

export interface ChatTransportOptions {
  /** `createClient({ baseUrl })` in a browser; on a server also `createHistory({ pool })`. */
  readonly history: History;
  readonly owner: Owner;
  /**
   * What the page begins with, as {@link loadMessages} gave it. `resumeStream` then also shows an answer that was
   * finished after they were loaded.
   */
  readonly messages?: readonly UIMessage[];
}

export interface LoadMessagesOptions {
  readonly history: Pick<History, "listMessages">;
  readonly owner: Owner;
  readonly chatId: string;
  /** The latest, and the beginning of an answer that would be cut (default 100). */
  readonly limit?: number;
}

/**
 * A transport of `useChat` over a history. The chat's id is the conversation's, which is made with the first
 * question. Of the page's messages only the last is sent: what was said before is what is stored. Results of
 * tools that the page ran (`addToolOutput`, `sendAutomaticallyWhen`) go on with the answer. Aborting
 * leaves the answer alone; stop it with `history.stopTurn`. `when_busy` in the body of a message says what becomes of it
 * while an answer is given. `regenerate` and an edit are versions:
 * nothing stored goes.
 */
export function createChatTransport<Shown extends UIMessage = UIMessage>(
  options: ChatTransportOptions,
): ChatTransport<Shown> {
  const { history, owner, messages: shown } = options;
  /** The last message that the page shows. */
  let after = shown?.at(-1)?.id;
  return {
    async sendMessages({ chatId, messages, trigger, messageId, abortSignal, body = {} }) {
      const last = messages.at(-1);
      after = last?.id;
      const signal = abortSignal === undefined ? {} : { signal: abortSignal };
      if (last?.role === "assistant") {
        const page = await history.listMessages(owner, chatId, { limit: 100 });
        const results = resultsFromUiMessage(last.parts as unknown as UiPart[], page.messages);
        if (results === undefined) throw new TypeError("No call of the last answer waits for these results.");
        const { events } = await history.startTurn(owner, chatId, results, signal);
        return streamOf(uiStream(events, { messageId: last.id }));
      }
      if (last?.role !== "user") throw new TypeError("The last message has to be the user's.");
      const question = questionFromUiMessage(last as unknown as UiMessage);
      const { when_busy: whenBusy } = body as { readonly when_busy?: unknown };
      await history.createConversation(owner, { id: chatId });
      const { events } = await startPageTurn({
        history,
        owner,
        conversationId: chatId,
        question: { ...question, whenBusy: WHEN_BUSY.find((one) => one === whenBusy) },
        signal: abortSignal,
        intent: trigger === "regenerate-message" ? "regenerate" : messageId === last.id ? "edit" : "ask",
        answerId: messageId,
        previousId: messages.at(-2)?.id,
      });
      return streamOf(uiStream(events));
    },

    // In the newest versions, a page that shows the beginning takes it anew.
    resumeStreamIsReplay: true,
    async reconnectToStream({ chatId }) {
      const resumed = await resumeUiStream({ history, owner, conversationId: chatId, after });
      return resumed === null ? null : streamOf(resumed());
    },
  };
}

/**
 * The stored messages of a chat, as `useChat` begins with them; none where there is no such chat yet. An answer that is
 * still given comes with the stream that `useChat` resumes.
 */
export async function loadMessages<Shown extends UIMessage = UIMessage>({
  chatId,
  ...options
}: LoadMessagesOptions): Promise<Shown[]> {
  return (await loadUiMessages({ ...options, conversationId: chatId })) as unknown as Shown[];
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
