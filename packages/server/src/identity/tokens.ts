import { ChatkeepError, type Owner, isChatkeepError } from "@chatkeep/protocol";
import { type JWTPayload, SignJWT, errors, jwtVerify } from "jose";

import { type KeySetOptions, createKeySet } from "./key-set.ts";

/** How to check the tokens of signed-in users. */
export interface TokenOptions {
  /**
   * What signs them: a shared secret (HS256, at least 32 bytes) or the issuer's public keys. It decides which algorithms
   * are accepted, never the token.
   */
  readonly key: { readonly secret: string } | { readonly jwks: KeySetOptions };
  /** The required `iss`. Default: any, or none. */
  readonly issuer?: string | undefined;
  /** A required `aud`. Default: any, or none. */
  readonly audience?: string | undefined;
  /** Seconds by which the clocks may differ (default 30). */
  readonly clockSkew?: number;
}

/** Returns the user of a token. Errors: `unauthenticated`; `unavailable` when the issuer's keys cannot be read. */
export type VerifyToken = (token: string) => Promise<Owner>;

/** The most bytes of a token: ten times the usual, and a fourth of what Node accepts as headers. */
const MOST_BYTES = 8 * 1024;
/** The least bytes of an HS256 secret: the length of the hash. Source: RFC 7518, 3.2. */
const LEAST_SECRET = 32;
/** Public-key signatures only: with a symmetric algorithm among them, a public key could serve as a secret. */
const PUBLIC_KEY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

/**
 * Identifies users by JWT (RFC 7519). `sub` is the user's id; `iss`, if there is one, belongs to their identity; `exp` is
 * required. Errors: `TypeError` when the secret is too short.
 */
export function createTokenCheck(options: TokenOptions): VerifyToken {
  const { key, issuer, audience, clockSkew = 30 } = options;
  const checks = {
    clockTolerance: clockSkew,
    requiredClaims: ["sub", "exp"],
    ...(issuer === undefined ? {} : { issuer }),
    ...(audience === undefined ? {} : { audience }),
  };
  const verify = verifierOf(key, checks);
  return async (token) => {
    if (token.length > MOST_BYTES) throw refused(`A token must have at most ${MOST_BYTES} bytes.`);
    try {
      return userOf(await verify(token));
    } catch (error) {
      if (isChatkeepError(error)) throw error;
      if (error instanceof errors.JWTExpired) throw refused("The token has expired. Sign in again.", error);
      throw refused("The token is not valid. Sign in again.", error);
    }
  };
}

type Checks = NonNullable<Parameters<typeof jwtVerify>[2]>;

function verifierOf(key: TokenOptions["key"], checks: Checks): (token: string) => Promise<JWTPayload> {
  if ("secret" in key) {
    const secret = secretOf(key.secret);
    return async (token) => (await jwtVerify(token, secret, { ...checks, algorithms: ["HS256"] })).payload;
  }
  const keys = createKeySet(key.jwks);
  return async (token) => (await jwtVerify(token, keys, { ...checks, algorithms: PUBLIC_KEY })).payload;
}

function secretOf(text: string): Uint8Array {
  const secret = new TextEncoder().encode(text);
  if (secret.byteLength >= LEAST_SECRET) return secret;
  throw new TypeError(
    `The secret that signs tokens has ${secret.byteLength} bytes and needs at least ${LEAST_SECRET}. Make one with "openssl rand -base64 48".`,
  );
}

function userOf({ sub, iss }: JWTPayload): Owner {
  if (typeof sub !== "string" || sub === "" || sub.length > 512) {
    throw refused("The token's `sub` must have 1 to 512 characters.");
  }
  return { kind: "user", id: sub, ...(iss === undefined ? {} : { issuer: iss }) };
}

function refused(detail: string, cause?: unknown): ChatkeepError {
  // jose's error names the claim at fault, never the token.
  return new ChatkeepError("unauthenticated", detail, { cause });
}

/** Options of {@link mintToken}. */
export interface MintOptions {
  readonly secret: string;
  /** The user's id. */
  readonly user: string;
  readonly issuer?: string | undefined;
  readonly audience?: string | undefined;
  /** How long it is valid, in jose's format: `1h` (default), `30 days`. Errors: jose's `TypeError`. */
  readonly expires?: string | undefined;
}

/** Makes a token for tests, as a host's login would. */
export async function mintToken({
  secret,
  user,
  issuer,
  audience,
  expires = "1h",
}: MintOptions): Promise<string> {
  const token = new SignJWT().setProtectedHeader({ alg: "HS256", typ: "JWT" }).setSubject(user).setIssuedAt();
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.setExpirationTime(expires).sign(secretOf(secret));
}
