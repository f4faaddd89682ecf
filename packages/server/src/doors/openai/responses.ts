import {
  ChatkeepError,
  type History,
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

import type { Log } from "../../log.ts";
import { privateJson } from "../../reply.ts";
import { type Route, ownerRoute } from "../../route.ts";
import { type WritableRoles, requireRoles } from "../../routes/messages.ts";
import { flag, integer } from "../../schema/field.ts";
import { json, jsonObject } from "../../schema/json.ts";
import { streamFrames } from "../../stream.ts";
import { unsavedTurnState } from "../../unsaved.ts";
import { settledTurn } from "../ask.ts";
import { itemInput } from "./conversations.ts";
import { openaiRefusal } from "./error.ts";
import { idFromOpenai } from "./ids.ts";
import { messageFromItem, questionFromInput } from "./item-input.ts";
import { begunState, responseFrames } from "./response-events.ts";
import { type Echo, type ResponseBody, readResponseId, responseOf } from "./response.ts";
import { createRetries } from "./retries.ts";

/** What {@link openaiResponseRoutes} takes. */
export interface OpenaiResponseOptions {
  readonly history: History;
  readonly writableRoles: WritableRoles;
  /** Milliseconds between the heartbeats of a stream. */
  readonly heartbeat: number;
  readonly log: Log;
}

const request = z.looseObject({
  input: z.union([z.string(), z.array(itemInput)]),
  model: z
    .string()
    .nullish()
    .meta({ description: "Not read: what answers is the server's responder, whose model is told." }),
  conversation: z.union([z.string(), z.object({ id: z.string() })]).nullish(),
  previous_response_id: z.string().nullish(),
  instructions: json.nullish().meta({ description: "Given back; what answers is the server's responder." }),
  metadata: jsonObject.nullish(),
  stream: z.boolean().nullish(),
});
type ResponseRequest = z.infer<typeof request>;

const response = z
  .looseObject({
    id: z.string(),
    object: z.literal("response"),
    created_at: z.int(),
    status: z.enum(["in_progress", "completed", "cancelled", "incomplete", "failed"]),
    output: z.array(itemInput),
  })
  .meta({ id: "OpenaiResponse" });

const path = z.object({ response_id: z.string() });
const STREAM = { "text/event-stream": "OpenAI's events of a response, numbered from 0." };

/** OpenAI's Responses, given by the server's responder and kept as turns. */
export function openaiResponseRoutes(options: OpenaiResponseOptions): Route[] {
  const { history, writableRoles } = options;
  const retries = createRetries(history);
  const base = { tag: "Door: OpenAI Responses", refusal: openaiRefusal };

  const conversationOf = async (owner: Owner, call: Request, body: ResponseRequest): Promise<string> => {
    const { conversation, previous_response_id: previous } = body;
    if (conversation !== null && conversation !== undefined) {
      if (previous !== null && previous !== undefined) {
        const detail = "Give `conversation` or `previous_response_id`, not both.";
        throw new ChatkeepError("invalid_request", detail, { pointer: "/previous_response_id" });
      }
      return idFromOpenai(typeof conversation === "string" ? conversation : conversation.id).id;
    }
    if (previous !== null && previous !== undefined) return continued(owner, call, previous);
    const make = async (id: string) => (await history.createConversation(owner, { id })).conversation;
    return (await retries.conversationOnce({ request: call, owner, body }, make)).id;
  };

  /** A conversation goes on from its latest answer only: it has no branches. */
  const continued = async (owner: Owner, call: Request, previous: string): Promise<string> => {
    const { turnId, conversationId } = ownTurn(previous);
    await history.getTurn(owner, conversationId, turnId);
    const latest = (await history.listMessages(owner, conversationId, { limit: 1 })).messages[0];
    const isRetry = Number(call.headers.get("x-stainless-retry-count") ?? 0) > 0;
    if (!isRetry && latest !== undefined && latest.turnId !== null && latest.turnId !== turnId) {
      throw new ChatkeepError(
        "conflict",
        "The conversation went on after this response. Continue from its latest.",
        {
          pointer: "/previous_response_id",
        },
      );
    }
    return conversationId;
  };

  const begin = async (
    owner: Owner,
    key: string | undefined,
    call: Request,
    body: ResponseRequest,
    signal: AbortSignal,
  ): Promise<StartedTurn & { question: Question; conversationId: string }> => {
    const { before, question } = questionFromInput(body.input);
    const inputs = before.map(messageFromItem);
    requireRoles(inputs, key === undefined ? writableRoles(owner) : ROLES, true);
    const conversationId = await conversationOf(owner, call, body);
    const sending = { request: call, owner, conversationId, body };
    return retries.appendOnce(sending, [...inputs, question], async (messages) => {
      const earlier = messages.slice(0, -1);
      if (earlier.length > 0) await history.appendMessages(owner, conversationId, earlier);
      const { id, parts } = messages.at(-1) ?? question;
      const asked: Question = { id, parts, metadata: body.metadata ?? null };
      const started = await history.startTurn(owner, conversationId, asked, { signal });
      return { ...started, question: asked, conversationId };
    });
  };

  const frames = async (
    owner: Owner,
    started: StartedTurn & { question: Question },
    echo: Echo,
    after?: number,
  ): Promise<AsyncIterable<string>> => {
    const { turn, events, question } = started;
    const read = (): Promise<TurnState> => history.getTurn(owner, turn.conversationId, turn.id);
    const unsaved = { owner, question, turn };
    const { message } = turn.persisted
      ? await read()
      : unsavedTurnState({ ...unsaved, answer: createFold().answer() });
    return responseFrames({
      events,
      begun: (): ResponseBody => responseOf(begunState({ turn, message }), echo),
      settled: async (answer) =>
        responseOf(answer.persisted ? await read() : unsavedTurnState({ ...unsaved, answer }), echo),
      after,
    });
  };

  return [
    ownerRoute({
      ...base,
      id: "openaiCreateResponse",
      method: "POST",
      path: "/v1/responses",
      summary: "Ask, in a conversation, after a response, or in a new conversation",
      body: request,
      replies: { 200: { description: "The response, or its stream.", json: response, text: STREAM } },
      errors: [
        "conversation_not_found",
        "turn_not_found",
        "turn_in_progress",
        "conflict",
        "idempotency_mismatch",
      ],
      limited: "when its messages are known",
      handle: async ({ owner, key, body, request: call, cut }) => {
        const echo: Echo = {
          instructions: body.instructions ?? null,
          previousResponseId: body.previous_response_id,
        };
        if (body.stream === true) {
          return streamFrames({
            ...options,
            request: call,
            cut,
            follow: async (signal) => frames(owner, await begin(owner, key, call, body, signal), echo),
            done: "",
          });
        }
        const { question, conversationId, ...started } = await begin(owner, key, call, body, call.signal);
        const asking = { history, owner, conversation: conversationId, question, signal: call.signal };
        return privateJson(responseOf(await settledTurn({ ...started, asking }), echo));
      },
    }),
    ownerRoute({
      ...base,
      id: "openaiGetResponse",
      method: "GET",
      path: "/v1/responses/{response_id}",
      summary: "Read a response, or follow its stream",
      params: path,
      search: z.looseObject({
        stream: flag.optional(),
        starting_after: integer(0, Number.MAX_SAFE_INTEGER)
          .optional()
          .meta({ description: "With `stream`: the number of the last event already seen." }),
      }),
      replies: { 200: { description: "The response, or its stream.", json: response, text: STREAM } },
      errors: ["conversation_not_found", "turn_not_found", "events_expired"],
      handle: async ({ owner, path: { response_id }, query, request: call, cut }) => {
        const { turnId, conversationId } = ownTurn(response_id);
        const state = await history.getTurn(owner, conversationId, turnId);
        if (query.stream !== true) return privateJson(responseOf(state));
        const { turn, message } = state;
        const question: Question = { parts: message.parts };
        const after = query.starting_after;
        return streamFrames({
          ...options,
          request: call,
          cut,
          follow: (signal) => {
            const followed = history.followTurn(owner, conversationId, turnId, { signal });
            const events = after === undefined ? orReplayed(followed, state) : followed;
            return frames(owner, { turn, events, question }, {}, after);
          },
          done: "",
        });
      },
    }),
    ownerRoute({
      ...base,
      id: "openaiCancelResponse",
      method: "POST",
      path: "/v1/responses/{response_id}/cancel",
      summary: "Stop a response, wherever it is made",
      params: path,
      replies: { 200: { description: "The response.", json: response } },
      errors: ["conversation_not_found", "turn_not_found"],
      handle: async ({ owner, path: { response_id } }) => {
        const { turnId, conversationId } = ownTurn(response_id);
        await history.stopTurn(owner, conversationId, turnId);
        return privateJson(responseOf(await history.getTurn(owner, conversationId, turnId)));
      },
    }),
  ];
}

function ownTurn(responseId: string): { turnId: string; conversationId: string } {
  const found = readResponseId(responseId);
  if (found === undefined) throw new ChatkeepError("turn_not_found", "There is no response with this id.");
  return found;
}

/** A settled turn's stream from its stored answer, once its events are dropped. */
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
