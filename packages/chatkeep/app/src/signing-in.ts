/** Who has signed in to the server, and whether that is offered. */
export interface SignInSession {
  readonly offered: boolean;
  readonly signedIn: SignedIn | null;
}

/** Somebody who has signed in; a cookie that no script reads says so to the server. */
export interface SignedIn {
  readonly user: string;
  /** What people call them. */
  readonly name: string;
}

/** With this header the server takes the cookie for the sender's. */
export const SIGNED_IN_HEADER: Readonly<Record<string, string>> = { "x-signed-in": "1" };

/** Asks the server; nothing is offered while it does not say so. */
export async function readSignInSession(): Promise<SignInSession> {
  try {
    const response = await fetch("./api/auth/session", { headers: { accept: "application/json" } });
    const { offered, signed_in } = (await response.json()) as {
      offered?: boolean;
      signed_in?: SignedIn | null;
    };
    return { offered: offered === true, signedIn: signed_in ?? null };
  } catch {
    return { offered: false, signedIn: null };
  }
}

/** Who has signed in; the server is asked only where somebody may have. */
export async function readSignedIn(): Promise<SignedIn | null> {
  return /(^|; )chatkeep-signed-in=1/.test(document.cookie) ? (await readSignInSession()).signedIn : null;
}

/** Leaves the page for the issuer; it returns to the conversation. */
export function goToIssuer(): void {
  const conversation = new URLSearchParams(location.search).get("c");
  location.assign(`./api/auth/login${conversation === null ? "" : `?c=${encodeURIComponent(conversation)}`}`);
}

/** Ends it here, then at the issuer, if that has a page for it. Throws when the server cannot be asked. */
export async function leaveIssuer(): Promise<void> {
  const response = await fetch("./api/auth/logout", { method: "POST", headers: SIGNED_IN_HEADER });
  const { url } = (await response.json()) as { url: string };
  location.assign(url);
}

/** Whether the page was returned to without having signed in; asked once. */
export function takeFailure(): boolean {
  const url = new URL(location.href);
  const failed = url.searchParams.get("sign-in") === "failed";
  url.searchParams.delete("sign-in");
  if (failed) history.replaceState(null, "", url);
  return failed;
}
