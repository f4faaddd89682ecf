import type { WireRecentErrors, WireOverview } from "@chatkeep/protocol";
import { type Readable, type TextStorage, createSnapshot } from "@chatkeep/react";

import { type Sample, withSample } from "./samples.ts";

/** What an operator has been told. */
interface OperatorState {
  /** Whether a key was entered that the server has not refused. */
  readonly access: "no key" | "key";
  /** `null` before the first answer. */
  readonly told: Told | null;
  /** The sentence why the last question was not answered; what is told is from before. */
  readonly failure: string | null;
}

/** The answers of one moment. */
export interface Told {
  readonly at: Date;
  readonly overview: WireOverview;
  readonly errors: WireRecentErrors["errors"];
  /** The overview that was told first, to see what has grown since. */
  readonly first: WireOverview;
  /** What is drawn of the last ten minutes, as far as this page was open; the oldest first. */
  readonly samples: readonly Sample[];
}

/** Asks the server how it stands, again and again while the page is looked at. */
export interface Operator extends Readable<OperatorState> {
  /** Asks with this server key from now on. */
  enter(key: string): void;
  /** Forgets the key and all that was told. */
  leave(): void;
  /** Asks now. */
  refresh(): Promise<void>;
}

export interface OperatorOptions {
  /** Where the key is kept. */
  readonly storage: TextStorage;
}

/** Milliseconds between two questions: an operator sees a change before it is reported by anybody. */
const EVERY = 5000;

const KEY = "chatkeep-server-key";

/** Asks nothing without a key. */
export function createOperator({ storage }: OperatorOptions): Operator {
  let told: Told | null = null;
  let failure: string | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asked = 0;
  const snapshot = createSnapshot<OperatorState>({
    build: () => ({ access: storage.get(KEY) === null ? "no key" : "key", told, failure }),
    schedule: (run) => run(),
  });

  const leave = (): void => {
    clearTimeout(timer);
    asked += 1;
    storage.remove(KEY);
    told = null;
    failure = null;
    snapshot.changed();
  };

  const refresh = async (): Promise<void> => {
    clearTimeout(timer);
    const key = storage.get(KEY);
    if (key === null) return;
    const mine = ++asked;
    try {
      const [overview, { errors }] = await Promise.all([
        read<WireOverview>("overview", key),
        read<WireRecentErrors>("errors", key),
      ]);
      if (mine !== asked) return;
      told = {
        at: new Date(),
        overview,
        errors,
        first: told?.first ?? overview,
        samples: withSample(told?.samples ?? [], overview),
      };
      failure = null;
    } catch (error) {
      if (mine !== asked) return;
      if (error instanceof Refused) leave();
      failure = (error as Error).message;
    }
    snapshot.changed();
    if (storage.get(KEY) !== null && document.visibilityState === "visible")
      timer = setTimeout(() => void refresh(), EVERY);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void refresh();
  });
  void refresh();

  return {
    getSnapshot: snapshot.getSnapshot,
    subscribe: snapshot.subscribe,
    leave,
    refresh,
    enter(key) {
      storage.set(KEY, key.trim());
      void refresh();
    },
  };
}

/** The server does not take the key. */
class Refused extends Error {
  override readonly name = "Refused";
}

async function read<T>(what: "overview" | "errors", key: string): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`./api/admin/${what}`, { headers: { authorization: `Bearer ${key}` } });
  } catch {
    throw new Error("The server cannot be reached.");
  }
  if (response.status === 401 || response.status === 403)
    throw new Refused("The server does not know this key. Make one with “chatkeep key”.");
  if (!response.ok) throw new Error(`The server answered with ${response.status}.`);
  return (await response.json()) as T;
}
