import type { Configuration } from "openid-client";

/** A server's registration at its issuer. */
export interface Client {
  /** The issuer's address, as in `iss`. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Somebody who came back from the issuer. */
export interface SignedIn {
  /** `iss` and `sub` of the ID token. */
  readonly issuer: string;
  readonly user: string;
  /** Their name for people: `name`, `email` or `preferred_username`, else `sub`. */
  readonly name: string;
  readonly idToken: string;
}

/** The state of a sign-in while the person is at the issuer. */
export interface Begun {
  readonly state: string;
  readonly nonce: string;
  /** The secret half of PKCE (RFC 7636). */
  readonly verifier: string;
}

/** An OpenID Connect issuer. */
export interface Issuer {
  /** Begins a sign-in: `url` is the issuer's page. Throws when the issuer cannot be reached. */
  begin(redirectUrl: string): Promise<{ readonly url: URL; readonly begun: Begun }>;
  /** Reads the person from the callback's address. Throws when they did not sign in, or the reply is not for `begun`. */
  end(address: URL, begun: Begun): Promise<SignedIn>;
  /** The issuer's page for signing out, or `undefined` if it has none. */
  signOutUrl(idToken: string | undefined, returnUrl: string): Promise<URL | undefined>;
}

/** The least that gives a name. */
const SCOPE = "openid profile email";

/** By the authorization code flow with PKCE. The issuer is discovered with the first sign-in; success is remembered. */
export function createIssuer({ issuer, clientId, clientSecret }: Client): Issuer {
  let discovered: Promise<Configuration> | undefined;
  const load = () => import("openid-client");
  const discover = async (): Promise<Configuration> => {
    const { discovery, allowInsecureRequests } = await load();
    const url = new URL(issuer);
    // The settings allow plain HTTP only on this machine.
    const execute = url.protocol === "http:" ? [allowInsecureRequests] : [];
    return discovery(url, clientId, clientSecret, undefined, { execute, timeout: 10 });
  };
  const configuration = (): Promise<Configuration> =>
    (discovered ??= discover().catch((error: unknown) => {
      discovered = undefined;
      throw error;
    }));
  return {
    async begin(redirectUrl) {
      const oidc = await load();
      const verifier = oidc.randomPKCECodeVerifier();
      const begun = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier };
      const url = oidc.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUrl,
        scope: SCOPE,
        state: begun.state,
        nonce: begun.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { url, begun };
    },
    async end(address, { state, nonce, verifier }) {
      const oidc = await load();
      const tokens = await oidc.authorizationCodeGrant(await configuration(), address, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new Error("The issuer sent no ID token.");
      const named = [claims["name"], claims["email"], claims["preferred_username"]];
      const name = named.find((each): each is string => typeof each === "string" && each !== "");
      return {
        issuer: claims.iss,
        user: claims.sub,
        name: name ?? claims.sub,
        idToken: tokens.id_token ?? "",
      };
    },
    async signOutUrl(idToken, returnUrl) {
      const known = await configuration();
      if (known.serverMetadata().end_session_endpoint === undefined) return undefined;
      const { buildEndSessionUrl } = await load();
      return buildEndSessionUrl(known, {
        post_logout_redirect_uri: returnUrl,
        ...(idToken === undefined ? {} : { id_token_hint: idToken }),
      });
    },
  };
}
