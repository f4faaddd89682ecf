import type { Chunk } from "../chunk.ts";
import { ChatkeepError } from "../errors.ts";
import type { History } from "../history.ts";
import type { JsonObject } from "../json.ts";
import type { Owner } from "../owner.ts";
import { isQueuedNotice } from "../stream/encode.ts";
import { createFold } from "../stream/fold.ts";
import { decodeFrames, eventId } from "../stream/sse.ts";
import type { StartedTurn, Turn, TurnEvent } from "../turn.ts";
import { type WireContextRecord, contextRecordFromWire } from "../wire/context.ts";
import {
  TURN_STATUS_HEADER,
  type WireTurn,
  type WireTurnState,
  questionToWire,
  turnFromWire,
  turnStateFromWire,
} from "../wire/turn.ts";
import { conversationPath, messagePath, turnPath } from "./paths.ts";
import { type Requests, bodyOf } from "./requests.ts";

/** The methods on turns. */
export function turnCalls({
  send,
  json,
}: Requests): Pick<
  History,
  "startTurn" | "regenerate" | "importTurn" | "getTurn" | "followTurn" | "stopTurn" | "getTurnContext"
> {
  const getTurn: History["getTurn"] = async (owner, id, turnId) =>
    turnStateFromWire(await json<WireTurnState>(owner, "GET", turnPath(id, turnId)));
  const begin = async (
    owner: Owner,
    id: string,
    path: string,
    body: object,
    signal: AbortSignal | undefined,
  ): Promise<StartedTurn> => {
    const headers = { accept: "text/event-stream" };
    const response = await send(owner, "POST", path, { body, headers, signal });
    const started = await readStart(response, id, signal);
    if (!response.headers.has(TURN_STATUS_HEADER)) return started;
    // The first event is the turn's beginning; its final status takes another request.
    const { turn } = await getTurn(owner, id, started.turn.id);
    return { ...started, turn };
  };
  return {
    startTurn: (owner, id, question, { signal } = {}) =>
      begin(owner, id, `${conversationPath(id)}/turns`, questionToWire(question), signal),

    regenerate: (owner, id, messageId, { id: replyId, signal } = {}) =>
      begin(owner, id, `${messagePath(id, messageId)}/regenerate`, { id: replyId }, signal),

    async importTurn(owner, id, token) {
      return turnFromWire(
        await json<WireTurn>(owner, "POST", `${conversationPath(id)}/turns/import`, { body: { token } }),
      );
    },

    getTurn,

    async *followTurn(owner, id, turnId, { after = 0, signal } = {}) {
      const isNumber = typeof after === "number";
      const headers = {
        accept: "text/event-stream",
        ...(isNumber ? {} : { "last-event-id": eventId(after) }),
      };
      const path = `${turnPath(id, turnId)}/events${isNumber && after !== 0 ? `?after=${after}` : ""}`;
      try {
        const response = await send(owner, "GET", path, { headers, signal });
        yield* readEvents(response, signal);
      } catch (error) {
        if (signal?.aborted !== true) throw error;
      }
    },

    async stopTurn(owner, id, turnId) {
      return turnFromWire(await json<WireTurn>(owner, "POST", `${turnPath(id, turnId)}/stop`));
    },

    async getTurnContext(owner, id, turnId) {
      const { context } = await json<{ context: WireContextRecord | null }>(
        owner,
        "GET",
        `${turnPath(id, turnId)}/context`,
      );
      return context === null ? null : contextRecordFromWire(context);
    },
  };
}

async function* readEvents(
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<TurnEvent, void, void> {
  try {
    yield* decodeFrames(bodyOf(response));
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}

/** Reads the turn from a stream's first frame, and returns it with the stream from that frame on. */
async function readStart(
  response: Response,
  conversationId: string,
  signal: AbortSignal | undefined,
): Promise<StartedTurn> {
  const events = readEvents(response, signal);
  const first = await events.next();
  const { chunk } = first.value ?? {};
  const isQueued = chunk !== undefined && isQueuedNotice(chunk);
  if (first.done === true || (chunk?.type !== "start" && !isQueued)) {
    throw new ChatkeepError("unavailable", "The stream does not begin with a start frame.");
  }
  const start = first.value;
  const { messageMetadata: meta } = chunk as Extract<Chunk, { messageMetadata: JsonObject }>;
  const text = (key: string): string => {
    const field = meta[key];
    return typeof field === "string" ? field : "";
  };
  const fold = createFold();
  fold.push(start.chunk);
  const turn: Turn = {
    id: text("turn_id"),
    conversationId,
    status: isQueued ? "queued" : fold.answer().status,
    messageId: text("message_id"),
    replyId: chunk.type === "start" ? chunk.messageId : text("reply_id"),
    persisted: meta["persisted"] !== false,
    error: null,
    createdAt: text("created_at"),
    settledAt: null,
  };
  const all = async function* (): AsyncGenerator<TurnEvent, void, void> {
    try {
      yield start;
      yield* events;
    } finally {
      await events.return(); // else the connection of a reader that leaves at once would stay open
    }
  };
  return { turn, events: all() };
}
