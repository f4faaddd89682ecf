import { ChatkeepError, type Owner, isSessionId } from "@chatkeep/protocol";

import { KEY_PREFIX, type ServerKey, findServerKey } from "./server-keys.ts";
import type { VerifyToken } from "./tokens.ts";

/**
 * Returns the owner of a request. A host passes its own function to use its own login. Errors: `unauthenticated` when
 * there is no credential, `invalid_request` when it is malformed.
 */
export type Authenticate = (request: Request) => Owner | Promise<Owner>;

/** The header with a session's secret id. */
export const SESSION_HEADER = "X-Session-ID";

/** Identifies anonymous sessions by {@link SESSION_HEADER}: a UUID v4 in lower or upper case. */
export function authenticateSession(request: Request): Owner {
  const id = request.headers.get(SESSION_HEADER);
  if (id === null || id === "") {
    throw new ChatkeepError(
      "unauthenticated",
      `Send the session's id, a UUID v4, as the header ${SESSION_HEADER}.`,
    );
  }
  if (!isSessionId(id)) {
    throw new ChatkeepError("invalid_request", `The header ${SESSION_HEADER} must be one UUID v4.`, {
      pointer: SESSION_HEADER,
    });
  }
  return { kind: "session", id: id.toLowerCase() };
}

/**
 * Identifies signed-in users by their token and anonymous sessions by {@link SESSION_HEADER}. A request with both is
 * the user's. A request with an invalid token is refused, and without `verify` every token is invalid.
 */
export function authenticatePeople(verify?: VerifyToken): Authenticate {
  return async (request) => {
    const token = bearerOf(request);
    if (token === undefined) {
      if (verify === undefined || request.headers.has(SESSION_HEADER)) return authenticateSession(request);
      throw new ChatkeepError(
        "unauthenticated",
        `Sign in and send the token as \`Authorization: Bearer …\`, or send a session's id, a UUID v4, as the header ${SESSION_HEADER}.`,
      );
    }
    if (verify === undefined) {
      throw new ChatkeepError("unauthenticated", "This server accepts no tokens. Leave out `Authorization`.");
    }
    return verify(token);
  };
}

/** The token of `Authorization: Bearer` (RFC 6750). Other schemes are ignored: a proxy may use `Basic`. */
function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  return header === null ? undefined : /^bearer +(.*)$/i.exec(header)?.[1]?.trim();
}

/** The sender of a request. */
export interface Caller {
  readonly owner: Owner;
  /** The name of the server key that acts for the owner; `undefined` when the owner sent the request. */
  readonly key: string | undefined;
}

/** Identifies the senders of requests. */
export interface Identify {
  /** Errors: `unauthenticated`, `invalid_request`, `forbidden`. */
  identify(request: Request): Promise<Caller>;
  /** Whether a request carries a server key. */
  trusts(request: Request): boolean;
}

/** Options of {@link createIdentify}. */
export interface IdentifyOptions {
  readonly authenticate: Authenticate;
  /** The keys of trusted back ends. */
  readonly serverKeys: readonly ServerKey[];
  /** The issuer of the users that they act for, as in the users' tokens. */
  readonly issuer: string | undefined;
  /** Records in the audit log that a key acted for an owner. */
  readonly recordAct: (owner: Owner, actor: string) => Promise<void>;
}

/**
 * The header in which a server key names its user, percent-encoded where it is not plain ASCII. Without it the owner is the
 * key's name, as the official `openai` client sends a key and nothing else.
 */
export const USER_HEADER = "X-Chatkeep-User";

/** The issuer of owners that are keys: no user is one of them. */
const KEY_ISSUER = "chatkeep:server-key";

/** Milliseconds between two records of a key that acts for one owner. One for each request would add a write to each. */
const RECORD_EVERY = 3_600_000;
/** Pairs of key and owner that are remembered. A forgotten pair is recorded once more. */
const MOST_PAIRS = 10_000;

/** Tells server keys from other credentials. */
export function createIdentify(options: IdentifyOptions): Identify {
  const recorded = new Map<string, number>();

  const record = async (owner: Owner, key: string): Promise<void> => {
    const pair = JSON.stringify([key, owner.id]);
    const now = performance.now();
    if (now - (recorded.get(pair) ?? Number.NEGATIVE_INFINITY) < RECORD_EVERY) return;
    await options.recordAct(owner, actorOf(key));
    recorded.delete(pair);
    recorded.set(pair, now);
    if (recorded.size > MOST_PAIRS) recorded.delete(recorded.keys().next().value ?? "");
  };

  const keyOf = (request: Request): ServerKey | undefined => {
    const bearer = bearerOf(request);
    return bearer?.startsWith(KEY_PREFIX) === true ? findServerKey(options.serverKeys, bearer) : undefined;
  };

  const identify = async (request: Request): Promise<Caller> => {
    const named = namedUser(request);
    const key = keyOf(request);
    if (key === undefined) {
      const owner = await options.authenticate(request);
      if (named !== undefined) requireUser(owner, named, USER_HEADER);
      return { owner, key: undefined };
    }
    const issuer = named === undefined ? KEY_ISSUER : options.issuer;
    const owner: Owner = { kind: "user", id: named ?? key.name, ...(issuer === undefined ? {} : { issuer }) };
    await record(owner, key.name);
    return { owner, key: key.name };
  };

  return { identify, trusts: (request) => keyOf(request) !== undefined };
}

/** The actor's name in the audit log. */
export function actorOf(key: string | undefined): string {
  return key === undefined ? "owner" : `key:${key}`;
}

/** Errors: `forbidden` when a request names a user other than its owner. */
export function requireUser(owner: Owner, userId: string, pointer: string): void {
  if (owner.kind === "user" && owner.id === userId) return;
  throw new ChatkeepError("forbidden", "The user id in the request differs from the credential's.", {
    pointer,
  });
}

function namedUser(request: Request): string | undefined {
  const header = request.headers.get(USER_HEADER);
  if (header === null) return undefined;
  try {
    const name = decodeURIComponent(header.trim());
    // Repeated headers are joined with commas; a comma in an id is written as %2C.
    if (name !== "" && name.length <= 512 && !header.includes(",")) return name;
  } catch {
    // Refused below.
  }
  throw new ChatkeepError(
    "invalid_request",
    `The header ${USER_HEADER} must be one user id of 1 to 512 characters, percent-encoded.`,
    { pointer: USER_HEADER },
  );
}
