import {
  ChatkeepError,
  type History,
  type JsonObject,
  type Owner,
  type PageQuestion,
  type Question,
  type StartedTurn,
  type TurnEvent,
  type UiPart,
  isChatkeepError,
  questionFromUiMessage,
  resultsFromUiMessage,
  resumeUiStream,
  startPageTurn,
  turnToWire,
  uiStream,
} from "@chatkeep/protocol";
import { z } from "zod";

import { id, jsonObject, whenBusy } from "../../http/fields.ts";
import { type Call, type Route, ownerRoutes } from "../../http/route.ts";
import { streamEvents } from "../../http/stream.ts";
import type { Caller } from "../../identity/caller.ts";
import type { ApiServices } from "../api.ts";
import { beginTurn } from "../ask.ts";
import { turn } from "../native/turns.ts";
import { beginningOf } from "./beginning.ts";

/** What `useChat` sends. */
export interface AiSdkRequest {
  id: string;
  messages?: UiMessageBody[] | undefined;
  message?: UiMessageBody | undefined;
  trigger?: string | undefined;
  messageId?: string | null | undefined;
  when_busy?: Question["whenBusy"] | null;
}

interface UiMessageBody {
  id?: string | undefined;
  role: "system" | "user" | "assistant";
  parts: UiPart[];
  metadata?: JsonObject | null | undefined;
}

const uiPart = jsonObject.refine(
  (part) => typeof part["type"] === "string",
  "must have a `type` that is a string",
) as z.ZodType as z.ZodType<UiPart>;

const uiMessage: z.ZodType<UiMessageBody> = z
  .looseObject({
    id: z.string().optional(),
    role: z.enum(["system", "user", "assistant"]),
    parts: z.array(uiPart),
    metadata: jsonObject.nullish(),
  })
  .meta({ id: "UiMessage" });

/** What `useChat` of the AI SDK sends: its messages, or the last of them; `message` is an object. */
export const aiSdkRequest: z.ZodType<AiSdkRequest> = z
  .looseObject({
    id: id.meta({ description: "The chat's id: it is the id of the conversation." }),
    messages: z
      .array(uiMessage)
      .optional()
      .meta({
        description:
          "Only the last message and the id of the one before it are read; earlier messages come from the store. The " +
          "last is a question, or an answer with the results of tools that the page ran.",
      }),
    message: uiMessage.optional(),
    trigger: z
      .string()
      .optional()
      .meta({ examples: ["submit-message", "regenerate-message"] }),
    messageId: z.string().nullish(),
    when_busy: whenBusy,
  })
  .meta({ id: "AiSdkRequest" });

type Services = Pick<ApiServices, "history" | "heartbeat" | "log">;

/** Answers `useChat` with the turn's stream. */
export async function answerAiSdk(
  services: Services,
  { owner, ...call }: Call & Pick<Caller, "owner">,
  body: AiSdkRequest,
): Promise<Response> {
  const { history } = services;
  const begin = (start: () => Promise<StartedTurn>): Promise<StartedTurn> =>
    beginningOf(history).begin(owner, body.id, start);
  const last = body.message ?? body.messages?.at(-1);
  if (last?.role === "assistant") {
    const { question, messageId } = await resultsOf(history, owner, body.id, last);
    const follow = async (signal: AbortSignal): Promise<AsyncIterable<TurnEvent>> =>
      uiStream((await begin(() => history.startTurn(owner, body.id, question, { signal }))).events, {
        messageId,
      });
    return streamEvents({ ...services, ...call, follow });
  }
  if (last?.role !== "user") {
    throw new ChatkeepError("invalid_request", "The last message must be the user's.", {
      pointer: "/messages",
    });
  }
  const question = { ...questionFromUiMessage(last), whenBusy: body.when_busy ?? undefined };
  const intent = intentOf(body, question.id);
  const previousId = body.messages?.at(-2)?.id;
  const answerId = body.messageId ?? undefined;
  const asking: Pick<History, "createConversation" | "getTurn" | "startTurn"> = {
    ...history,
    startTurn: (owner, conversationId, question, { signal } = {}) =>
      startPageTurn({ history, owner, conversationId, question, intent, answerId, previousId, signal }),
  };
  const follow = async (signal: AbortSignal): Promise<AsyncIterable<TurnEvent>> =>
    uiStream(
      (
        await begin(() =>
          beginTurn({ history: asking, owner, conversation: { id: body.id }, question, signal }),
        )
      ).events,
    );
  return streamEvents({ ...services, ...call, follow });
}

function intentOf({ trigger, messageId }: AiSdkRequest, id: string | undefined): PageQuestion["intent"] {
  if (trigger === "regenerate-message") return "regenerate";
  return id !== undefined && messageId === id ? "edit" : "ask";
}

/** The latest messages in which the calls of an answer are looked for. No answer has more steps. */
const MOST = 100;

/** Reads results of tools that the page ran: `addToolOutput` with `sendAutomaticallyWhen`. Errors: `invalid_request`. */
async function resultsOf(
  history: Services["history"],
  owner: Owner,
  conversationId: string,
  { id: messageId, parts }: UiMessageBody,
): Promise<{ question: Question; messageId: string | undefined }> {
  const { messages } = await history.listMessages(owner, conversationId, { limit: MOST });
  const question = resultsFromUiMessage(parts, messages);
  if (question !== undefined) return { question, messageId };
  const detail =
    "The last message must be the user's, or an answer with results of tool calls that are still open.";
  throw new ChatkeepError("invalid_request", detail, { pointer: "/messages" });
}

const STREAM = {
  200: { description: "The stream.", text: { "text/event-stream": "The AI SDK's UI message stream." } },
};

/** The routes of the AI SDK's `useChat` and `DefaultChatTransport`. */
export function aiSdkRoutes(services: ApiServices): Route[] {
  const { history } = services;
  const route = ownerRoutes("AI SDK");

  /** A page asks for the stream of a chat before its first question. */
  const orNone = async <T>(found: Promise<T | null>): Promise<T | null> => {
    try {
      return await found;
    } catch (error) {
      if (isChatkeepError(error, "conversation_not_found")) return null;
      throw error;
    }
  };

  return [
    route("POST /api/chat", {
      id: "chat",
      summary: "Ask as `useChat` of the AI SDK",
      body: aiSdkRequest,
      lastOf: "messages",
      replies: STREAM,
      errors: ["conflict", "turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: ({ body, ...call }) => answerAiSdk(services, call, body),
    }),
    route("GET /api/chat/{chat_id}/stream", {
      id: "resumeChatStream",
      summary: "Resume the running answer from its beginning",
      replies: { ...STREAM, 204: { description: "There is nothing to resume." } },
      search: z.object({
        after: z.string().optional().meta({
          description:
            "The last message that the page shows. An answer to it that was settled meanwhile is replayed.",
        }),
      }),
      handle: async ({ owner, path: { chat_id: conversationId }, query: { after }, ...call }) => {
        const follow = await resumeUiStream({ history, owner, conversationId, after });
        return follow === null ? null : streamEvents({ ...services, ...call, follow });
      },
    }),
    route("POST /api/chat/{chat_id}/stop", {
      id: "stopChat",
      summary: "Stop the running answer on any node",
      description:
        "Closing the stream does not stop the answer. The text so far is kept. An answer that is about to begin is stopped too.",
      replies: {
        200: {
          description: "The turn; `null` when none was running.",
          json: z.object({ turn: turn.nullable() }),
        },
      },
      handle: async ({ owner, path: { chat_id: id } }) => {
        beginningOf(history).stop(owner, id);
        const stopped = await orNone(history.stopBeginning(owner, id));
        return { turn: stopped && turnToWire(stopped) };
      },
    }),
  ];
}
