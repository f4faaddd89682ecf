import { ChatkeepError, type Owner } from "@chatkeep/protocol";
import {
  type Threads,
  type TextStorage,
  claimsOf,
  createChatHistory,
  createThreads,
  openSession,
  openStorage,
} from "@chatkeep/react";

import type { GetToken } from "../settings.ts";
import { createSection } from "./section.ts";

/** Who uses the widget, and their conversations. */
export interface Person {
  readonly chat: Threads;
  readonly storage: TextStorage;
  close(): void;
}

export interface PersonOptions {
  /** The address of the server, without a trailing slash. */
  readonly endpoint: string;
  /** What the keys of this server's begin with in the browser's storage. */
  readonly section: string;
  /** `null`: anonymous. */
  readonly getToken: GetToken | null;
  /** What the history is asked with. */
  readonly fetch: typeof globalThis.fetch;
  /** Called when somebody else uses it now: signed in, signed out, or another tab has made the session. */
  readonly onChange: () => void;
}

/** Finds out who is signed in, else opens the anonymous session of this browser. */
export async function openPerson({
  endpoint,
  section,
  getToken,
  fetch,
  onChange,
}: PersonOptions): Promise<Person> {
  const browser = openStorage();
  const token = (await getToken?.()) ?? null;
  const name = subjectOf(token);
  const session = createSection(browser, section);
  // What one person has written and not sent is not another's.
  const own = name === null ? session : createSection(browser, `${section}${name}|`);

  const anonymous =
    name === null ? await openSession({ storage: session.storage, events: session.events }) : undefined;
  anonymous?.subscribe(onChange);
  const owner: Owner =
    anonymous === undefined
      ? { kind: "user", id: name ?? "" }
      : { kind: "session", id: anonymous.getSnapshot() };
  const credentials = async (): Promise<Record<string, string>> => {
    const now = (await getToken?.()) ?? null;
    if (subjectOf(now) !== name) {
      onChange();
      throw new ChatkeepError("unauthenticated", "Somebody else is signed in now.");
    }
    return now === null ? { "x-session-id": owner.id } : { authorization: `Bearer ${now}` };
  };
  const history = createChatHistory({ baseUrl: endpoint, fetch, credentials });
  const chat = createThreads({ history, owner, storage: own.storage, events: own.events });
  return {
    chat,
    storage: browser,
    close() {
      chat.close();
      anonymous?.close();
      session.close();
      own.close();
    },
  };
}

/** Tells people apart by the issuer and subject of their tokens; tokens of another kind cannot be told apart. */
function subjectOf(token: string | null): string | null {
  if (token === null) return null;
  const claims = claimsOf(token);
  return claims === null ? "user" : `${claims.iss ?? ""} ${claims.sub ?? ""}`;
}
