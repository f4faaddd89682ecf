import {
  ChatkeepError,
  type History,
  type JsonObject,
  type Owner,
  type PageQuestion,
  type TurnEvent,
  type UiPart,
  answerSoFarOf,
  isChatkeepError,
  questionFromUiMessage,
  resultsFromUiMessage,
  runningTurnOfHead,
  startPageTurn,
  turnToWire,
  uiStream,
} from "@chatkeep/protocol";
import { z } from "zod";

import { type Call, type Route, ownerRoute } from "../../http/route.ts";
import { streamEvents } from "../../http/stream.ts";
import type { ApiServices } from "../api.ts";
import { beginTurn } from "../ask.ts";
import { id } from "../schema/field.ts";
import { jsonObject } from "../schema/json.ts";
import { turn } from "../schema/turn.ts";

/** What `useChat` sends. */
export interface AiSdkRequest {
  id: string;
  messages?: UiMessageBody[] | undefined;
  message?: UiMessageBody | undefined;
  trigger?: string | undefined;
  messageId?: string | null | undefined;
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
          "Only the last message is read, and the id of the one before it; earlier ones come from the store. It is a " +
          "question, or an answer with the results of tools that the page ran.",
      }),
    message: uiMessage.optional(),
    trigger: z
      .string()
      .optional()
      .meta({ examples: ["submit-message", "regenerate-message"] }),
    messageId: z.string().nullish(),
  })
  .meta({ id: "AiSdkRequest" });

type Services = Pick<ApiServices, "history" | "heartbeat" | "log">;
type Asked = Pick<Call, "request" | "cut"> & { readonly owner: Owner };

/** Answers `useChat` with the turn's stream. */
export async function answerAiSdk(
  options: Services,
  { request, cut, owner }: Asked,
  body: AiSdkRequest,
): Promise<Response> {
  const { history } = options;
  const last = body.message ?? body.messages?.at(-1);
  if (last?.role === "assistant") return goOn(options, { request, cut, owner }, body.id, last);
  if (last?.role !== "user") {
    throw new ChatkeepError("invalid_request", "The last message must be the user's.", {
      pointer: "/messages",
    });
  }
  const question = questionFromUiMessage(last);
  const intent = intentOf(body, question.id);
  const previousId = body.messages?.at(-2)?.id;
  const asking: Pick<History, "createConversation" | "getTurn" | "startTurn"> = {
    ...history,
    startTurn: (by, conversationId, asked, { signal } = {}) =>
      startPageTurn({
        history,
        owner: by,
        conversationId,
        question: asked,
        intent,
        answerId: body.messageId ?? undefined,
        previousId,
        signal,
      }),
  };
  return streamEvents({
    ...options,
    request,
    cut,
    follow: async (signal): Promise<AsyncIterable<TurnEvent>> =>
      uiStream(
        (await beginTurn({ history: asking, owner, conversation: { id: body.id }, question, signal })).events,
      ),
  });
}

function intentOf({ trigger, messageId }: AiSdkRequest, id: string | undefined): PageQuestion["intent"] {
  if (trigger === "regenerate-message") return "regenerate";
  return id !== undefined && messageId === id ? "edit" : "ask";
}

/** Messages that are looked at for the calls of an answer: more than the steps of any. */
const MOST = 100;

/** Goes on with an answer whose tools the page ran: `addToolOutput` with `sendAutomaticallyWhen`. */
async function goOn(
  options: Services,
  { owner, ...call }: Asked,
  conversation: string,
  { id: messageId, parts }: UiMessageBody,
): Promise<Response> {
  const { history } = options;
  const { messages } = await history.listMessages(owner, conversation, { limit: MOST });
  const question = resultsFromUiMessage(parts, messages);
  if (question === undefined) {
    const detail =
      "The last message must be the user's, or an answer with the results of calls that wait for them.";
    throw new ChatkeepError("invalid_request", detail, { pointer: "/messages" });
  }
  return streamEvents({
    ...options,
    ...call,
    follow: async (signal) =>
      uiStream((await history.startTurn(owner, conversation, question, { signal })).events, { messageId }),
  });
}

const chatPath = z.object({ chat_id: id });
const TAG = "AI SDK";

/** The routes of the AI SDK's `useChat` and `DefaultChatTransport`. */
export function aiSdkRoutes(options: ApiServices): Route[] {
  const { history } = options;

  const orNone = async <T>(found: Promise<T | null>): Promise<T | null> => {
    try {
      return await found;
    } catch (error) {
      // A chat that says nothing yet: its page asks for its stream before its first question.
      if (isChatkeepError(error, "conversation_not_found")) return null;
      throw error;
    }
  };

  return [
    ownerRoute({
      id: "chat",
      method: "POST",
      path: "/api/chat",
      tag: TAG,
      summary: "Ask as `useChat` of the AI SDK",
      body: aiSdkRequest,
      replies: {
        200: { description: "The stream.", text: { "text/event-stream": "The AI SDK's UI message stream." } },
      },
      errors: ["conflict", "turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: ({ body, ...call }) => answerAiSdk(options, call, body),
    }),
    ownerRoute({
      id: "resumeChatStream",
      method: "GET",
      path: "/api/chat/{chat_id}/stream",
      tag: TAG,
      summary: "Resume the running answer from its beginning",
      params: chatPath,
      replies: {
        200: { description: "The stream.", text: { "text/event-stream": "The AI SDK's UI message stream." } },
        204: { description: "No answer is running." },
      },
      handle: async ({ owner, path, request, cut }) => {
        const running = await orNone(runningTurnOfHead(history, owner, path.chat_id));
        if (running === null)
          return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
        const { message, turn: followed } = running;
        const before =
          message.role === "tool"
            ? answerSoFarOf(
                (await history.listMessages(owner, path.chat_id, { before: message.seq + 1, limit: MOST }))
                  .messages,
              )
            : [];
        return streamEvents({
          ...options,
          request,
          cut,
          follow: (signal) =>
            uiStream(history.followTurn(owner, path.chat_id, followed.id, { signal }), {
              messageId: before[0]?.id,
              before,
            }),
        });
      },
    }),
    ownerRoute({
      id: "stopChat",
      method: "POST",
      path: "/api/chat/{chat_id}/stop",
      tag: TAG,
      summary: "Stop the running answer on any node",
      description: "Closing the stream does not stop the answer. The text so far is kept.",
      params: chatPath,
      replies: {
        200: {
          description: "The turn; `null` when none was running.",
          json: z.object({ turn: turn.nullable() }),
        },
      },
      handle: async ({ owner, path }) => {
        const found = await orNone(history.getConversation(owner, path.chat_id));
        const running = found?.runningTurn ?? null;
        if (running === null) return { turn: null };
        return { turn: turnToWire(await history.stopTurn(owner, path.chat_id, running)) };
      },
    }),
  ];
}
