import { randomUUID } from "node:crypto";

import {
  ChatkeepError,
  type ConversationInit,
  type Message,
  type Owner,
  type TurnState,
  isChatkeepError,
} from "@chatkeep/protocol";
import {
  type ApiServices,
  type Asking,
  type Begun,
  type GuestCall,
  type Route,
  beginTurn,
  citation,
  endingOf,
  failure,
  guestRoutes,
  integer,
  openRoutes,
  pageLimit,
  questionId,
  settledTurn,
  streamFrames,
  time,
} from "@chatkeep/server/apis";
import { z } from "zod";

import { chatFrames } from "./book-assistant-stream.ts";
import { createSeedFunctions } from "./functions.ts";
import { carrySession, hasCredential } from "./session.ts";
import type { AskStateless } from "./stateless.ts";

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
  limit: pageLimit(1000, 100),
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

const STREAM = {
  "text/event-stream":
    "`event: metadata` with the citations, `event: token` with a piece of text, then `event: done` with the duration, or `event: error`.",
};

/** A book assistant for anonymous readers, with a history per chapter. `stateless` answers requests without a credential. */
export function bookAssistantRoutes(services: ApiServices, stateless: AskStateless | undefined): Route[] {
  const { history, health } = services;
  const route = guestRoutes("Book assistant");
  const openRoute = openRoutes("Book assistant");
  const seeds = createSeedFunctions(history);

  /** The owner of a request; `undefined` for one without a credential that may be answered all the same. */
  const ownerOf = async ({ identify, request }: GuestCall): Promise<Owner | undefined> => {
    try {
      return (await identify()).owner;
    } catch (error) {
      const isRefused = stateless === undefined || hasCredential(request);
      if (isRefused || !isChatkeepError(error, "unauthenticated")) throw error;
      return undefined;
    }
  };

  const askRoute = (path: "/chat" | "/chat/agent", id: string): Route =>
    route(`POST ${path}`, {
      id,
      summary: "Ask about the book or one chapter",
      description:
        "With `X-Session-ID`, question and answer are stored. Without a credential nothing is, and the answer has `persisted: false`.",
      body: question,
      replies: { 200: { description: "The answer, or its stream.", json: answer, text: STREAM } },
      errors: ["turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: async ({ body, ...call }) => {
        const { chapter = null, section = null } = body.filters ?? {};
        const owner = await ownerOf(call);
        if (owner === undefined) await services.countQuestion();
        const asking: Asking = {
          history,
          owner: owner ?? { kind: "session", id: randomUUID() },
          conversation: conversationOf(chapter),
          question: {
            id: questionId(call.request),
            content: body.question,
            metadata: section === null ? null : { filters: { chapter, section } },
          },
          signal: call.request.signal,
        };
        const begin = (asking: Asking): Begun | Promise<Begun> =>
          owner === undefined ? stateless!(asking) : beginTurn(asking);
        const sessionId = owner?.kind === "session" ? owner.id : null;
        if (body.stream !== true) return answerOf(await settledTurn(await begin(asking)), sessionId);
        const follow = async (signal: AbortSignal): Promise<AsyncIterable<string>> => {
          const { turn, events } = await begin({ ...asking, signal });
          return chatFrames(events, { sessionId, conversationId: turn.conversationId });
        };
        return streamFrames({ ...services, ...call, follow });
      },
    });

  return [
    askRoute("/chat", "askBook"),
    askRoute("/chat/agent", "askBookAgent"),
    route("GET /chat/history", {
      id: "readBookChat",
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
    route("DELETE /chat/history", {
      id: "clearBookChat",
      summary: "Clear a session's messages, of one chapter or of all",
      search: z.object({ session_id: z.string().optional(), chapter: z.string().optional() }),
      replies: { 200: { description: "How many were deleted.", json: cleared } },
      handle: async ({ request, identify, query }) => {
        const { owner } = await identify(carrySession(request, query.session_id));
        const { deleted } = await seeds.clearHistory(owner, query.chapter);
        return { deleted, message: "Chat history cleared successfully" };
      },
    }),
    openRoute("GET /chat/history/status", {
      id: "bookChatStatus",
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
    throw new ChatkeepError("invalid_request", "A chapter cannot be empty. Leave it out.", {
      pointer: "/filters/chapter",
    });
  }
  return chapter === null ? { scope: WHOLE_BOOK } : { scope: chapter, scopeLabel: chapter };
}

function answerOf(state: TurnState, sessionId: string | null): object {
  const { turn, reply } = state;
  return {
    answer: reply?.content ?? "",
    citations: reply?.citations ?? [],
    stream: false,
    session_id: sessionId,
    conversation_id: turn.conversationId,
    message_id: reply?.id ?? turn.id,
    persisted: turn.persisted,
    ...endingOf(state),
  };
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
