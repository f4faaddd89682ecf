import {
  type FollowOptions,
  type History,
  type Owner,
  type SeenEvent,
  type TurnEvent,
  isChatkeepError,
  pairCalls,
  runningTurnOfHead,
  startPageTurn,
} from "@chatkeep/protocol";
import { z } from "zod";

import { id } from "../../http/fields.ts";
import { eventNumber, lastEventId } from "../../http/last-event-id.ts";
import { type Call, type Route, ownerRoutes } from "../../http/route.ts";
import { streamFrames } from "../../http/stream.ts";
import type { Caller } from "../../identity/caller.ts";
import type { ApiServices } from "../api.ts";
import { beginTurn } from "../ask.ts";
import {
  type Run,
  type RunIds,
  agUiFrames,
  agUiFramesAfter,
  createEventEncoder,
  frameOf,
  outcomeOf,
  runFinished,
  runStarted,
} from "./events.ts";
import { type RunAgentInput, askedOf, runAgentInput } from "./input.ts";
import { activityEventsOf, agUiMessagesOf, stateEventsOf } from "./messages.ts";

const STREAM = { 200: { description: "The stream.", text: { "text/event-stream": "AG-UI's events." } } };
/** The latest messages that a client gets when it connects. */
const MOST = 100;

/** The routes of AG-UI, for `HttpAgent` of `@ag-ui/client`. */
export function agUiRoutes(services: ApiServices): Route[] {
  const { history } = services;
  const route = ownerRoutes("AG-UI");

  const ask = (call: Call & Caller, input: RunAgentInput): Promise<Response> => {
    const { owner } = call;
    const ids = { threadId: input.threadId, runId: input.runId };
    const run: Run = { ids, version: input.protocolVersion };
    const asked = askedOf(input);
    if (asked === undefined) return connect(call, run, undefined);
    const { question, previousId } = asked;
    const asking: Pick<History, "createConversation" | "getTurn" | "startTurn"> = {
      ...history,
      startTurn: (owner, conversationId, question, { signal } = {}) =>
        startPageTurn({ history, owner, conversationId, question, intent: "ask", previousId, signal }),
    };
    const follow = async (signal: AbortSignal): Promise<AsyncIterable<string>> => {
      const begun =
        question.role === "tool"
          ? await history.startTurn(owner, ids.threadId, question, { signal })
          : await beginTurn({ history: asking, owner, conversation: { id: ids.threadId }, question, signal });
      const seen = lastEventId(call.request);
      const encode = createEventEncoder(run);
      return seen === undefined
        ? agUiFrames(begun.events, encode)
        : agUiFramesAfter(seen, begun.events, followOf(owner, ids.threadId, begun.turn.id, signal), encode);
    };
    return streamFrames({ ...services, ...call, follow });
  };

  /** Sends the conversation, and follows its running answer. */
  const connect = async (
    call: Call & Caller,
    given: { readonly ids: Partial<RunIds> & Pick<RunIds, "threadId">; readonly version: string | undefined },
    after: number | SeenEvent | undefined,
  ): Promise<Response> => {
    const { owner } = call;
    const { threadId } = given.ids;
    const running = await orNone(runningTurnOfHead(history, owner, threadId));
    const run: Run = { ...given, ids: { runId: running?.turn.id ?? threadId, ...given.ids } };
    const encode = createEventEncoder(run);
    const frames = async (signal: AbortSignal): Promise<AsyncIterable<string>> => {
      const follow = running && followOf(owner, threadId, running.turn.id, signal);
      if (follow !== null && after !== undefined) return agUiFramesAfter(after, follow({}), follow, encode);
      const before = running?.reply?.seq;
      const opening = await openingOf(owner, run, before);
      if (follow === null) return framesOf([...opening.frames, frameOf(opening.end)]);
      return concat(
        opening.frames,
        agUiFrames(follow({}), (chunk) => (chunk.type === "start" ? (encode(chunk), []) : encode(chunk))),
      );
    };
    return streamFrames({ ...services, ...call, follow: frames });
  };

  const followOf =
    (owner: Owner, threadId: string, turnId: string, signal: AbortSignal) =>
    (options: FollowOptions): AsyncIterable<TurnEvent> =>
      history.followTurn(owner, threadId, turnId, { ...options, signal });

  const openingOf = async (owner: Owner, run: Run, before: number | undefined) => {
    const limits = { limit: MOST, ...(before === undefined ? {} : { before }) };
    const page = await orNone(history.listMessages(owner, run.ids.threadId, limits));
    const messages = page?.messages ?? [];
    const open = pairCalls(messages).open;
    const interrupts = open.flatMap(({ request, approval }) =>
      request === undefined || approval !== undefined
        ? []
        : [{ id: request.id, reason: "tool_approval", toolCallId: request.call }],
    );
    return {
      frames: [
        frameOf(runStarted(run)),
        frameOf({ type: "MESSAGES_SNAPSHOT", messages: agUiMessagesOf(messages) }),
        ...[...activityEventsOf(messages), ...stateEventsOf(messages)].map((event) => frameOf(event)),
      ],
      end: runFinished(
        run,
        outcomeOf(
          interrupts,
          open.map(({ call }) => call.id),
        ),
      ),
    };
  };

  return [
    route("POST /ag-ui", {
      id: "runAgent",
      summary: "Run an agent over AG-UI",
      description:
        "A run with a new message begins a turn. A run with results of the client's tools continues the answer that " +
        "called them. With `Last-Event-ID` a retry gets only the events after it. Closing the connection does not stop the answer. The tools, the state and the context of the run " +
        "are in the question's metadata, as `ag_ui`, for the responder.",
      body: runAgentInput,
      lastOf: "messages",
      replies: STREAM,
      errors: ["conflict", "turn_in_progress", "idempotency_mismatch"],
      rateLimit: "after-deduplication",
      handle: ({ body, ...call }) => ask(call, body),
    }),
    route("GET /ag-ui/threads/{thread_id}/events", {
      id: "connectAgent",
      summary: "Read a conversation as AG-UI's events, and follow its running answer",
      description:
        "A snapshot of the latest messages and of the state, then the events of the running answer from its beginning. " +
        "With `after` or `Last-Event-ID`, the `id` of a frame, only the events after it, while the answer runs.",
      params: { thread_id: id },
      search: z.strictObject({
        after: eventNumber.optional(),
        protocol_version: z.string().default("1.0").meta({
          description: "The client's version of AG-UI. `0.x` leaves out what clients before 1.0 refuse.",
        }),
      }),
      replies: STREAM,
      errors: ["events_expired"],
      handle: ({ path, query, ...call }) =>
        connect(
          call,
          { ids: { threadId: path.thread_id }, version: query.protocol_version },
          lastEventId(call.request) ?? query.after,
        ),
    }),
  ];
}

/** A client connects to a thread before its first message. */
async function orNone<T>(found: Promise<T | null>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isChatkeepError(error, "conversation_not_found")) return null;
    throw error;
  }
}

async function* framesOf(frames: readonly string[]): AsyncGenerator<string, void, void> {
  yield frames.join("");
}

async function* concat(
  opening: readonly string[],
  rest: AsyncIterable<string>,
): AsyncGenerator<string, void, void> {
  yield opening.join("");
  yield* rest;
}
