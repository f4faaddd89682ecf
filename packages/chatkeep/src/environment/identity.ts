import { type ServerKey, readServerKeys } from "@chatkeep/server";

import type { SettingName } from "../settings.ts";
import type { Reader } from "./reader.ts";

/** How people and back ends sign in. */
export interface IdentitySettings {
  /** CHATKEEP_JWT_SECRET, or CHATKEEP_JWKS_URL: the key that signs user tokens. */
  readonly tokenKey: { readonly secret: string } | { readonly jwks: { readonly url: string } } | undefined;
  /** CHATKEEP_JWT_ISSUER: the `iss` that they must carry. */
  readonly issuer: string | undefined;
  /** CHATKEEP_JWT_AUDIENCE: the `aud` that they must carry. */
  readonly audience: string | undefined;
  /** The issuer of users that server keys and commands name: CHATKEEP_JWT_ISSUER, else CHATKEEP_OIDC_ISSUER. */
  readonly userIssuer: string | undefined;
  /** CHATKEEP_OIDC_ISSUER and its client: the app's people sign in with it. */
  readonly oidc: OidcSettings | undefined;
  /** CHATKEEP_API_KEYS: the keys of trusted back ends. */
  readonly serverKeys: readonly ServerKey[];
  /** CHATKEEP_HIDE_EXISTENCE: another owner's data is 404 instead of 403. */
  readonly hideExistence: boolean;
  /** CHATKEEP_ORIGINS: the other sites whose pages may use the API. */
  readonly origins: readonly string[];
}

/** Reads how people and back ends sign in. No fault repeats a secret. */
export function readIdentity({ text, faults }: Reader): IdentitySettings {
  const secret = text("CHATKEEP_JWT_SECRET");
  const jwks = text("CHATKEEP_JWKS_URL");
  if (secret !== undefined && jwks !== undefined) {
    faults.push("Set CHATKEEP_JWT_SECRET or CHATKEEP_JWKS_URL, not both: one of them decides what is taken.");
  }
  if (secret !== undefined && Buffer.byteLength(secret) < 32) {
    faults.push(
      `CHATKEEP_JWT_SECRET has ${Buffer.byteLength(secret)} bytes and needs at least 32: make one with "openssl rand -base64 48".`,
    );
  }
  if (jwks !== undefined && !isSafeUrl(jwks)) {
    faults.push(
      `CHATKEEP_JWKS_URL must be an https:// address such as https://login.example.org/.well-known/jwks.json, not "${jwks}".`,
    );
  }
  const issuer = text("CHATKEEP_JWT_ISSUER");
  const oidc = readOidc(text, faults);
  return {
    tokenKey: jwks !== undefined ? { jwks: { url: jwks } } : secret !== undefined ? { secret } : undefined,
    issuer,
    userIssuer: issuer ?? oidc?.issuer,
    audience: text("CHATKEEP_JWT_AUDIENCE"),
    oidc,
    serverKeys: readKeys(text("CHATKEEP_API_KEYS") ?? "", faults),
    hideExistence: readSwitch("CHATKEEP_HIDE_EXISTENCE", text, faults),
    origins: readOrigins(text("CHATKEEP_ORIGINS") ?? "", faults),
  };
}

/** The client of this server at an OpenID Connect issuer. */
interface OidcSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** CHATKEEP_OIDC_REDIRECT_URL: the callback as the issuer knows it. */
  readonly redirectUrl: string | undefined;
}

function readOidc(text: Reader["text"], faults: string[]): OidcSettings | undefined {
  const issuer = text("CHATKEEP_OIDC_ISSUER");
  const clientId = text("CHATKEEP_OIDC_CLIENT_ID");
  const clientSecret = text("CHATKEEP_OIDC_CLIENT_SECRET");
  const redirectUrl = text("CHATKEEP_OIDC_REDIRECT_URL");
  if (issuer === undefined && clientId === undefined && clientSecret === undefined) return undefined;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) {
    faults.push(
      "Set CHATKEEP_OIDC_ISSUER, CHATKEEP_OIDC_CLIENT_ID and CHATKEEP_OIDC_CLIENT_SECRET, all three: people sign in with them.",
    );
    return undefined;
  }
  if (!isSafeUrl(issuer))
    faults.push(
      `CHATKEEP_OIDC_ISSUER must be an https:// address such as https://login.example.org, not "${issuer}".`,
    );
  if (redirectUrl !== undefined && !(isSafeUrl(redirectUrl) && redirectUrl.endsWith("/api/auth/callback")))
    faults.push(
      `CHATKEEP_OIDC_REDIRECT_URL must be an https:// address that ends with /api/auth/callback, not "${redirectUrl}".`,
    );
  return { issuer, clientId, clientSecret, redirectUrl };
}

/** Over plain HTTP a stranger could replace the keys and sign anybody in. On this machine it is safe. */
function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || (protocol === "http:" && /^(localhost|127\.|\[::1\])/.test(hostname));
}

function readKeys(list: string, faults: string[]): ServerKey[] {
  try {
    return readServerKeys(list);
  } catch (error) {
    faults.push(`CHATKEEP_API_KEYS cannot be used: ${(error as Error).message}.`);
    return [];
  }
}

function readSwitch(name: SettingName, text: Reader["text"], faults: string[]): boolean {
  const value = text(name)?.toLowerCase() ?? "false";
  if (["true", "1", "yes", "on"].includes(value)) return true;
  if (!["false", "0", "no", "off"].includes(value))
    faults.push(`${name} must be true or false, not "${value}".`);
  return false;
}

function readOrigins(list: string, faults: string[]): string[] {
  return list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry) => {
      if (entry === "*") return entry;
      const origin = URL.canParse(entry) ? new URL(entry).origin : "null";
      if (origin === "null" || origin !== entry.replace(/\/$/, "").toLowerCase()) {
        faults.push(`CHATKEEP_ORIGINS must list sites such as https://example.org, not "${entry}".`);
      }
      return origin;
    });
}
