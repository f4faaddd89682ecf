import {
  ChatkeepError,
  type History,
  type JsonObject,
  type Owner,
  type Question,
  type TurnEvent,
  type UiPart,
  isChatkeepError,
  questionFromUiMessage,
  turnToWire,
} from "@chatkeep/protocol";
import { z } from "zod";

import type { Log } from "../log.ts";
import { privateJson } from "../reply.ts";
import { type Route, ownerRoute } from "../route.ts";
import { id } from "../schema/field.ts";
import { jsonObject } from "../schema/json.ts";
import { turn } from "../schema/turn.ts";
import { streamEvents } from "../stream.ts";
import { beginTurn } from "./ask.ts";
import type { DoorCall } from "./door.ts";

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

const uiMessage: z.ZodType<UiMessageBody> = z
  .looseObject({
    id: z.string().optional(),
    role: z.enum(["system", "user", "assistant"]),
    parts: z.array(jsonObject as z.ZodType<UiPart>),
    metadata: jsonObject.nullish(),
  })
  .meta({ id: "UiMessage" });

/** What `useChat` of the AI SDK sends: its messages, or the last of them; `message` is an object. */
export const aiSdkRequest: z.ZodType<AiSdkRequest> = z
  .looseObject({
    id: id.meta({ description: "The chat's id, under which the conversation is kept." }),
    messages: z.array(uiMessage).optional().meta({
      description: "Only the last is read: what was said before is taken from what is stored.",
    }),
    message: uiMessage.optional(),
    trigger: z
      .string()
      .optional()
      .meta({ examples: ["submit-message", "regenerate-message"] }),
    messageId: z.string().nullish(),
  })
  .meta({ id: "AiSdkRequest" });

/** What the AI SDK's door needs. */
export interface AiSdkOptions {
  readonly history: History;
  /** Milliseconds between the heartbeats of a stream. */
  readonly heartbeat: number;
  readonly log: Log;
}

/** Answers `useChat` with the turn's stream. */
export async function answerAiSdk(
  options: AiSdkOptions,
  { request, cut, identify }: DoorCall,
  body: AiSdkRequest,
): Promise<Response> {
  const { history } = options;
  const { owner } = await identify();
  const last = body.message ?? body.messages?.at(-1);
  if (last?.role !== "user") {
    throw new ChatkeepError("invalid_request", "The last message must be the user's.", {
      pointer: "/messages",
    });
  }
  const question = questionFromUiMessage(last);
  const isAgain = body.trigger === "regenerate-message";
  if (question.id !== undefined && (isAgain || body.messageId === question.id)) {
    await withdraw(history, owner, body.id, { ...question, id: question.id }, isAgain ? "always" : "changed");
  }
  return streamEvents({
    ...options,
    request,
    cut,
    follow: async (signal): Promise<AsyncIterable<TurnEvent>> =>
      (await beginTurn({ history, owner, conversation: { id: body.id }, question, signal })).events,
  });
}

/**
 * Takes back a question that the person asks anew, and all that was said after it: their page shows none of
 * it any more. `changed`: only if the question says something else now; else it is a retry.
 */
async function withdraw(
  history: History,
  owner: Owner,
  conversation: string,
  question: Question & { id: string },
  when: "always" | "changed",
): Promise<void> {
  const stored = await history.getMessage(owner, conversation, question.id).catch((error: unknown) => {
    if (isChatkeepError(error, "message_not_found") || isChatkeepError(error, "conversation_not_found"))
      return undefined;
    throw error;
  });
  if (stored === undefined || stored.role !== "user") return;
  if (when === "changed" && JSON.stringify(stored.parts) === JSON.stringify(question.parts)) return;
  const { runningTurn } = await history.getConversation(owner, conversation);
  if (runningTurn !== null) await history.stopTurn(owner, conversation, runningTurn);
  for (;;) {
    const { messages } = await history.listMessages(owner, conversation, { limit: 100 });
    const gone = messages.filter(({ seq }) => seq >= stored.seq);
    // From the newest, so that the question, which says where to begin, is the last to go.
    for (const { id } of gone.toReversed()) await history.deleteMessage(owner, conversation, id);
    if (gone.length < messages.length || messages.length === 0) return;
  }
}

const chatPath = z.object({ chat_id: id });
const TAG = "Door: AI SDK";

/** The AI SDK's routes beside `POST /api/chat`: resuming and stopping. */
export function aiSdkRoutes(options: AiSdkOptions): Route[] {
  const { history } = options;

  const runningTurn = async (owner: Owner, conversation: string): Promise<string | null> => {
    try {
      return (await history.getConversation(owner, conversation)).runningTurn;
    } catch (error) {
      // A chat that says nothing yet: its page asks for its stream before its first question.
      if (isChatkeepError(error, "conversation_not_found")) return null;
      throw error;
    }
  };

  return [
    ownerRoute({
      id: "resumeChatStream",
      method: "GET",
      path: "/api/chat/{chat_id}/stream",
      tag: TAG,
      summary: "Follow the answer that is being given, from its beginning",
      params: chatPath,
      replies: {
        200: { description: "The stream.", text: { "text/event-stream": "The AI SDK's UI message stream." } },
        204: { description: "No answer is being given." },
      },
      handle: async ({ owner, path, request, cut }) => {
        const running = await runningTurn(owner, path.chat_id);
        if (running === null)
          return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
        return streamEvents({
          ...options,
          request,
          cut,
          follow: (signal) => history.followTurn(owner, path.chat_id, running, { signal }),
        });
      },
    }),
    ownerRoute({
      id: "stopChat",
      method: "POST",
      path: "/api/chat/{chat_id}/stop",
      tag: TAG,
      summary: "Stop the answer that is being given, wherever it is made",
      description: "Closing the stream stops nothing. The text so far is kept.",
      params: chatPath,
      replies: {
        200: { description: "The turn; `null` when none ran.", json: z.object({ turn: turn.nullable() }) },
      },
      handle: async ({ owner, path }) => {
        const running = await runningTurn(owner, path.chat_id);
        if (running === null) return privateJson({ turn: null });
        return privateJson({ turn: turnToWire(await history.stopTurn(owner, path.chat_id, running)) });
      },
    }),
  ];
}
