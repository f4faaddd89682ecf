import { randomUUID } from "node:crypto";

import { type CoreHistory, createHistory, createPool } from "@chatkeep/core";
import { type History, type Owner, createClient } from "@chatkeep/protocol";
import { type Chat, type Readable, createChat, openStorage } from "@chatkeep/react";
import { createLog, createServer, listen } from "@chatkeep/server";
import { UNHURRIED, type ScriptedResponder, createScriptedResponder } from "@chatkeep/testing";

/** A server on a real port, and pages that use it. */
export interface Fixture extends AsyncDisposable {
  /** The server's own history. */
  readonly history: CoreHistory;
  readonly script: ScriptedResponder;
  owner(): Owner;
  /** A page of this owner; two with the same browser are tabs of it, or one before and after a reload. */
  page(owner: Owner, browser?: Browser): Page;
}

/** A page without anything to look at. */
interface Page {
  readonly chat: Chat;
  readonly network: Network;
}

/** What outlives a page. */
type Browser = Map<string, string>;

/** Serves the database of this URL. */
export async function openFixture(url: string): Promise<Fixture> {
  const pool = createPool(url, UNHURRIED.pool);
  const script = createScriptedResponder();
  const history = createHistory({ pool, ...UNHURRIED.history, responder: script.responder });
  const log = createLog({ level: "silent" });
  const server = createServer({ history, health: () => history.health(), log });
  const listener = await listen({ server, port: 0, log });
  const chats: Chat[] = [];
  return {
    history,
    script,
    owner: () => ({ kind: "session", id: randomUUID() }),
    page(owner, browser = new Map()) {
      const network = createNetwork(listener.url);
      const storage = openStorage(() => storageOf(browser));
      const chat = createChat({ history: network.history, owner, storage, schedule: queueMicrotask });
      chats.push(chat);
      return { chat, network };
    },
    async [Symbol.asyncDispose]() {
      for (const chat of chats) chat.close();
      await listener.close({ grace: 0 });
      await history.close();
      await pool.end();
    },
  };
}

/** The way to a server, which a test can cut. */
interface Network {
  readonly history: History;
  /** Cuts the streams that are open, as a sleeping machine or a proxy does. */
  cut(): void;
  /** Lets no request of these through, e.g. `"GET /messages"`; every request if none is named. */
  fail(...requests: string[]): void;
  restore(): void;
  /** Keeps the next request of this kind from the server until it is released. */
  hold(request: string): { readonly arrived: Promise<void>; release(): void };
  /** The requests so far, e.g. `"POST /api/conversations"`. */
  readonly requests: string[];
}

function createNetwork(baseUrl: string): Network {
  const open = new Set<AbortController>();
  const requests: string[] = [];
  let failing: readonly string[] = [];
  let held: {
    readonly request: string;
    readonly arrive: () => void;
    readonly released: Promise<void>;
  } | null = null;
  const send: typeof fetch = async (input, init) => {
    const request = `${init?.method ?? "GET"} ${new URL(input instanceof Request ? input.url : input).pathname}`;
    requests.push(request);
    if (failing.some((each) => matches(request, each))) throw new TypeError("fetch failed");
    if (held !== null && matches(request, held.request)) {
      const { arrive, released } = held;
      held = null;
      arrive();
      await released;
    }
    const controller = new AbortController();
    open.add(controller);
    const signal = AbortSignal.any([controller.signal, ...(init?.signal ? [init.signal] : [])]);
    return fetch(input, { ...init, signal });
  };
  return {
    history: createClient({ baseUrl, fetch: send }),
    requests,
    cut() {
      for (const controller of open) controller.abort();
      open.clear();
    },
    fail: (...named) => (failing = named.length === 0 ? [" "] : named),
    restore: () => (failing = []),
    hold(request) {
      const arriving = Promise.withResolvers<void>();
      const releasing = Promise.withResolvers<void>();
      held = { request, arrive: arriving.resolve, released: releasing.promise };
      return { arrived: arriving.promise, release: releasing.resolve };
    },
  };
}

function matches(request: string, pattern: string): boolean {
  const [method = "", end = ""] = pattern.split(" ");
  return request.startsWith(method) && request.endsWith(end);
}

function storageOf(map: Browser): Storage {
  return {
    get length() {
      return map.size;
    },
    key: (index) => [...map.keys()][index] ?? null,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
    clear: () => map.clear(),
  };
}

/** The first state for which `holds`; waits for changes, not for time. */
export function state<State>(readable: Readable<State>, holds: (state: State) => boolean): Promise<State> {
  return new Promise((resolve) => {
    const look = (): void => {
      const now = readable.getSnapshot();
      if (!holds(now)) return;
      end();
      resolve(now);
    };
    const end = readable.subscribe(look);
    look();
  });
}
