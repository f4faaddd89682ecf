import {
  type ErasureReceipt,
  type Client,
  type Owner,
  createClient,
  isChatkeepError,
} from "@chatkeep/protocol";
import { type Readable, type Session, type TextStorage, claimsOf, createSnapshot } from "@chatkeep/react";

/** Whose conversations the page shows, and how it gets at them. */
export interface Who {
  readonly owner: Owner;
  readonly history: Client;
  /** The headers of its requests. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where drafts and unsent questions are kept: the browser's storage, or, of who has signed in, this tab's. */
  readonly storage: TextStorage;
  /** Another one each time that somebody else is shown, or the same anew. */
  readonly life: number;
}

/** The browser's anonymous session, or who has signed in in this tab: a {@link Readable} of it. */
export interface Identity extends Readable<Who> {
  /** Acts as whom the token is of from now on; `false` when the server does not take it. Errors: `unavailable`, … */
  signIn(token: string): Promise<boolean>;
  /** Acts as the browser's session again. */
  signOut(): void;
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
}

const KEY = "chatkeep-token";

/** Who it was before a reload, in this tab. */
export function createIdentity({ session, storage, tab }: IdentityOptions): Identity {
  const ofSession = (): Owner => ({ kind: "session", id: session.getSnapshot() });
  let life = 0;
  const build = (): Who => {
    const token = tab.get(KEY);
    life += 1;
    return token === null
      ? { ...sessionOf(session.getSnapshot()), storage, life }
      : { ...userOf(token), storage: tab, life };
  };
  const snapshot = createSnapshot<Who>({ build, schedule: (run) => run() });
  session.subscribe(() => {
    if (tab.get(KEY) === null) snapshot.changed();
  });

  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    async signIn(token) {
      const { owner, history } = userOf(token);
      try {
        await history.listConversations(owner, { limit: 1 });
      } catch (error) {
        if (isChatkeepError(error, "unauthenticated") || isChatkeepError(error, "invalid_request"))
          return false;
        throw error;
      }
      tab.set(KEY, token);
      snapshot.changed();
      return true;
    },
    signOut() {
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

type Credentials = Pick<Who, "owner" | "history" | "headers">;

function sessionOf(id: string): Credentials {
  const headers = { "x-session-id": id };
  return { owner: { kind: "session", id }, history: createClient({ baseUrl: "." }), headers };
}

function userOf(token: string): Credentials {
  const headers = { authorization: `Bearer ${token}` };
  return {
    owner: { kind: "user", id: subjectOf(token) },
    history: createClient({ baseUrl: ".", credentials: () => headers }),
    headers,
  };
}

/** The subject of a token, to be shown. */
function subjectOf(token: string): string {
  const sub = claimsOf(token)?.sub;
  return typeof sub === "string" ? sub : "";
}
