import { ChatkeepError, type Owner } from "@chatkeep/protocol";
import type { Authenticate, Log } from "@chatkeep/server";

import { type Cookie, readCookie, writeCookie } from "./cookies.ts";
import { type Begun, type Client, type SignedIn, createIssuer } from "./issuer.ts";
import { createSealed } from "./sealed.ts";

/** Options of {@link createSignIn}. */
export interface SignInOptions extends Client {
  /** The callback's address as the issuer knows it. Default: `/api/auth/callback` of the address that is asked. */
  readonly redirectUrl: string | undefined;
  readonly log: Pick<Log, "warn">;
}

/** Signing in to the app by OpenID Connect. */
export interface SignIn {
  /** Answers what lies under `/api/auth/`. */
  readonly fetch: (request: Request) => Promise<Response | undefined>;
  /** Takes requests of who has signed in; all others are `next`'s. */
  readonly authenticate: (next: Authenticate) => Authenticate;
}

/**
 * The header with which a page of this origin asks to act as who has signed in. A cookie alone says nothing: browsers
 * send it with requests that the page did not make, and pages of other sites cannot send this header.
 */
const HEADER = "x-signed-in";
/** How long somebody stays signed in, in seconds: a day. Who is signed out at the issuer is out here after it. */
const STAY = 86_400;
/** How long a sign-in may take, in seconds. */
const PATIENCE = 600;
/** The longest ID token that is kept for signing out: browsers take cookies of 4,096 bytes. */
const LONGEST_TOKEN = 2_000;

/** Keeps who has signed in in a sealed cookie, which no script reads. Nothing is stored on the server. */
export function createSignIn(options: SignInOptions): SignIn {
  const { redirectUrl, log } = options;
  const issuer = createIssuer(options);
  const sealed = createSealed(options.clientSecret);

  /** Where the app is, and how its cookies are called there. */
  const placeOf = (request: Request) => {
    const callback = new URL(redirectUrl ?? new URL("/api/auth/callback", request.url));
    const secure = callback.protocol === "https:";
    // With this prefix browsers take it of this very origin only.
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
      const value = await sealed.seal(place.begun, { ...begun, conversation }, PATIENCE);
      return redirect(url, place.secure, [
        { name: place.begun, value, seconds: PATIENCE, readers: "server" },
      ]);
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
      if (begun === undefined) throw new Error("This browser began no sign-in, or long ago.");
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

/** Where no issuer is set: the app asks, and is told that it cannot offer this. */
export const noSignIn: SignIn = {
  fetch: async (request) =>
    request.method === "GET" && new URL(request.url).pathname === "/api/auth/session"
      ? json({ offered: false, signed_in: null })
      : undefined,
  authenticate: (next) => next,
};

/** Tells the page that it is worth asking who has signed in. */
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
