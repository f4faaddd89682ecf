/** The server's sign-in: whether it offers one, and the signed-in person. */
export interface SignInSession {
  readonly offered: boolean;
  readonly signedIn: SignedIn | null;
}

/** A signed-in person. The server knows them by a cookie that no script can read. */
export interface SignedIn {
  readonly user: string;
  /** Their name for people. */
  readonly name: string;
}

/** The header that makes the cookie count. */
export const SIGNED_IN_HEADER: Readonly<Record<string, string>> = { "x-signed-in": "1" };

/** Asks the server. If it cannot be reached, it offers no sign-in. */
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

/** The signed-in person. Asks the server only if the hint cookie is set. */
export async function readSignedIn(): Promise<SignedIn | null> {
  return /(^|; )chatkeep-signed-in=1/.test(document.cookie) ? (await readSignInSession()).signedIn : null;
}

/** Leaves the page for the issuer; it returns to the conversation. */
export function goToIssuer(): void {
  const conversation = new URLSearchParams(location.search).get("c");
  location.assign(`./api/auth/login${conversation === null ? "" : `?c=${encodeURIComponent(conversation)}`}`);
}

/** Signs out here, then at the issuer if it has a page for it. Throws when the server cannot be reached. */
export async function leaveIssuer(): Promise<void> {
  const response = await fetch("./api/auth/logout", { method: "POST", headers: SIGNED_IN_HEADER });
  const { url } = (await response.json()) as { url: string };
  location.assign(url);
}

/** Whether the person came back without having signed in. Removes the mark from the address. */
export function takeFailure(): boolean {
  const url = new URL(location.href);
  const failed = url.searchParams.get("sign-in") === "failed";
  url.searchParams.delete("sign-in");
  if (failed) history.replaceState(null, "", url);
  return failed;
}
