import { ChatkeepError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { Owner } from "../owner.ts";
import { problemFromWire } from "../wire/problem.ts";

/** Options of `createClient`. */
export interface ClientOptions {
  /** The address of the server, such as `https://example.org` or `/chatkeep`. A trailing slash is accepted. */
  readonly baseUrl: string;
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
  /**
   * Returns the headers that authenticate the owner. Default: `X-Session-ID` for a session. For a user, return
   * `{ authorization: "Bearer <JWT>" }`. Called before every request, so it can renew a token.
   */
  readonly credentials?: (owner: Owner) => Record<string, string> | Promise<Record<string, string>>;
}

/** Sends requests to a server. A response that is no success is thrown as its `ChatkeepError`. */
export interface Requests {
  send(owner: Owner, method: string, path: string, init?: RequestParts): Promise<Response>;
  /** Sends, and reads the response as JSON. */
  json<T>(owner: Owner, method: string, path: string, init?: RequestParts): Promise<T>;
}

interface RequestParts {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Given to `fetch` as it is. */
  readonly raw?: RequestInit & { readonly duplex?: "half" };
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
}

export function createRequests(options: ClientOptions): Requests {
  const base = options.baseUrl.replace(/\/+$/, "");
  const fetchIt = options.fetch ?? ((...request: Parameters<typeof fetch>) => fetch(...request));
  const credentials = options.credentials ?? sessionCredentials;

  const send: Requests["send"] = async (owner, method, path, { body, signal, raw, ...init } = {}) => {
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
        ...raw,
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

/** Reads a response as JSON. Errors: `unavailable` when it was cut off. */
export async function readJson<T>(response: Response): Promise<T> {
  try {
    return parseJson(await response.text()) as T;
  } catch (cause) {
    throw new ChatkeepError("unavailable", "The server's answer was cut off. Try again in a moment.", {
      cause,
    });
  }
}

export function bodyOf(response: Response): ReadableStream<Uint8Array> {
  if (response.body === null) throw new ChatkeepError("unavailable", "The server sent no stream.");
  return response.body;
}
