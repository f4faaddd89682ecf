import {
  ChatkeepError,
  type ConversationInit,
  type Owner,
  type Question,
  ROLES,
  type StartedTurn,
  type TurnEvent,
  type TurnState,
  createFold,
  isChatkeepError,
  replayEvents,
} from "@chatkeep/protocol";
import { z } from "zod";

import { flag, integer, json, jsonObject, whenBusy } from "../../http/fields.ts";
import { type Call, type Route, ownerRoutes } from "../../http/route.ts";
import { streamFrames } from "../../http/stream.ts";
import type { Caller } from "../../identity/caller.ts";
import type { ApiServices } from "../api.ts";
import { type Asking, beginTurn, settledTurn } from "../ask.ts";
import { requireRoles } from "../roles.ts";
import { unsavedTurnState } from "../unsaved.ts";
import { itemInput } from "./conversations.ts";
import { openaiErrors } from "./error.ts";
import { idFromOpenai } from "./ids.ts";
import { messageFromItem, questionFromInput } from "./item-input.ts";
import { begunState, responseFrames } from "./response-events.ts";
import { type Echo, type ResponseBody, readResponseId, responseOf } from "./response.ts";
import { type StableIds, stableIds } from "./stable-ids.ts";

const request = z.looseObject({
  input: z.union([z.string(), z.array(itemInput)]),
  model: z
    .string()
    .nullish()
    .meta({ description: "Ignored: the server's responder answers. The response names its model." }),
  conversation: z.union([z.string(), z.object({ id: z.string() })]).nullish(),
  previous_response_id: z.string().nullish(),
  instructions: json
    .nullish()
    .meta({ description: "Returned with the response; the server's responder does not read it." }),
  metadata: jsonObject.nullish(),
  stream: z.boolean().nullish(),
  when_busy: whenBusy,
});
type ResponseRequest = z.infer<typeof request>;
type Asked = Call & Caller & { readonly body: ResponseRequest };

const response = z
  .looseObject({
    id: z.string(),
    object: z.literal("response"),
    created_at: z.int(),
    status: z.enum(["queued", "in_progress", "completed", "cancelled", "incomplete", "failed"]),
    output: z.array(itemInput),
  })
  .meta({ id: "OpenaiResponse" });

const params = { response_id: z.string() };
const STREAM = { "text/event-stream": "OpenAI's events of a response, numbered from 0." };

interface Place {
  readonly conversation: string | (ConversationInit & { readonly id: string });
  /** The message that the question follows. Default: the head. */
  readonly parent?: string;
}

/** The routes of OpenAI's Responses. The server's responder answers, and each response is stored as a turn. */
export function openaiResponseRoutes(services: ApiServices): Route[] {
  const { history, writableRoles } = services;
  const route = ownerRoutes("OpenAI Responses", openaiErrors);

  /** The place of a question. With `previous_response_id`, it follows that response in any branch. */
  const placeOf = async (owner: Owner, body: ResponseRequest, ids: StableIds): Promise<Place> => {
    const { conversation: named, previous_response_id: previous } = body;
    if (named !== null && named !== undefined) {
      if (previous !== null && previous !== undefined) {
        const detail = "Send `conversation` or `previous_response_id`, not both.";
        throw new ChatkeepError("invalid_request", detail, { pointer: "/previous_response_id" });
      }
      return { conversation: idFromOpenai(typeof named === "string" ? named : named.id).id };
    }
    if (previous === null || previous === undefined)
      return { conversation: { id: await ids.idOf("conversation") } };
    const { conversationId, turnId } = ownTurn(previous);
    try {
      const { message, reply } = await history.getTurn(owner, conversationId, turnId);
      return { conversation: conversationId, parent: (reply ?? message).id };
    } catch (error) {
      // In an outage, beginning the turn decides whether it is answered.
      if (isChatkeepError(error, "unavailable")) return { conversation: conversationId };
      throw error;
    }
  };

  /** Errors: `turn_in_progress`, before messages are stored whose question would then be refused. */
  const requireIdle = async (
    owner: Owner,
    conversationId: string,
    messages: readonly { readonly id: string }[],
  ): Promise<void> => {
    const { runningTurn } = await history.getConversation(owner, conversationId);
    if (runningTurn === null) return;
    const ids = messages.map(({ id }) => id);
    if (await history.holdsMessages(owner, conversationId, ids)) return;
    const detail = "A response is still in progress in this conversation. Wait for it, or cancel it.";
    throw new ChatkeepError("turn_in_progress", detail, { turnId: runningTurn });
  };

  const begin = async ({ owner, key, body, request: call, arrived }: Asked, signal: AbortSignal) => {
    const { before, question } = questionFromInput(body.input);
    const inputs = before.map(messageFromItem);
    requireRoles(inputs, key === undefined ? writableRoles(owner) : ROLES, true);
    const ids = stableIds({ history, owner, request: call, arrived, body });
    const messages = await ids.withIds([...inputs, question]);
    const { id, parts } = messages.at(-1) ?? question;
    const { conversation, parent } = await placeOf(owner, body, ids);
    const earlier = messages.slice(0, -1);
    const asked: Question = {
      id,
      role: question.role,
      parent: earlier.at(-1)?.id ?? parent,
      parts,
      metadata: body.metadata ?? null,
      whenBusy: body.when_busy ?? undefined,
    };
    if (earlier.length === 0) return beginTurn({ history, owner, conversation, question: asked, signal });

    if (typeof conversation !== "string") await history.createConversation(owner, conversation);
    const conversationId = typeof conversation === "string" ? conversation : conversation.id;
    // A call is stored before its result is checked. All else is checked and stored as one.
    const isResult = question.role === "tool";
    const stored = isResult ? earlier : [...earlier, { ...messages.at(-1)!, metadata: asked.metadata }];
    await requireIdle(owner, conversationId, stored);
    await history.appendMessages(owner, conversationId, stored, { parent });
    if (isResult) return beginTurn({ history, owner, conversation, question: asked, signal });
    const replyId = await ids.idOf("reply");
    const asking: Asking["history"] = {
      ...history,
      startTurn: (_, place, { id: questionId }, options) =>
        history.regenerate(owner, place, questionId!, { ...options, id: replyId }),
    };
    return beginTurn({ history: asking, owner, conversation: conversationId, question: asked, signal });
  };

  const frames = (
    owner: Owner,
    started: StartedTurn & { readonly question: Question },
    echo: Echo,
    after?: number,
  ): AsyncIterable<string> => {
    const { turn, events, question } = started;
    const read = (): Promise<TurnState> => history.getTurn(owner, turn.conversationId, turn.id);
    const unsaved = { owner, question, turn };
    const { message } = unsavedTurnState({ ...unsaved, answer: createFold().answer() });
    return responseFrames({
      events,
      begun: (): ResponseBody => responseOf(begunState({ turn, message }), echo),
      settled: async (answer) =>
        responseOf(answer.persisted ? await read() : unsavedTurnState({ ...unsaved, answer }), echo),
      after,
    });
  };

  return [
    route("POST /v1/responses", {
      id: "openaiCreateResponse",
      summary: "Create a response: in a conversation, after another response, or in a new conversation",
      body: request,
      replies: { 200: { description: "The response, or its stream.", json: response, text: STREAM } },
      errors: [
        "conversation_not_found",
        "turn_not_found",
        "turn_in_progress",
        "conflict",
        "idempotency_mismatch",
      ],
      rateLimit: "after-deduplication",
      handle: async (call) => {
        const { owner, body } = call;
        const echo: Echo = {
          instructions: body.instructions ?? null,
          previousResponseId: body.previous_response_id,
        };
        if (body.stream === true) {
          const follow = async (signal: AbortSignal): Promise<AsyncIterable<string>> => {
            const { asking, ...started } = await begin(call, signal);
            return frames(owner, { ...started, question: asking.question }, echo);
          };
          return streamFrames({ ...services, ...call, follow });
        }
        const begun = await begin(call, call.request.signal);
        const { id, conversationId, status } = begun.turn;
        if (status === "queued") return responseOf(await history.getTurn(owner, conversationId, id), echo);
        return responseOf(await settledTurn(begun), echo);
      },
    }),
    route("GET /v1/responses/{response_id}", {
      id: "openaiGetResponse",
      summary: "Read a response, or follow its stream",
      params,
      search: z.looseObject({
        stream: flag.optional(),
        starting_after: integer(0, Number.MAX_SAFE_INTEGER)
          .optional()
          .meta({ description: "With `stream`: the number of the last event already seen." }),
      }),
      replies: { 200: { description: "The response, or its stream.", json: response, text: STREAM } },
      errors: ["conversation_not_found", "turn_not_found", "events_expired"],
      handle: async ({ owner, path: { response_id }, query, ...call }) => {
        const { turnId, conversationId } = ownTurn(response_id);
        const state = await history.getTurn(owner, conversationId, turnId);
        if (query.stream !== true) return responseOf(state);
        const { turn, message } = state;
        const question: Question = { parts: message.parts, metadata: message.metadata };
        const after = query.starting_after;
        const follow = (signal: AbortSignal): AsyncIterable<string> => {
          const followed = history.followTurn(owner, conversationId, turnId, { signal });
          const events = after === undefined ? orReplayed(followed, state) : followed;
          return frames(owner, { turn, events, question }, {}, after);
        };
        return streamFrames({ ...services, ...call, follow });
      },
    }),
    route("POST /v1/responses/{response_id}/cancel", {
      id: "openaiCancelResponse",
      summary: "Cancel a response on any node",
      params,
      replies: { 200: { description: "The response.", json: response } },
      errors: ["conversation_not_found", "turn_not_found"],
      handle: async ({ owner, path: { response_id } }) => {
        const { turnId, conversationId } = ownTurn(response_id);
        await history.stopTurn(owner, conversationId, turnId);
        return responseOf(await history.getTurn(owner, conversationId, turnId));
      },
    }),
  ];
}

function ownTurn(responseId: string): { turnId: string; conversationId: string } {
  const found = readResponseId(responseId);
  if (found === undefined) throw new ChatkeepError("turn_not_found", "There is no response with this id.");
  return found;
}

/** Replays a settled turn from its stored answer once its events are dropped. */
async function* orReplayed(
  events: AsyncIterable<TurnEvent>,
  state: TurnState,
): AsyncGenerator<TurnEvent, void, void> {
  try {
    yield* events;
  } catch (error) {
    if (!isChatkeepError(error, "events_expired")) throw error;
    yield* replayEvents(state);
  }
}
