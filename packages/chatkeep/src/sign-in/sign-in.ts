import { ChatkeepError, type Owner } from "@chatkeep/protocol";
import type { Authenticate, Log } from "@chatkeep/server";

import { type Cookie, readCookie, writeCookie } from "./cookies.ts";
import { type Begun, type Client, type SignedIn, createIssuer } from "./issuer.ts";
import { createSealed } from "./sealed.ts";

/** Options of {@link createSignIn}. */
export interface SignInOptions extends Client {
  /** The callback's address as the issuer knows it. Default: `/api/auth/callback` of the request's address. */
  readonly redirectUrl: string | undefined;
  readonly log: Pick<Log, "warn">;
}

/** Signing in to the app by OpenID Connect. */
export interface SignIn {
  /** Answers requests under `/api/auth/`. */
  readonly fetch: (request: Request) => Promise<Response | undefined>;
  /** Authenticates requests of signed-in people; passes all others to `next`. */
  readonly authenticate: (next: Authenticate) => Authenticate;
}

/**
 * The header by which a page of this origin asks to act as the signed-in person. The cookie alone does not count, because
 * browsers also send it with requests that other sites make. Pages of other sites cannot send this header.
 */
const HEADER = "x-signed-in";
/** How long somebody stays signed in, in seconds: a day. A sign-out at the issuer counts here after that time. */
const STAY = 86_400;
/** How long a sign-in may take, in seconds. */
const TIMEOUT = 600;
/** The longest ID token that is kept for signing out: browsers take cookies of 4,096 bytes. */
const LONGEST_TOKEN = 2_000;

/** Keeps the signed-in person in a sealed cookie, which no script can read. Nothing is stored on the server. */
export function createSignIn(options: SignInOptions): SignIn {
  const { redirectUrl, log } = options;
  const issuer = createIssuer(options);
  const sealed = createSealed(options.clientSecret);

  /** The app's address, and the names of its cookies there. */
  const placeOf = (request: Request) => {
    const callback = new URL(redirectUrl ?? new URL("/api/auth/callback", request.url));
    const secure = callback.protocol === "https:";
    // With this prefix, browsers accept the cookie from this origin only.
    const prefix = secure ? "__Host-" : "";
    return {
      callback,
      home: new URL("../../", callback),
      secure,
      user: `${prefix}chatkeep-user`,
      begun: `${prefix}chatkeep-signing-in`,
    };
  };
  const signedInOf = async (request: Request): Promise<SignedIn | undefined> => {
    const { user } = placeOf(request);
    const cookie = readCookie(request, user);
    return cookie === undefined ? undefined : ((await sealed.open(user, cookie)) as SignedIn | undefined);
  };

  const login = async (request: Request): Promise<Response> => {
    const place = placeOf(request);
    const conversation = new URL(request.url).searchParams.get("c");
    try {
      const { url, begun } = await issuer.begin(place.callback.href);
      const value = await sealed.seal(place.begun, { ...begun, conversation }, TIMEOUT);
      return redirect(url, place.secure, [{ name: place.begun, value, seconds: TIMEOUT, readers: "server" }]);
    } catch (error) {
      log.warn({ err: error }, "nobody can sign in: the issuer was not reached");
      return redirect(failed(place.home, conversation), place.secure, []);
    }
  };

  const callback = async (request: Request): Promise<Response> => {
    const place = placeOf(request);
    const ended: Cookie = { name: place.begun, value: "", seconds: 0, readers: "server" };
    const cookie = readCookie(request, place.begun);
    const begun = cookie === undefined ? undefined : await sealed.open(place.begun, cookie);
    const conversation = (begun?.["conversation"] ?? null) as string | null;
    try {
      if (begun === undefined) throw new Error("No sign-in was begun in this browser within 10 minutes.");
      const address = new URL(place.callback);
      address.search = new URL(request.url).search;
      const { idToken, ...who } = await issuer.end(address, begun as unknown as Begun);
      const kept = idToken.length > LONGEST_TOKEN ? who : { ...who, idToken };
      const value = await sealed.seal(place.user, kept, STAY);
      return redirect(home(place.home, conversation), place.secure, [
        ended,
        { name: place.user, value, seconds: STAY, readers: "server" },
        { name: HINT, value: "1", seconds: STAY, readers: "page" },
      ]);
    } catch (error) {
      log.warn({ err: error }, "somebody did not sign in");
      return redirect(failed(place.home, conversation), place.secure, [ended]);
    }
  };

  const session = async (request: Request): Promise<Response> => {
    const who = await signedInOf(request);
    return json({ offered: true, signed_in: who === undefined ? null : { user: who.user, name: who.name } });
  };

  const logout = async (request: Request): Promise<Response> => {
    const { user, home: back, secure } = placeOf(request);
    if (!request.headers.has(HEADER)) return new Response(null, { status: 403 });
    const who = await signedInOf(request);
    const url = await issuer.signOutUrl(who?.idToken, back.href).catch(() => undefined);
    const response = json({ url: (url ?? back).href });
    for (const [name, readers] of [
      [user, "server"],
      [HINT, "page"],
    ] as const)
      response.headers.append("set-cookie", writeCookie({ name, value: "", seconds: 0, readers }, secure));
    return response;
  };

  const routes: Readonly<Record<string, (request: Request) => Promise<Response>>> = {
    "GET /api/auth/login": login,
    "GET /api/auth/callback": callback,
    "GET /api/auth/session": session,
    "POST /api/auth/logout": logout,
  };
  return {
    fetch: async (request) => routes[`${request.method} ${new URL(request.url).pathname}`]?.(request),
    authenticate: (next) => async (request) => {
      if (!request.headers.has(HEADER) || request.headers.has("authorization")) return next(request);
      const who = await signedInOf(request);
      if (who === undefined) throw new ChatkeepError("unauthenticated", "You are signed out. Sign in again.");
      const owner: Owner = { kind: "user", id: who.user, issuer: who.issuer };
      return owner;
    },
  };
}

/** For a server without an issuer: tells the app that it offers no sign-in. */
export const noSignIn: SignIn = {
  fetch: async (request) =>
    request.method === "GET" && new URL(request.url).pathname === "/api/auth/session"
      ? json({ offered: false, signed_in: null })
      : undefined,
  authenticate: (next) => next,
};

/** The cookie that tells the page's script that somebody may have signed in. It holds no data. */
const HINT = "chatkeep-signed-in";

function home(base: URL, conversation: string | null): URL {
  const url = new URL(base);
  if (conversation !== null) url.searchParams.set("c", conversation);
  return url;
}

function failed(base: URL, conversation: string | null): URL {
  const url = home(base, conversation);
  url.searchParams.set("sign-in", "failed");
  return url;
}

function redirect(to: URL, secure: boolean, cookies: readonly Cookie[]): Response {
  const headers = new Headers({ location: to.href, "cache-control": "no-store" });
  for (const cookie of cookies) headers.append("set-cookie", writeCookie(cookie, secure));
  return new Response(null, { status: 302, headers });
}

function json(value: unknown): Response {
  return Response.json(value, { headers: { "cache-control": "no-store" } });
}
