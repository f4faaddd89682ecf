import type { AbstractAgent, BaseEvent } from "@ag-ui/client";
import { type WireConversation, decodeData } from "@chatkeep/protocol";
import { Observable } from "rxjs";

export interface CopilotKitOptions {
  /** The address of the Chatkeep server. */
  readonly url: string;
  /**
   * The credentials of a person, sent with requests for their threads. Default: what CopilotKit forwards to agents,
   * `authorization` and headers that begin with `x-`.
   */
  readonly headers?: (request: Request) => Record<string, string>;
}

/** What `createCopilotRuntimeHandler` gives its hooks. */
interface HookContext {
  readonly request: Request;
  readonly route?: { readonly method: string; readonly threadId?: string };
}

interface CopilotKit {
  /** The `runner` of `CopilotRuntime`. */
  readonly runner: {
    run(request: RunRequest): Observable<BaseEvent>;
    connect(request: ConnectRequest): Observable<BaseEvent>;
    isRunning(request: { readonly threadId: string }): Promise<boolean>;
    stop(request: { readonly threadId: string }): Promise<boolean | undefined>;
  };
  /** The `hooks` of `createCopilotRuntimeHandler`. */
  readonly hooks: {
    onBeforeHandler(context: HookContext): Promise<void>;
    onResponse(context: HookContext & { readonly response: Response }): Promise<Response | undefined>;
  };
}

interface RunRequest {
  readonly agent: AbstractAgent;
  readonly input: Parameters<AbstractAgent["run"]>[0];
}

interface ConnectRequest {
  readonly threadId: string;
  readonly headers?: Record<string, string>;
}

/** Archived threads follow the others: their cursors begin with this. */
const ARCHIVED = "archived:";

/**
 * Keeps the threads of CopilotKit's runtime in Chatkeep: its agents are `HttpAgent`s of `${url}/ag-ui`, and each thread
 * is a conversation. A page that reloads, or another device, gets the thread's messages and state, and follows the
 * running answer. Threads are listed, renamed, archived, deleted and stopped as the person who asks: no call is made
 * with rights that the request does not carry.
 */
export function createCopilotKit(options: CopilotKitOptions): CopilotKit {
  const { headers = forwarded } = options;
  const base = options.url.replace(/\/$/, "");

  /** Calls the native API. A refusal is the hook's answer. */
  const ask = async <Reply>(
    request: Request,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Reply> => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { ...headers(request), "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    // oxlint-disable-next-line typescript/only-throw-error -- CopilotKit sends it
    if (!response.ok) throw response;
    return (response.status === 204 ? undefined : await response.json()) as Reply;
  };

  const listThreads = async (request: Request): Promise<Response> => {
    const asked = new URL(request.url).searchParams;
    const cursor = asked.get("cursor") ?? "";
    const archived = cursor.startsWith(ARCHIVED);
    const search = new URLSearchParams({ archived: String(archived), limit: asked.get("limit") ?? "50" });
    const after = archived ? cursor.slice(ARCHIVED.length) : cursor;
    if (after !== "") search.set("cursor", after);
    const page = await ask<{ conversations: WireConversation[]; next_cursor: string | null }>(
      request,
      "GET",
      `/api/conversations?${search}`,
    );
    const next = page.next_cursor ?? (archived || asked.get("includeArchived") !== "true" ? null : "");
    return Response.json({
      threads: page.conversations.map((conversation) => threadOf(conversation, asked.get("agentId") ?? "")),
      nextCursor: next === null ? null : archived || page.next_cursor === null ? `${ARCHIVED}${next}` : next,
    });
  };

  const changeThread = async (request: Request, path: string): Promise<Response> => {
    if (request.method === "DELETE") {
      await ask(request, "DELETE", path);
      return Response.json({ deleted: true });
    }
    const { name, archived, agentId = "" } = (await request.json()) as Record<string, string>;
    return Response.json(threadOf(await ask(request, "PATCH", path, { title: name, archived }), agentId));
  };

  const archiveThread = async (request: Request, path: string): Promise<Response> => {
    const { id } = await ask<WireConversation>(request, "PATCH", path, { archived: true });
    return Response.json({ threadId: id, archived: true });
  };

  const stopThread = async (request: Request, path: string): Promise<Response> => {
    const { running_turn: turn } = await ask<WireConversation>(request, "GET", path);
    if (turn !== null) await ask(request, "POST", `${path}/turns/${encodeURIComponent(turn)}/stop`);
    return Response.json({ stopped: turn !== null });
  };

  const answerOf = (request: Request, method: string, threadId: string): Promise<Response> | undefined => {
    const path = `/api/conversations/${encodeURIComponent(threadId)}`;
    switch (method) {
      case "threads/list":
        return listThreads(request);
      case "threads/update":
        return changeThread(request, path);
      case "threads/archive":
        return archiveThread(request, path);
      case "agent/stop":
        return stopThread(request, path);
      default:
        return undefined;
    }
  };

  return {
    runner: {
      run: ({ agent, input }) =>
        new Observable((reader) => {
          let last: BaseEvent | undefined;
          const onEvent = ({ event }: { readonly event: BaseEvent }): void => reader.next((last = event));
          agent.runAgent(input, { onEvent }).then(
            () => reader.complete(),
            (error: unknown) => {
              if (String(last?.type) !== "RUN_ERROR") reader.next(runError(error));
              reader.complete();
            },
          );
          // The answer goes on without its reader.
          return () => agent.abortRun();
        }),
      connect: ({ threadId, headers: credentials = {} }) =>
        new Observable((reader) => {
          const leaving = new AbortController();
          const follow = async (): Promise<void> => {
            // CopilotKit reads AG-UI with a client before 1.0.
            const path = `/ag-ui/threads/${encodeURIComponent(threadId)}/events?protocol_version=0.0`;
            const response = await fetch(`${base}${path}`, { headers: credentials, signal: leaving.signal });
            if (!response.ok || response.body === null) throw new Error(await response.text());
            for await (const event of decodeData(response.body)) reader.next(event as never);
          };
          follow()
            .catch((error: unknown) => reader.next(runError(error)))
            .finally(() => reader.complete());
          return () => leaving.abort();
        }),
      isRunning: unidentified,
      stop: unidentified,
    },
    hooks: {
      async onBeforeHandler({ request, route }) {
        const answer = await answerOf(request, route?.method ?? "", route?.threadId ?? "");
        // oxlint-disable-next-line typescript/only-throw-error -- CopilotKit sends it
        if (answer !== undefined) throw answer;
      },
      async onResponse({ response, route }) {
        if (route?.method !== "info" || !response.ok) return undefined;
        const threadEndpoints = { list: true, inspect: false, mutations: true, realtimeMetadata: false };
        return Response.json({ ...((await response.json()) as object), threadEndpoints });
      },
    },
  };
}

/** The runner is not told whose thread it is. */
function unidentified(): Promise<never> {
  return Promise.reject(
    new TypeError("Give `hooks` of createCopilotKit to createCopilotRuntimeHandler: they know who asks."),
  );
}

function forwarded({ headers }: Request): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => /^(?:authorization$|x-)/.test(name)));
}

function threadOf(conversation: WireConversation, agentId: string): Record<string, unknown> {
  return {
    id: conversation.id,
    name: conversation.title,
    agentId,
    organizationId: "",
    createdById: conversation.user_id ?? "",
    archived: conversation.archived_at !== null,
    createdAt: conversation.created_at,
    updatedAt: conversation.updated_at,
  };
}

function runError(error: unknown): BaseEvent {
  return { type: "RUN_ERROR", message: error instanceof Error ? error.message : String(error) } as never;
}
