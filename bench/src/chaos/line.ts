import {
  ChatkeepError,
  type Chunk,
  type History,
  type Message,
  type Owner,
  type Question,
  type TurnEvent,
  type TurnState,
  createClient,
  eventId,
  messageFromWire,
  messagePageFromWire,
  seenEvent,
  problemFromWire,
  questionToWire,
  turnFromWire,
  turnStateFromWire,
} from "@chatkeep/protocol";

/** How a person reaches one node: a part of `History`, each call bounded in time by the caller's signal. */
export type Line = Pick<
  History,
  | "createConversation"
  | "appendMessages"
  | "setHead"
  | "forkConversation"
  | "deleteMessages"
  | "restoreMessages"
  | "listMessages"
  | "importTurn"
  | "getTurn"
  | "followTurn"
  | "stopTurn"
> & {
  startTurn(
    owner: Owner,
    conversationId: string,
    question: Question,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<TurnEvent>;
  /** Asks for another answer to a stored question. */
  regenerate(
    owner: Owner,
    conversationId: string,
    messageId: string,
    options: { readonly id: string; readonly signal: AbortSignal },
  ): AsyncIterable<TurnEvent>;
  /** Asks, and gets the whole when it is settled. */
  answer(owner: Owner, conversationId: string, question: Question): Promise<TurnState>;
};

/** The library's client, with a limit of time on each call. */
export function createClientLine(baseUrl: string, credentials: Credentials): Line {
  const client = createClient({
    baseUrl,
    credentials,
    fetch: (input, init) => fetch(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(TIMEOUT) }),
  });
  return {
    ...client,
    // The client always streams.
    answer: createBareLine(baseUrl, credentials).answer,
    async *startTurn(owner, conversationId, question, options) {
      yield* (await client.startTurn(owner, conversationId, question, options)).events;
    },
    async *regenerate(owner, conversationId, messageId, options) {
      yield* (await client.regenerate(owner, conversationId, messageId, options)).events;
    },
  };
}

/** All messages of a conversation's branch, or of its tree, walked back page by page; oldest first. */
export async function readAll(
  line: Line,
  owner: Owner,
  conversationId: string,
  which: { readonly branches?: "all" } = {},
): Promise<Message[]> {
  let messages: Message[] = [];
  for (;;) {
    const before = messages[0]?.seq;
    const page = await line.listMessages(owner, conversationId, {
      ...which,
      limit: 50,
      ...(before === undefined ? {} : { before }),
    });
    messages = [...page.messages, ...messages];
    if (!page.hasMore) return messages;
  }
}

/** Milliseconds that a person waits for an answer that is not streamed. */
const TIMEOUT = 8000;

/** The headers that say who somebody is. */
export type Credentials = (owner: Owner) => Record<string, string>;

/** The same by hand: bare requests and a reader of frames of our own, as a program without our library has it. */
export function createBareLine(baseUrl: string, credentials: Credentials): Line {
  const send = async (
    owner: Owner,
    method: string,
    path: string,
    init: { body?: object; headers?: Record<string, string>; signal?: AbortSignal | undefined } = {},
  ): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${baseUrl}/api/conversations${path}`, {
        method,
        headers: {
          ...credentials(owner),
          ...(init.body === undefined ? {} : { "content-type": "application/json" }),
          ...init.headers,
        },
        ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
        signal: init.signal ?? AbortSignal.timeout(TIMEOUT),
      });
    } catch (cause) {
      throw new ChatkeepError("unavailable", "The server cannot be reached.", { cause });
    }
    if (response.ok) return response;
    throw problemFromWire(await response.json().catch(() => undefined), response.status);
  };
  const json = async <T>(...request: Parameters<typeof send>): Promise<T> => {
    const response = await send(...request);
    try {
      return (await response.json()) as T;
    } catch (cause) {
      throw new ChatkeepError("unavailable", "The answer was cut off.", { cause });
    }
  };
  type Wire<F extends (wire: never) => unknown> = Parameters<F>[0];

  return {
    async createConversation(owner, init) {
      const { id } = await json<{ id: string }>(owner, "POST", "", { body: { id: init?.id } });
      // All that is asked of it here.
      return { conversation: { id } as never, created: true };
    },
    async appendMessages(owner, id, messages) {
      const body = { id: messages[0]!.id, role: messages[0]!.role, content: messages[0]!.content };
      return [
        messageFromWire(await json<Wire<typeof messageFromWire>>(owner, "POST", `/${id}/messages`, { body })),
      ];
    },
    async setHead(owner, id, messageId) {
      const { head_id } = await json<{ head_id: string }>(owner, "PATCH", `/${id}`, {
        body: { head_id: messageId },
      });
      return { id, headId: head_id } as never;
    },
    async forkConversation(owner, id, messageId, given) {
      const body = { id: given?.id, message_id: messageId };
      return { id: (await json<{ id: string }>(owner, "POST", `/${id}/fork`, { body })).id } as never;
    },
    async deleteMessages(owner, id, which) {
      const query = "ids" in which ? `ids=${which.ids.join(",")}` : `from=${which.from}`;
      return json(owner, "DELETE", `/${id}/messages?${query}`);
    },
    async restoreMessages(owner, id, ids) {
      return json(owner, "POST", `/${id}/messages/restore`, { body: { ids } });
    },
    async listMessages(owner, id, { before, branches, limit } = {}) {
      const query = new URLSearchParams({
        limit: String(limit ?? 50),
        ...(branches === undefined ? {} : { branches }),
        ...(before === undefined ? {} : { before: String(before) }),
      });
      return messagePageFromWire(
        await json<Wire<typeof messagePageFromWire>>(owner, "GET", `/${id}/messages?${query}`),
      );
    },
    async getTurn(owner, id, turnId) {
      return turnStateFromWire(
        await json<Wire<typeof turnStateFromWire>>(owner, "GET", `/${id}/turns/${turnId}`),
      );
    },
    async importTurn(owner, id, token) {
      return turnFromWire(
        await json<Wire<typeof turnFromWire>>(owner, "POST", `/${id}/turns/import`, { body: { token } }),
      );
    },
    async stopTurn(owner, id, turnId) {
      return turnFromWire(
        await json<Wire<typeof turnFromWire>>(owner, "POST", `/${id}/turns/${turnId}/stop`),
      );
    },
    async answer(owner, id, question) {
      const body = questionToWire(question);
      return turnStateFromWire(
        await json<Wire<typeof turnStateFromWire>>(owner, "POST", `/${id}/turns`, { body }),
      );
    },
    async *startTurn(owner, id, question, { signal }) {
      const response = await send(owner, "POST", `/${id}/turns`, {
        body: questionToWire(question),
        headers: { accept: "text/event-stream" },
        signal,
      });
      yield* readFrames(response);
    },
    async *regenerate(owner, id, messageId, { id: replyId, signal }) {
      const response = await send(owner, "POST", `/${id}/messages/${messageId}/regenerate`, {
        body: { id: replyId },
        headers: { accept: "text/event-stream" },
        signal,
      });
      yield* readFrames(response);
    },
    async *followTurn(owner, id, turnId, { after, signal } = {}) {
      const headers = typeof after === "object" ? { "last-event-id": eventId(after) } : {};
      const response = await send(owner, "GET", `/${id}/turns/${turnId}/events`, { headers, signal });
      yield* readFrames(response);
    },
  };
}

/** The events of a stream, line by line. Throws when it ends before its end. */
async function* readFrames(response: Response): AsyncGenerator<TurnEvent, void, void> {
  let rest = "";
  const decoder = new TextDecoder();
  try {
    for await (const bytes of response.body!) {
      rest += decoder.decode(bytes, { stream: true });
      const frames = rest.split("\n\n");
      rest = frames.pop()!;
      for (const frame of frames) {
        const id = /^id: ([\d.]+)$/m.exec(frame)?.[1];
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (data === "[DONE]") return;
        if (id !== undefined && data !== undefined)
          yield { ...seenEvent(id), chunk: JSON.parse(data) as Chunk };
      }
    }
  } catch (cause) {
    throw new ChatkeepError("unavailable", "The stream broke.", { cause });
  }
  throw new ChatkeepError("unavailable", "The stream ended before its end.");
}
