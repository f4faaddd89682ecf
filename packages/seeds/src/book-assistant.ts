import {
  ChatkeepError,
  type ConversationInit,
  type Message,
  type Question,
  citationsOf,
  contentOf,
  createFold,
  isChatkeepError,
} from "@chatkeep/protocol";
import {
  type Asking,
  type Begun,
  type Call,
  type ApiServices,
  type Route,
  beginTurn,
  citation,
  endingOf,
  failure,
  guestRoute,
  integer,
  openRoute,
  questionId,
  settledTurn,
  streamFrames,
  time,
} from "@chatkeep/server/apis";
import { z } from "zod";

import { type ChatPlace, chatFrames } from "./book-assistant-stream.ts";
import { createSeedFunctions } from "./functions.ts";
import { carrySession, hasCredential } from "./session.ts";
import type { AnswerStateless } from "./stateless.ts";

/** The scope of questions about the whole book: they belong to no chapter's conversation. */
const WHOLE_BOOK = "/";

const question = z.object({
  question: z.string(),
  filters: z.object({ chapter: z.string().nullish(), section: z.string().nullish() }).nullish(),
  stream: z.boolean().nullish(),
});

const answer = z.object({
  answer: z.string(),
  citations: z.array(citation),
  stream: z.boolean(),
  session_id: z.string().nullable(),
  conversation_id: z.string(),
  message_id: z.string(),
  persisted: z.boolean(),
  status: z.string().optional().meta({ description: "Present if the answer is not complete." }),
  error: failure.nullish(),
});

const historySearch = z.object({
  session_id: z
    .string()
    .optional()
    .meta({ description: "The header `X-Session-ID` is preferred: it stays out of logs." }),
  chapter: z.string().optional().meta({ description: "Default: all chapters, one after the other." }),
  limit: integer(1, 1000).optional().meta({ description: "Default 100: the latest." }),
  offset: integer(0, 1_000_000)
    .optional()
    .meta({ description: "How many of the newest to skip. Default 0." }),
});

const historyPage = z.object({
  session_id: z.string().nullable(),
  chapter: z.string().nullable(),
  messages: z.array(
    z.object({
      id: z.string(),
      role: z.string(),
      content: z.string(),
      citations: z.array(citation).nullable(),
      created_at: time,
    }),
  ),
  total: z.int(),
});

const cleared = z.object({ deleted: z.int(), message: z.string() });
const availability = z.object({ available: z.boolean(), message: z.string() });

const TAG = "Book assistant";
const STREAM = {
  "text/event-stream":
    "`event: metadata` with the citations, `event: token` with a piece of text, then `event: done` with the duration, or `event: error`.",
};

/** A book assistant for anonymous readers, with a history per chapter. `stateless` answers requests without a credential. */
export function bookAssistantRoutes(options: ApiServices, stateless: AnswerStateless | undefined): Route[] {
  const { history, health } = options;
  const seeds = createSeedFunctions(history);

  const askRoute = (path: "/chat" | "/chat/agent", id: string): Route =>
    guestRoute({
      id,
      method: "POST",
      path,
      tag: TAG,
      summary: "Ask about the book or one chapter",
      description:
        "With `X-Session-ID`, question and answer are stored. Without a credential nothing is, and the answer has `persisted: false`.",
      body: question,
      replies: { 200: { description: "The answer, or its stream.", json: answer, text: STREAM } },
      errors: ["turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: async ({ identify, body, ...call }) => {
        const chapter = body.filters?.chapter ?? null;
        const section = body.filters?.section ?? null;
        const asked: Question = {
          id: questionId(call.request),
          content: body.question,
          metadata: section === null ? null : { filters: { chapter, section } },
        };
        const owner = await identify().then(
          (caller) => caller.owner,
          (error: unknown) => {
            if (!isChatkeepError(error, "unauthenticated") || hasCredential(call.request)) throw error;
            if (stateless === undefined) throw error;
            return undefined;
          },
        );
        if (owner === undefined) return answerStateless(call, asked, chapter, body.stream === true);
        const asking: Asking = {
          history,
          owner,
          conversation: conversationOf(chapter),
          question: asked,
          signal: call.request.signal,
        };
        const place = { sessionId: owner.kind === "session" ? owner.id : null };
        return body.stream === true ? streamed(call, asking, place) : whole(await beginTurn(asking), place);
      },
    });

  const streamed = (call: Call, asking: Asking, place: Pick<ChatPlace, "sessionId">): Promise<Response> =>
    streamFrames({
      ...options,
      request: call.request,
      cut: call.cut,
      follow: async (signal) => {
        const { turn, events } = await beginTurn({ ...asking, signal });
        return chatFrames(events, { ...place, conversationId: turn.conversationId });
      },
      done: "",
    });

  const whole = async (begun: Begun, { sessionId }: Pick<ChatPlace, "sessionId">): Promise<object> => {
    const state = await settledTurn(begun);
    return {
      answer: state.reply?.content ?? "",
      citations: state.reply?.citations ?? [],
      stream: false,
      session_id: sessionId,
      conversation_id: state.turn.conversationId,
      message_id: state.reply?.id ?? state.turn.id,
      persisted: state.turn.persisted,
      ...endingOf(state),
    };
  };

  const answerStateless = async (
    call: Call,
    asked: Question,
    scope: string | null,
    stream: boolean,
  ): Promise<object> => {
    await options.countQuestion();
    const { messageId, conversationId, events } = stateless!({
      question: asked,
      scope,
      signal: call.request.signal,
    });
    if (stream) {
      const frames = chatFrames(events, { sessionId: null, conversationId });
      return streamFrames({
        ...options,
        request: call.request,
        cut: call.cut,
        follow: () => frames,
        done: "",
      });
    }
    const fold = createFold();
    for await (const { chunk } of events) fold.push(chunk);
    const { parts, status, error } = fold.answer();
    return {
      answer: contentOf(parts),
      citations: citationsOf(parts) ?? [],
      ...(status === "complete" ? {} : { status, error }),
      stream: false,
      session_id: null,
      conversation_id: conversationId,
      message_id: messageId,
      persisted: false,
    };
  };

  return [
    askRoute("/chat", "askBook"),
    askRoute("/chat/agent", "askBookAgent"),
    guestRoute({
      id: "readBookChat",
      method: "GET",
      path: "/chat/history",
      tag: TAG,
      summary: "Read a session's messages, of one chapter or of all",
      search: historySearch,
      replies: { 200: { description: "The latest, oldest first.", json: historyPage } },
      handle: async ({ request, identify, query }) => {
        const { owner } = await identify(carrySession(request, query.session_id));
        const { chapter, limit, offset } = query;
        const { messages, total } = await seeds.getHistory(owner, { chapter, limit, offset });
        return {
          session_id: owner.kind === "session" ? owner.id : null,
          chapter: chapter ?? null,
          messages: messages.map(messageOf),
          total,
        };
      },
    }),
    guestRoute({
      id: "clearBookChat",
      method: "DELETE",
      path: "/chat/history",
      tag: TAG,
      summary: "Clear a session's messages, of one chapter or of all",
      search: z.object({ session_id: z.string().optional(), chapter: z.string().optional() }),
      replies: { 200: { description: "How many were deleted.", json: cleared } },
      handle: async ({ request, identify, query }) => {
        const { owner } = await identify(carrySession(request, query.session_id));
        const { deleted } = await seeds.clearHistory(owner, query.chapter);
        return { deleted, message: "Chat history cleared successfully" };
      },
    }),
    openRoute({
      id: "bookChatStatus",
      method: "GET",
      path: "/chat/history/status",
      tag: TAG,
      summary: "Check whether histories can be stored and read",
      replies: { 200: { description: "The state.", json: availability } },
      handle: async () => {
        const available = (await health()).database.status === "ok";
        return {
          available,
          message: available
            ? "Chat history is available"
            : "Chat history is not available just now: answers are given, and not saved",
        };
      },
    }),
  ];
}

function conversationOf(chapter: string | null): ConversationInit {
  if (chapter === "") {
    throw new ChatkeepError("invalid_request", "A chapter cannot be empty: leave it out.", {
      pointer: "/filters/chapter",
    });
  }
  return chapter === null ? { scope: WHOLE_BOOK } : { scope: chapter, scopeLabel: chapter };
}

function messageOf(message: Message): object {
  return {
    id: message.id,
    role: message.role,
    content: message.content,
    citations: message.citations,
    created_at: message.createdAt,
  };
}
