import { ChatkeepError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { Owner } from "../owner.ts";
import { problemFromWire } from "../wire/problem.ts";

/** Where a server is, and who asks it. */
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

/** Asks a server; every answer that is no success is thrown as the error that it tells of. */
export interface Requests {
  send(owner: Owner, method: string, path: string, init?: RequestParts): Promise<Response>;
  /** Sends, and reads the answer as JSON. */
  json<T>(owner: Owner, method: string, path: string, init?: RequestParts): Promise<T>;
}

/** What a request may have besides its path. */
interface RequestParts {
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

/** Asks nothing by itself. */
export function createRequests(options: ClientOptions): Requests {
  const base = options.baseUrl.replace(/\/+$/, "");
  const fetchIt = options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request));
  const credentials = options.credentials ?? sessionCredentials;

  const send: Requests["send"] = async (owner, method, path, { body, signal, ...init } = {}) => {
    const headers: Record<string, string> = {
      accept: "application/json",
      ...(await credentials(owner)),
      ...init.headers,
    };
    if (body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    try {
      response = await fetchIt(base + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new ChatkeepError("unavailable", "The server cannot be reached. Try again in a moment.", {
        cause,
      });
    }
    if (response.ok) return response;
    throw problemFromWire(await response.json().catch(() => undefined), response.status);
  };
  return { send, json: async (...call) => readJson(await send(...call)) };
}

function sessionCredentials(owner: Owner): Record<string, string> {
  if (owner.kind === "session") return { "x-session-id": owner.id };
  throw new TypeError(
    "createClient was given a user but no `credentials`: pass credentials: () => ({ authorization: `Bearer ${token}` }).",
  );
}

/** An answer's body. Throws `unavailable` when it was cut off. */
export async function readJson<T>(response: Response): Promise<T> {
  try {
    return parseJson(await response.text()) as T;
  } catch (cause) {
    throw new ChatkeepError("unavailable", "The server's answer was cut off. Try again in a moment.", {
      cause,
    });
  }
}

/** An answer's stream. */
export function bodyOf(response: Response): ReadableStream<Uint8Array> {
  if (response.body === null) throw new ChatkeepError("unavailable", "The server sent no stream.");
  return response.body;
}
