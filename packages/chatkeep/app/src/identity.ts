import {
  type ErasureReceipt,
  type Client,
  type Owner,
  createClient,
  isChatkeepError,
} from "@chatkeep/protocol";
import { type Readable, type Session, type TextStorage, claimsOf, createSnapshot } from "@chatkeep/react";

import { SIGNED_IN_HEADER, type SignedIn, goToIssuer, leaveIssuer } from "./signing-in.ts";

/** Whose conversations the page shows, and how it gets at them. */
export interface Who {
  readonly owner: Owner;
  readonly history: Client;
  /** The headers of its requests. */
  readonly headers: Readonly<Record<string, string>>;
  /** Their name for people. */
  readonly name: string;
  /** Whether they signed in by a token, or with the server's issuer. */
  readonly by: "nothing" | "token" | "issuer";
  /** Where drafts and unsent questions are kept: the browser's storage, or this tab's for signed-in people. */
  readonly storage: TextStorage;
  /** Changes whenever the page starts over, for another person or the same one. */
  readonly life: number;
}

/** The browser's anonymous session, or who has signed in in this tab: a {@link Readable} of it. */
export interface Identity extends Readable<Who> {
  /**
   * Acts as the token's user from now on. Returns `false` when the server refuses the token. With `session: "bring"` the
   * user takes over the session's conversations. Errors: `unavailable`, …
   */
  signIn(token: string, session: "bring" | "leave"): Promise<boolean>;
  /** Leaves the page for the server's issuer. With `bring` the user takes over the session's conversations on the return. */
  signInWithIssuer(session: "bring" | "leave"): void;
  /** Takes over the session's conversations on the return from the issuer, if the person chose so. */
  bring(): Promise<void>;
  /** Acts as the browser's session again. Throws when the server cannot be reached. */
  signOut(): Promise<void>;
  /** Erases all that is kept of them, here too. Errors: those of `History.eraseData`. */
  erase(): Promise<ErasureReceipt>;
  /** Takes the session's conversations over; gives how many. Errors: those of `History.claimSession`. */
  claim(): Promise<number>;
}

export interface IdentityOptions {
  readonly session: Session;
  /** The browser's storage. */
  readonly storage: TextStorage;
  /** The tab's: a token is a secret, and ends with it. */
  readonly tab: TextStorage;
  /** The person who signed in with the server's issuer. */
  readonly signedIn: SignedIn | null;
}

const KEY = "chatkeep-token";
/** Kept while a person is at the issuer. */
const BRING = "chatkeep-bring";

/** Who it was before a reload, in this tab. */
export function createIdentity({ session, storage, tab, signedIn }: IdentityOptions): Identity {
  const ofSession = (): Owner => ({ kind: "session", id: session.getSnapshot() });
  let life = 0;
  const build = (): Who => {
    const token = tab.get(KEY);
    life += 1;
    if (token !== null) return { ...userOf(token), by: "token", storage: tab, life };
    if (signedIn !== null) return { ...userAtIssuer(signedIn), by: "issuer", storage: tab, life };
    return { ...sessionOf(session.getSnapshot()), by: "nothing", storage, life };
  };
  const snapshot = createSnapshot<Who>({ build, schedule: (run) => run() });
  session.subscribe(() => {
    if (snapshot.getSnapshot().by === "nothing") snapshot.changed();
  });

  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    async signIn(token, mine) {
      const { owner, history } = userOf(token);
      try {
        await history.listConversations(owner, { limit: 1 });
        // Before the page is theirs: the conversation that is open is there at once.
        if (mine === "bring") await history.claimSession(owner, ofSession());
      } catch (error) {
        if (isChatkeepError(error, "unauthenticated") || isChatkeepError(error, "invalid_request"))
          return false;
        throw error;
      }
      tab.set(KEY, token);
      snapshot.changed();
      return true;
    },
    signInWithIssuer(mine) {
      if (mine === "bring") storage.set(BRING, "1");
      else storage.remove(BRING);
      goToIssuer();
    },
    async bring() {
      const wanted = storage.get(BRING) !== null;
      storage.remove(BRING);
      const { by, history, owner } = snapshot.getSnapshot();
      // If this fails, a button in the settings does it.
      if (wanted && by === "issuer") await history.claimSession(owner, ofSession()).catch(() => undefined);
    },
    async signOut() {
      if (snapshot.getSnapshot().by === "issuer") await leaveIssuer();
      for (const key of tab.keys("chatkeep-")) tab.remove(key);
      snapshot.changed();
    },
    async erase() {
      const { history, owner, storage: kept } = snapshot.getSnapshot();
      const receipt = await history.eraseData(owner);
      for (const key of [...kept.keys("chatkeep-draft:"), ...kept.keys("chatkeep-unsent:")]) kept.remove(key);
      snapshot.changed();
      return receipt;
    },
    async claim() {
      const { history, owner } = snapshot.getSnapshot();
      return (await history.claimSession(owner, ofSession())).claimed;
    },
  };
}

type Credentials = Pick<Who, "owner" | "history" | "headers" | "name">;

function sessionOf(id: string): Credentials {
  const headers = { "x-session-id": id };
  return { owner: { kind: "session", id }, history: createClient({ baseUrl: "." }), headers, name: "" };
}

function userAtIssuer({ user, name }: SignedIn): Credentials {
  return userWith(user, name, SIGNED_IN_HEADER);
}

function userOf(token: string): Credentials {
  const subject = subjectOf(token);
  return userWith(subject, subject, { authorization: `Bearer ${token}` });
}

function userWith(id: string, name: string, headers: Readonly<Record<string, string>>): Credentials {
  const history = createClient({ baseUrl: ".", credentials: () => headers });
  return { owner: { kind: "user", id }, history, headers, name };
}

/** The subject of a token, to be shown. */
function subjectOf(token: string): string {
  const sub = claimsOf(token)?.sub;
  return typeof sub === "string" ? sub : "";
}
