import { ChatkeepError, type Owner, isSessionId } from "@chatkeep/protocol";

import { KEY_PREFIX, type ServerKey, findServerKey } from "./server-keys.ts";
import type { VerifyToken } from "./tokens.ts";

/**
 * Says whose request it is. Throws `unauthenticated` when it carries no credential, `invalid_request`
 * when that is malformed. A host passes its own to tell its users from its own login.
 */
export type Authenticate = (request: Request) => Owner | Promise<Owner>;

/** The header that carries a session's secret id. */
export const SESSION_HEADER = "X-Session-ID";

/** Anonymous sessions by {@link SESSION_HEADER}: a UUID v4, in any case of its letters. */
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
 * Signed-in users by their token, anonymous sessions by {@link SESSION_HEADER}. A request with both is the
 * user's; one whose token is not valid is refused, whatever else it carries. Without `verify` no token is.
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
      throw new ChatkeepError("unauthenticated", "This server takes no tokens: leave `Authorization` out.");
    }
    return verify(token);
  };
}

/**
 * The token of the `Authorization: Bearer` header (RFC 6750); `undefined` without the header and for other
 * schemes, such as a proxy's own `Basic`.
 */
function bearerOf(request: Request): string | undefined {
  const header = request.headers.get("authorization");
  return header === null ? undefined : /^bearer +(.*)$/i.exec(header)?.[1]?.trim();
}

/** Who sent a request. */
export interface Caller {
  /** Whose conversations it is about. */
  readonly owner: Owner;
  /** The name of the server key that acts for the owner; `undefined` when it is the owner. */
  readonly key: string | undefined;
}

/** Tells who sends requests. */
export interface Identify {
  /** Says who sent a request. Errors: `unauthenticated`, `invalid_request`, `forbidden`. */
  identify(request: Request): Promise<Caller>;
  /** Whether a request carries one of the server keys. */
  trusts(request: Request): boolean;
}

/** Options of {@link createIdentify}. */
export interface IdentifyOptions {
  /** Tells owners; see {@link Authenticate}. */
  readonly authenticate: Authenticate;
  /** The keys of trusted back ends. */
  readonly serverKeys: readonly ServerKey[];
  /** The issuer of the users that they act for: that of their tokens. */
  readonly issuer: string | undefined;
  /** Keeps that a key acted for an owner. */
  readonly recordAct: (owner: Owner, actor: string) => Promise<void>;
}

/** The header in which a server key names the user that it acts for: percent-encoded where it is not plain ASCII. */
export const USER_HEADER = "X-Chatkeep-User";

/** Milliseconds after which it is kept again that a key acts for an owner: once a request would be a write a request. */
const ACT_AGAIN = 3_600_000;
/** Pairs of key and owner that are remembered; the oldest is forgotten, and at worst kept once more. */
const MOST_ACTS = 10_000;

/** Tells server keys and everybody else apart. */
export function createIdentify(options: IdentifyOptions): Identify {
  const acts = new Map<string, number>();

  const keepAct = async (owner: Owner, key: string): Promise<void> => {
    const pair = JSON.stringify([key, owner.id]);
    const now = performance.now();
    if (now - (acts.get(pair) ?? Number.NEGATIVE_INFINITY) < ACT_AGAIN) return;
    await options.recordAct(owner, actorOf(key));
    acts.delete(pair);
    acts.set(pair, now);
    if (acts.size > MOST_ACTS) acts.delete(acts.keys().next().value ?? "");
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
    if (named === undefined) {
      throw new ChatkeepError(
        "invalid_request",
        `A server key acts for somebody: name the user in the header ${USER_HEADER}.`,
        { pointer: USER_HEADER },
      );
    }
    const { issuer } = options;
    const owner: Owner = { kind: "user", id: named, ...(issuer === undefined ? {} : { issuer }) };
    await keepAct(owner, key.name);
    return { owner, key: key.name };
  };

  return { identify, trusts: (request) => keyOf(request) !== undefined };
}

/** Who acted, as the audit names it. */
export function actorOf(key: string | undefined): string {
  return key === undefined ? "owner" : `key:${key}`;
}

/** Refuses a user id that a request names besides its credential and that is somebody else's. Errors: `forbidden`. */
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
    // Headers of one name are joined with commas: a comma in an id is written as %2C.
    if (name !== "" && name.length <= 512 && !header.includes(",")) return name;
  } catch {
    // Said below.
  }
  throw new ChatkeepError(
    "invalid_request",
    `The header ${USER_HEADER} must be one user id of 1 to 512 characters, percent-encoded.`,
    { pointer: USER_HEADER },
  );
}
