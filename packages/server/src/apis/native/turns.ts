import {
  TURN_STATUSES,
  TURN_STATUS_HEADER,
  type Question,
  type StartedTurn,
  type WireQueuedQuestion,
  type WireTurn,
  type WireTurnState,
  questionFromWire,
  queuedQuestionToWire,
  turnStateToWire,
  turnToWire,
} from "@chatkeep/protocol";
import { z } from "zod";

import { id, jsonObject, time, whenBusy } from "../../http/fields.ts";
import { eventNumber, lastEventId } from "../../http/last-event-id.ts";
import { type Call, type Route, ownerRoutes } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import { streamEvents } from "../../http/stream.ts";
import type { Caller } from "../../identity/caller.ts";
import type { ApiServices } from "../api.ts";
import { foldEvents } from "../ask.ts";
import { unsavedTurnState } from "../unsaved.ts";
import { failure, message, parentId, part } from "./message.ts";

/** Set to `false` on a reply that could not be saved. */
const PERSISTED_HEADER = "x-chatkeep-persisted";

/** A turn. */
export const turn: z.ZodType<WireTurn> = z
  .strictObject({
    id,
    conversation_id: id,
    status: z.enum(TURN_STATUSES),
    message_id: id,
    reply_id: z.string().nullable(),
    persisted: z.boolean(),
    error: failure.nullable(),
    created_at: time,
    settled_at: time.nullable(),
  })
  .meta({ id: "Turn" });

const turnState: z.ZodType<WireTurnState & { token?: string }> = z
  .strictObject({
    turn,
    message,
    reply: message.nullable(),
    persisted: z.boolean(),
    token: z.string().exactOptional().meta({
      description: "With `persisted: false`: the token that stores the answer once the database is back.",
    }),
  })
  .meta({ id: "TurnState" });

const question = z
  .strictObject({
    id: id.nullish().meta({
      description: "The client's id for the message. A retry with it does not ask twice.",
    }),
    parent_id: parentId,
    role: z
      .enum(["user", "tool"])
      .nullish()
      .meta({
        description:
          "`tool`: `parts` are the results of calls that the last answer left to the client. While others are open, the " +
          "reply is the turn that waits for them.",
      }),
    content: z.string().nullish(),
    parts: z.array(part).nullish(),
    context_text: z.string().nullish().meta({ description: "The text that was selected on the page." }),
    metadata: jsonObject.nullish(),
    when_busy: whenBusy,
  })
  .meta({ id: "Question" });

const queuedQuestion: z.ZodType<WireQueuedQuestion> = z
  .strictObject({
    id,
    turn_id: id.meta({ description: "The turn that will answer it." }),
    parent_id: id.nullable().exactOptional(),
    content: z.string(),
    parts: z.array(part),
    context_text: z.string().nullable(),
    metadata: jsonObject.nullable(),
    steers: z.boolean(),
    held: z.boolean().meta({
      description:
        "Whether it waits to be sent again with its id, or deleted: the answer before it was stopped.",
    }),
    created_at: time,
  })
  .meta({ id: "QueuedQuestion" });

const regeneration = z
  .strictObject({
    id: id.nullish().meta({
      description: "The client's id for the new answer. A retry with it does not ask twice.",
    }),
  })
  .meta({ id: "Regeneration" });

const imported = z
  .strictObject({ token: z.string().meta({ description: "From the last metadata of the answer's stream." }) })
  .meta({ id: "ImportedTurn" });

const STREAM = {
  "text/event-stream":
    "The AI SDK's UI message stream. The `id` of each frame is the event's number, in a continued answer with a point and " +
    "the attempt, as in `12.2`; the last frame is `data: [DONE]`. " +
    "Resume a stream that ends earlier with `Last-Event-ID`.",
};
const QUEUED = {
  202: {
    description: "The turn of a question that was queued, without a stream. Follow its events.",
    json: turnState,
  },
};
const ANSWER = { 200: { description: "The settled turn, or its stream.", json: turnState, text: STREAM } };

/** The routes of turns. */
export function turnRoutes({ history, heartbeat, log }: ApiServices): Route[] {
  const route = ownerRoutes("Turns");

  /** Sends the stream of a turn that begins here, or the turn once it is settled. */
  const answer = async (
    call: Call & Caller,
    conversationId: string,
    question: Question,
    start: (signal: AbortSignal) => Promise<StartedTurn>,
  ): Promise<object> => {
    const { owner, request } = call;
    if (!acceptsStream(request)) {
      const { turn, events } = await start(request.signal);
      if (turn.status === "queued") {
        return privateJson(turnStateToWire(await history.getTurn(owner, conversationId, turn.id)), 202);
      }
      const answer = await foldEvents(events);
      request.signal.throwIfAborted();
      if (answer.persisted) return turnStateToWire(await history.getTurn(owner, conversationId, turn.id));
      const state = turnStateToWire(unsavedTurnState({ owner, question, turn, answer }));
      const token = answer.token === null ? {} : { token: answer.token };
      return privateJson({ ...state, ...token }, 200, { [PERSISTED_HEADER]: "false" });
    }
    let started: StartedTurn | undefined;
    const follow = async (signal: AbortSignal): Promise<StartedTurn["events"]> =>
      (started = await start(signal)).events;
    const response = await streamEvents({ ...call, follow, heartbeat, log });
    const { persisted = true, status = "running" } = started?.turn ?? {};
    if (!persisted) response.headers.set(PERSISTED_HEADER, "false");
    if (status !== "running" && status !== "queued") response.headers.set(TURN_STATUS_HEADER, status);
    return response;
  };

  return [
    route("POST /api/conversations/{conversation_id}/turns", {
      id: "startTurn",
      summary: "Ask a question and get the answer",
      description:
        "The question is committed before the responder is called. With `Accept: text/event-stream` the answer is " +
        "streamed; otherwise it is returned when the turn is settled. Closing the connection does not stop the turn. A retry " +
        "with the same `id` attaches to the running turn or returns the settled one. While another turn runs, " +
        "`when_busy` decides; the stream of a queued question begins with its turn.",
      body: question,
      replies: { ...ANSWER, ...QUEUED },
      errors: ["message_not_found", "turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: ({ path: { conversation_id: id }, body, ...call }) => {
        const question = questionFromWire(body);
        return answer(call, id, question, (signal) =>
          history.startTurn(call.owner, id, question, { signal }),
        );
      },
    }),
    route("GET /api/conversations/{conversation_id}/queue", {
      id: "listQueuedQuestions",
      summary: "List the questions that wait for the answer before them",
      replies: {
        200: {
          description: "The questions, in the order in which they will be asked.",
          json: z.strictObject({ questions: z.array(queuedQuestion) }),
        },
      },
      handle: async ({ owner, path }) => ({
        questions: (await history.listQueuedQuestions(owner, path.conversation_id)).map(queuedQuestionToWire),
      }),
    }),
    route("DELETE /api/conversations/{conversation_id}/queue/{message_id}", {
      id: "deleteQueuedQuestion",
      summary: "Take a question out of the queue",
      replies: { 204: { description: "The question is deleted." } },
      errors: ["message_not_found"],
      handle: async ({ owner, path }) => {
        await history.deleteQueuedQuestion(owner, path.conversation_id, path.message_id);
        return null;
      },
    }),
    route("POST /api/conversations/{conversation_id}/messages/{message_id}/regenerate", {
      id: "regenerate",
      summary: "Regenerate an answer",
      description:
        "`message_id` names the question or an answer to it. The new answer becomes a version beside the old one, and the " +
        "head. The response is streamed or not, as with `POST …/turns`.",
      body: regeneration,
      replies: ANSWER,
      errors: ["conflict", "turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: ({ path: { conversation_id: id, message_id: messageId }, body, ...call }) =>
        answer(call, id, {}, (signal) =>
          history.regenerate(call.owner, id, messageId, { id: body.id ?? undefined, signal }),
        ),
    }),
    route("POST /api/conversations/{conversation_id}/turns/import", {
      id: "importTurn",
      summary: "Store an answer that an outage left unsaved",
      description:
        "Stores the question and the answer as they were shown, without calling the responder. A retry with the " +
        "same token stores nothing and returns the turn.",
      body: imported,
      replies: { 200: { description: "The settled turn.", json: turn } },
      errors: ["turn_in_progress", "idempotency_mismatch"],
      handle: async ({ owner, path, body }) =>
        turnToWire(await history.importTurn(owner, path.conversation_id, body.token)),
    }),
    route("GET /api/conversations/{conversation_id}/turns/{turn_id}", {
      id: "getTurn",
      summary: "Read a turn with its question and its answer so far",
      replies: { 200: { description: "The turn.", json: turnState } },
      handle: async ({ owner, path }) =>
        turnStateToWire(await history.getTurn(owner, path.conversation_id, path.turn_id)),
    }),
    route("GET /api/conversations/{conversation_id}/turns/{turn_id}/events", {
      id: "followTurn",
      summary: "Follow or resume a turn's stream",
      description:
        "From the event after `Last-Event-ID` (or `after`, or from the first) until the turn is settled.",
      search: z.strictObject({
        after: eventNumber.optional().meta({
          description: "The last event already seen. The header `Last-Event-ID` takes precedence.",
        }),
      }),
      replies: { 200: { description: "The stream.", text: STREAM } },
      errors: ["events_expired"],
      handle: async ({ owner, path: { conversation_id: id, turn_id: turnId }, query, ...call }) => {
        const after = lastEventId(call.request) ?? query.after;
        const follow = (signal: AbortSignal): StartedTurn["events"] =>
          history.followTurn(owner, id, turnId, { after, signal });
        return streamEvents({ ...call, follow, heartbeat, log });
      },
    }),
    route("POST /api/conversations/{conversation_id}/turns/{turn_id}/stop", {
      id: "stopTurn",
      summary: "Stop a running turn on any node",
      description: "The text so far is kept. A settled turn is returned as it is.",
      replies: { 200: { description: "The turn.", json: turn } },
      handle: async ({ owner, path }) =>
        turnToWire(await history.stopTurn(owner, path.conversation_id, path.turn_id)),
    }),
  ];
}

/** Whether the `Accept` header names event streams. `*` alone does not. */
function acceptsStream(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "";
  return accept.split(",").some((range) => {
    const [type, ...parameters] = range.split(";").map((piece) => piece.trim().toLowerCase());
    return type === "text/event-stream" && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
