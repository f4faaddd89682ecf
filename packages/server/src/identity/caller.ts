import { ChatkeepError, type Owner } from "@chatkeep/protocol";

import { type Authenticate, bearerOf } from "./authenticate.ts";
import { KEY_PREFIX, type ServerKey, findServerKey } from "./server-keys.ts";

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
