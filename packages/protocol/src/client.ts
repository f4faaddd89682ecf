import { ChatkeepError } from "./errors.ts";
import type { History } from "./history.ts";
import { parseJson } from "./json.ts";
import type { Owner } from "./owner.ts";
import { createFold } from "./stream/fold.ts";
import { decodeLines } from "./stream/lines.ts";
import { decodeFrames } from "./stream/sse.ts";
import type { StartedTurn, Turn, TurnEvent } from "./turn.ts";
import {
  type WireContext,
  type WireContextRecord,
  contextFromWire,
  contextRecordFromWire,
} from "./wire/context.ts";
import {
  type WireConversation,
  type WireConversationPage,
  type WireTrashPage,
  conversationFromWire,
  conversationPageFromWire,
  trashPageFromWire,
} from "./wire/conversation.ts";
import {
  type WireMessage,
  type WireMessagePage,
  messageFromWire,
  messageInputToWire,
  messagePageFromWire,
} from "./wire/message.ts";
import {
  type WireErasureReceipt,
  type WireExportLine,
  erasureReceiptFromWire,
  exportLineFromWire,
} from "./wire/personal-data.ts";
import { problemFromWire } from "./wire/problem.ts";
import { queryTextToWire } from "./wire/query.ts";
import { type WireSearchPage, searchPageFromWire } from "./wire/search.ts";
import {
  TURN_STATUS_HEADER,
  type WireTurn,
  type WireTurnState,
  questionToWire,
  turnFromWire,
  turnStateFromWire,
} from "./wire/turn.ts";

/** What {@link createClient} takes. */
export interface ClientOptions {
  /** Where the server is mounted, e.g. `https://example.org` or `/chatkeep`; a trailing slash is accepted. */
  readonly baseUrl: string;
  /** The `fetch` to use; default the global one. */
  readonly fetch?: typeof fetch;
  /**
   * The headers that prove who the owner is. Default: a session's id as `X-Session-ID`. For users give
   * one that returns `{ authorization: "Bearer <JWT>" }`; it is asked before every request, so a token
   * can be renewed.
   */
  readonly credentials?: (owner: Owner) => Record<string, string> | Promise<Record<string, string>>;
}

/** `History` over HTTP: the canonical API of a Chatkeep server. */
export function createClient(options: ClientOptions): History {
  const base = options.baseUrl.replace(/\/+$/, "");
  const send = options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request));
  const credentials = options.credentials ?? sessionCredentials;

  const request = async (
    owner: Owner,
    method: string,
    path: string,
    init: { body?: unknown; headers?: Record<string, string>; signal?: AbortSignal | undefined } = {},
  ): Promise<Response> => {
    const headers: Record<string, string> = {
      accept: "application/json",
      ...(await credentials(owner)),
      ...init.headers,
    };
    if (init.body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    try {
      response = await send(base + path, {
        method,
        headers,
        body: init.body === undefined ? null : JSON.stringify(init.body),
        ...(init.signal === undefined ? {} : { signal: init.signal }),
      });
    } catch (cause) {
      init.signal?.throwIfAborted();
      throw new ChatkeepError("unavailable", "The server cannot be reached. Try again in a moment.", {
        cause,
      });
    }
    if (response.ok) return response;
    throw problemFromWire(await response.json().catch(() => undefined), response.status);
  };

  const json = async <T>(...call: Parameters<typeof request>): Promise<T> =>
    readJson<T>(await request(...call));

  const client: History = {
    async createConversation(owner, init = {}) {
      const { scopeLabel, ...rest } = init;
      const response = await request(owner, "POST", "/api/conversations", {
        body: { ...rest, scope_label: scopeLabel },
      });
      const wire = await readJson<WireConversation>(response);
      return { conversation: conversationFromWire(wire), created: response.status === 201 };
    },

    async getConversation(owner, id) {
      return conversationFromWire(await json<WireConversation>(owner, "GET", conversationPath(id)));
    },

    async listConversations(owner, query = {}) {
      const { sort, scope, ...rest } = query;
      const search = searchOf({
        ...rest,
        scope: scope === undefined ? undefined : queryTextToWire(scope),
        sort: sort === undefined ? undefined : WIRE_SORT[sort],
      });
      return conversationPageFromWire(
        await json<WireConversationPage>(owner, "GET", `/api/conversations${search}`),
      );
    },

    async updateConversation(owner, id, patch) {
      return conversationFromWire(
        await json<WireConversation>(owner, "PATCH", conversationPath(id), { body: patch }),
      );
    },

    async deleteConversation(owner, id) {
      await request(owner, "DELETE", conversationPath(id));
    },

    async restoreConversation(owner, id) {
      return conversationFromWire(
        await json<WireConversation>(owner, "POST", `${conversationPath(id)}/restore`),
      );
    },

    async listTrash(owner, query = {}) {
      return trashPageFromWire(
        await json<WireTrashPage>(owner, "GET", `/api/trash${searchOf({ ...query })}`),
      );
    },

    async claimSession(user, session) {
      const headers = { "x-session-id": session.id };
      return json<{ claimed: number }>(user, "POST", "/api/sessions/claim", { headers });
    },

    async *exportData(owner) {
      const response = await request(owner, "GET", "/api/me/export", {
        headers: { accept: "application/jsonl" },
      });
      for await (const text of decodeLines(bodyOf(response))) {
        const line = exportLineFromWire(parseJson(text) as unknown as WireExportLine);
        yield line;
        if (line.type === "end") return;
      }
      throw new ChatkeepError("unavailable", "The export was cut off before its end; begin again.");
    },

    async eraseData(owner) {
      return erasureReceiptFromWire(await json<WireErasureReceipt>(owner, "DELETE", "/api/me"));
    },

    async appendMessages(owner, id, messages, { replaces } = {}) {
      const body = { messages: messages.map(messageInputToWire), replaces };
      const wire = await json<{ messages: WireMessage[] }>(
        owner,
        "POST",
        `${conversationPath(id)}/messages`,
        { body },
      );
      return wire.messages.map(messageFromWire);
    },

    async listMessages(owner, id, query = {}) {
      const path = `${conversationPath(id)}/messages${searchOf({ ...query })}`;
      return messagePageFromWire(await json<WireMessagePage>(owner, "GET", path));
    },

    async getMessage(owner, id, messageId) {
      return messageFromWire(await json<WireMessage>(owner, "GET", messagePath(id, messageId)));
    },

    async deleteMessage(owner, id, messageId) {
      await request(owner, "DELETE", messagePath(id, messageId));
    },

    async clearMessages(owner, id) {
      return json<{ deleted: number }>(owner, "DELETE", `${conversationPath(id)}/messages`);
    },

    async searchMessages(owner, { text, conversationId, scope, ...query }) {
      const search = searchOf({
        ...query,
        q: queryTextToWire(text),
        conversation_id: conversationId,
        scope: scope === undefined ? undefined : queryTextToWire(scope),
      });
      return searchPageFromWire(await json<WireSearchPage>(owner, "GET", `/api/search${search}`));
    },

    async getContext(owner, id, { question } = {}) {
      const search = searchOf({ question: question === undefined ? undefined : queryTextToWire(question) });
      return contextFromWire(
        await json<WireContext>(owner, "GET", `${conversationPath(id)}/context${search}`),
      );
    },

    async getTurnContext(owner, id, turnId) {
      const { context } = await json<{ context: WireContextRecord | null }>(
        owner,
        "GET",
        `${turnPath(id, turnId)}/context`,
      );
      return context === null ? null : contextRecordFromWire(context);
    },

    async startTurn(owner, id, question, { signal } = {}): Promise<StartedTurn> {
      const response = await request(owner, "POST", `${conversationPath(id)}/turns`, {
        body: questionToWire(question),
        headers: { accept: "text/event-stream" },
        signal,
      });
      const started = await readStart(response, id, signal);
      if (!response.headers.has(TURN_STATUS_HEADER)) return started;
      // The first event is of the turn's beginning: how it was settled is asked for.
      const { turn } = await client.getTurn(owner, id, started.turn.id);
      return { ...started, turn };
    },

    async getTurn(owner, id, turnId) {
      return turnStateFromWire(await json<WireTurnState>(owner, "GET", turnPath(id, turnId)));
    },

    async *followTurn(owner, id, turnId, { after = 0, signal } = {}) {
      const headers = {
        accept: "text/event-stream",
        ...(after === 0 ? {} : { "last-event-id": String(after) }),
      };
      try {
        const response = await request(owner, "GET", `${turnPath(id, turnId)}/events`, { headers, signal });
        yield* readEvents(response, signal);
      } catch (error) {
        if (signal?.aborted !== true) throw error;
      }
    },

    async stopTurn(owner, id, turnId) {
      return turnFromWire(await json<WireTurn>(owner, "POST", `${turnPath(id, turnId)}/stop`));
    },

    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return client;
}

const WIRE_SORT = { createdAt: "created_at", updatedAt: "updated_at" } as const;

function sessionCredentials(owner: Owner): Record<string, string> {
  if (owner.kind === "session") return { "x-session-id": owner.id };
  throw new TypeError(
    "createClient was given a user but no `credentials`: pass credentials: () => ({ authorization: `Bearer ${token}` }).",
  );
}

function conversationPath(id: string): string {
  return `/api/conversations/${segment(id)}`;
}

function messagePath(id: string, messageId: string): string {
  return `${conversationPath(id)}/messages/${segment(messageId)}`;
}

function turnPath(id: string, turnId: string): string {
  return `${conversationPath(id)}/turns/${segment(turnId)}`;
}

/** An id as a segment of a path. `fetch` would resolve `.` and `..` into the path of another route. */
function segment(id: string): string {
  if (/^[!-~]{1,128}$/.test(id) && id !== "." && id !== "..") return encodeURIComponent(id);
  throw new ChatkeepError("invalid_request", "An id is 1 to 128 printable ASCII characters without a space.");
}

function searchOf(query: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

async function readJson<T>(response: Response): Promise<T> {
  try {
    return parseJson(await response.text()) as T;
  } catch (cause) {
    throw new ChatkeepError("unavailable", "The server's answer was cut off. Try again in a moment.", {
      cause,
    });
  }
}

function bodyOf(response: Response): ReadableStream<Uint8Array> {
  if (response.body === null) throw new ChatkeepError("unavailable", "The server sent no stream.");
  return response.body;
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

/** The turn that a stream's `start` frame tells of, and the stream from that frame on. */
async function readStart(
  response: Response,
  conversationId: string,
  signal: AbortSignal | undefined,
): Promise<StartedTurn> {
  const events = readEvents(response, signal);
  const first = await events.next();
  if (first.done === true || first.value.chunk.type !== "start") {
    throw new ChatkeepError("unavailable", "The stream does not begin with a start frame.");
  }
  const start = first.value;
  const { messageId, messageMetadata: meta } = first.value.chunk;
  const text = (key: string): string => {
    const field = meta[key];
    return typeof field === "string" ? field : "";
  };
  const fold = createFold();
  fold.push(first.value.chunk);
  const turn: Turn = {
    id: text("turn_id"),
    conversationId,
    status: fold.answer().status,
    messageId: text("message_id"),
    replyId: messageId,
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
