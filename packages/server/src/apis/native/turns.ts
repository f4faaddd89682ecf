import {
  STREAM_HEADERS,
  TURN_STATUS_HEADER,
  type Owner,
  type Question,
  type StartedTurn,
  type Turn,
  type TurnEvent,
  questionFromWire,
  turnStateToWire,
  turnToWire,
} from "@chatkeep/protocol";

import { type Call, type Route, ownerRoute } from "../../http/route.ts";
import { privateJson } from "../../http/router.ts";
import { streamEvents } from "../../http/stream.ts";
import { validate } from "../../http/validate.ts";
import type { ApiServices } from "../api.ts";
import { foldEvents } from "../ask.ts";
import { conversationPath, messagePath, turnPath } from "../schema/path.ts";
import {
  eventHeader,
  eventSearch,
  importedTurn,
  question,
  regeneration,
  turn,
  turnState,
} from "../schema/turn.ts";
import { unsavedTurnState } from "../unsaved.ts";

/** Set to `false` on a reply that could not be saved. */
const PERSISTED_HEADER = "x-chatkeep-persisted";

const STREAM = {
  "text/event-stream":
    "The AI SDK's UI message stream: each frame has the event's number as its `id`; `data: [DONE]` is the last. A " +
    "stream that ends without it was cut off: resume it with `Last-Event-ID`.",
};

/** The routes of turns. */
export function turnRoutes({ history, heartbeat, log }: ApiServices): Route[] {
  const stream = (
    call: Call,
    follow: (signal: AbortSignal) => AsyncIterable<TurnEvent> | Promise<AsyncIterable<TurnEvent>>,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    streamEvents({ follow, request: call.request, cut: call.cut, heartbeat, headers, log });

  /** The stream of a turn that is begun here, or the turn once it is settled. */
  const answer = async (
    call: Call & { readonly owner: Owner },
    conversationId: string,
    asked: Question,
    start: (signal: AbortSignal) => Promise<StartedTurn>,
  ): Promise<object> => {
    const { owner, request } = call;
    if (wantsStream(request)) {
      let turn: Turn | undefined;
      const begin = async (signal: AbortSignal): Promise<AsyncIterable<TurnEvent>> => {
        const started = await start(signal);
        ({ turn } = started);
        return started.events;
      };
      const response = await stream(call, begin);
      if (turn?.persisted === false) response.headers.set(PERSISTED_HEADER, "false");
      if (turn !== undefined && turn.status !== "running")
        response.headers.set(TURN_STATUS_HEADER, turn.status);
      return response;
    }
    const { turn, events } = await start(request.signal);
    const answered = await foldEvents(events);
    request.signal.throwIfAborted();
    if (answered.persisted) {
      return turnStateToWire(await history.getTurn(owner, conversationId, turn.id));
    }
    const state = turnStateToWire(unsavedTurnState({ owner, question: asked, turn, answer: answered }));
    const token = answered.token === null ? {} : { token: answered.token };
    return privateJson({ ...state, ...token }, 200, { [PERSISTED_HEADER]: "false" });
  };

  return [
    ownerRoute({
      id: "startTurn",
      method: "POST",
      path: "/api/conversations/{conversation_id}/turns",
      tag: "Turns",
      summary: "Ask a question and get the answer",
      description:
        "The question is committed before the responder is called. With `Accept: text/event-stream` the answer is " +
        "streamed; otherwise it is returned when the turn is settled. Closing the connection does not stop the turn. A retry " +
        "with the same `id` attaches to the running turn or returns the settled one.",
      params: conversationPath,
      body: question,
      replies: { 200: { description: "The settled turn, or its stream.", json: turnState, text: STREAM } },
      errors: [
        "forbidden",
        "conversation_not_found",
        "message_not_found",
        "turn_in_progress",
        "idempotency_mismatch",
      ],
      rateLimit: "after-deduplication",
      handle: (call) => {
        const { owner, path, body } = call;
        const asked = questionFromWire(body);
        return answer(call, path.conversation_id, asked, (signal) =>
          history.startTurn(owner, path.conversation_id, asked, { signal }),
        );
      },
    }),
    ownerRoute({
      id: "regenerate",
      method: "POST",
      path: "/api/conversations/{conversation_id}/messages/{message_id}/regenerate",
      tag: "Turns",
      summary: "Regenerate an answer",
      description:
        "`message_id` names the question or an answer to it. The new answer becomes a version beside the old one, and the " +
        "head. The response is streamed or not, as with `POST …/turns`.",
      params: messagePath,
      body: regeneration,
      replies: { 200: { description: "The settled turn, or its stream.", json: turnState, text: STREAM } },
      errors: [
        "forbidden",
        "conversation_not_found",
        "message_not_found",
        "conflict",
        "turn_in_progress",
        "idempotency_mismatch",
      ],
      rateLimit: "after-deduplication",
      handle: (call) => {
        const { owner, path, body } = call;
        return answer(call, path.conversation_id, {}, (signal) =>
          history.regenerate(owner, path.conversation_id, path.message_id, { ...body, signal }),
        );
      },
    }),
    ownerRoute({
      id: "importTurn",
      method: "POST",
      path: "/api/conversations/{conversation_id}/turns/import",
      tag: "Turns",
      summary: "Store an answer that an outage left unsaved",
      description:
        "Stores the question and the answer as they were shown, without calling the responder. A retry with the " +
        "same token stores nothing and returns the turn.",
      params: conversationPath,
      body: importedTurn,
      replies: { 200: { description: "The settled turn.", json: turn } },
      errors: ["forbidden", "conversation_not_found", "turn_in_progress", "idempotency_mismatch"],
      handle: async ({ owner, path, body }) =>
        turnToWire(await history.importTurn(owner, path.conversation_id, body.token)),
    }),
    ownerRoute({
      id: "getTurn",
      method: "GET",
      path: "/api/conversations/{conversation_id}/turns/{turn_id}",
      tag: "Turns",
      summary: "Read a turn with its question and its answer so far",
      params: turnPath,
      replies: { 200: { description: "The turn.", json: turnState } },
      errors: ["forbidden", "conversation_not_found", "turn_not_found"],
      handle: async ({ owner, path }) =>
        turnStateToWire(await history.getTurn(owner, path.conversation_id, path.turn_id)),
    }),
    ownerRoute({
      id: "followTurn",
      method: "GET",
      path: "/api/conversations/{conversation_id}/turns/{turn_id}/events",
      tag: "Turns",
      summary: "Follow or resume a turn's stream",
      description:
        "From the event after `Last-Event-ID` (or `after`, or from the first) until the turn is settled.",
      params: turnPath,
      search: eventSearch,
      replies: { 200: { description: "The stream.", text: STREAM } },
      errors: ["forbidden", "conversation_not_found", "turn_not_found", "events_expired"],
      handle: async (call) => {
        const { owner, path, query, request } = call;
        const after = lastEventId(request) ?? query.after ?? 0;
        if (request.method === "HEAD") {
          await history.getTurn(owner, path.conversation_id, path.turn_id);
          return new Response(null, { headers: STREAM_HEADERS });
        }
        return stream(call, (signal) =>
          history.followTurn(owner, path.conversation_id, path.turn_id, { after, signal }),
        );
      },
    }),
    ownerRoute({
      id: "stopTurn",
      method: "POST",
      path: "/api/conversations/{conversation_id}/turns/{turn_id}/stop",
      tag: "Turns",
      summary: "Stop a running turn on any node",
      description: "The text so far is kept. A settled turn is returned as it is.",
      params: turnPath,
      replies: { 200: { description: "The turn.", json: turn } },
      errors: ["forbidden", "conversation_not_found", "turn_not_found"],
      handle: async ({ owner, path }) =>
        turnToWire(await history.stopTurn(owner, path.conversation_id, path.turn_id)),
    }),
  ];
}

/** Whether the `Accept` header names event streams; `*` alone is answered with JSON. */
function wantsStream(request: Request): boolean {
  const accept = request.headers.get("accept") ?? "";
  return accept.split(",").some((range) => {
    const [type, ...parameters] = range.split(";").map((piece) => piece.trim().toLowerCase());
    return type === "text/event-stream" && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

function lastEventId(request: Request): number | undefined {
  const id = request.headers.get("last-event-id");
  if (id === null || id === "") return undefined;
  return validate(eventHeader, { "last-event-id": id }, "header")["last-event-id"];
}
