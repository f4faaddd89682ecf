import { randomUUID } from "node:crypto";

import type { Owner } from "@chatkeep/protocol";
import { mintToken } from "@chatkeep/server";
import { fileDatabase, holdDeadlines } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import {
  ENTRIES,
  type Entry,
  type Things,
  everythingOf,
  makeThings,
  pathOf,
  withoutConversation,
} from "./matrix.ts";
import {
  type Credentials,
  ISSUER,
  SECRET,
  SERVER_KEY,
  actingFor,
  newSession,
  newUser,
  startPeopleServer,
} from "./people.ts";

const database = await fileDatabase();
const { call, history, server, statements, logged, url } = await startPeopleServer(database.url);

/** What `/openapi.json` tells of a route. */
interface Operation {
  readonly operationId: string;
  readonly security: object[];
}
const document = (await (await call("GET", "/openapi.json")).json()) as {
  paths: Record<string, Record<string, Operation>>;
};
const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    id: operation.operationId,
    isOpen: operation.security.length === 0,
  })),
);

/** A column of the matrix: credentials, made anew for each call, and what they are good for. */
interface Column {
  readonly name: string;
  readonly credentials: (things: Things) => Promise<Credentials>;
  /** The status where the credential itself is at fault; else it is somebody, who is not the owner. */
  readonly status?: number;
  /** Whether they are a server key. */
  readonly isKey?: boolean;
}

const subject = (things: Things): string => things.owner.id;

const COLUMNS: readonly Column[] = [
  { name: "nobody", credentials: async () => ({}), status: 401 },
  { name: "a garbage session", credentials: async () => ({ "x-session-id": "1 or 1=1" }), status: 400 },
  {
    name: "a garbage token",
    credentials: async () => ({ authorization: "Bearer e30.e30.e30" }),
    status: 401,
  },
  {
    name: "an expired token",
    credentials: async (things) => {
      const { SignJWT } = await import("jose");
      const token = await new SignJWT({ sub: subject(things), iss: ISSUER, exp: 1_700_000_000 })
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode(SECRET));
      return { authorization: `Bearer ${token}` };
    },
    status: 401,
  },
  {
    name: "a server key that is not known",
    credentials: async (things) => ({
      authorization: `Bearer ${SERVER_KEY.slice(0, -4)}AAAA`,
      "x-chatkeep-user": subject(things),
    }),
    status: 401,
  },
  { name: "another user", credentials: async () => (await newUser()).credentials },
  { name: "another session", credentials: async () => newSession().credentials },
  {
    name: "a server key that acts for another user",
    credentials: async () => actingFor(randomUUID()),
    isKey: true,
  },
  {
    name: "another user who names the owner",
    credentials: async (things) => ({
      ...(await newUser()).credentials,
      "x-chatkeep-user": subject(things),
    }),
    status: 403,
  },
  {
    name: "a user of the same name and another issuer",
    credentials: async (things) => {
      const token = await mintToken({
        secret: SECRET,
        user: subject(things),
        issuer: "https://other.example",
      });
      return { authorization: `Bearer ${token}` };
    },
    status: 401,
  },
];

it("has an entry for every route, and no entry without one", () => {
  const known = new Set(Object.keys(ENTRIES));
  expect(routes.filter(({ id }) => !known.has(id)).map(({ id }) => `Add ${id} to ENTRIES`)).toEqual([]);
  expect(routes.map(({ id }) => id).toSorted()).toEqual(server.routes.map(({ id }) => id).toSorted());
});

const matrix = routes.flatMap((route) => COLUMNS.map((column) => ({ ...route, column, who: column.name })));

/** Somebody with a thing of each kind, and all that they see of it. */
interface Owned {
  readonly things: Things;
  readonly everything: string;
}

async function makeOwned(kind: Owner["kind"]): Promise<Owned> {
  const { owner } = kind === "user" ? await newUser() : newSession();
  return { things: await makeThings(history, owner), everything: await everythingOf(history, owner) };
}

/** What a route has to answer in a column. */
function statusesOf({ isOpen }: { isOpen: boolean }, entry: Entry, column: Column): number[] {
  if (isOpen) return [entry.own];
  if (column.status !== undefined) return [column.status];
  if (entry.others === "operator") return [column.isKey === true ? entry.own : 403];
  // A claim needs a session besides, which nobody here brings.
  if (entry.others === "own only") return [200, 201, 204, 400, 401];
  return [403, 404];
}

/** What an owner is answered about their own. A session claims nothing, it is claimed; and it is no user of any id. */
function statusOfOwner(
  kind: Owner["kind"],
  { id, path }: { id: string; path: string },
  entry: Entry,
): number {
  if (entry.others === "operator") return 403;
  if (kind === "user") return entry.own;
  if (id === "claimSession") return 401;
  return path.includes("{user_id}") ? 403 : entry.own;
}

/** The routes that name a conversation, or a handle of one, and nothing else of anybody. */
const naming = routes.filter(
  ({ id, path }) => ENTRIES[id]?.others === "refused" && !path.includes("{user_id}"),
);

describe.each(["user", "session"] as const)("what is a %s's", (kind) => {
  // Refused calls change nothing, so each meets what is there for all of its route.
  const owned = new Map<string, Promise<Owned>>();

  it.each(matrix)("$method $path is closed to $who", async (route) => {
    const entry = ENTRIES[route.id]!;
    if (!owned.has(route.id)) owned.set(route.id, makeOwned(kind));
    const { things, everything } = await owned.get(route.id)!;
    const response = await call(route.method, pathOf(route.path, entry, things), {
      credentials: await route.column.credentials(things),
      body: entry.body?.(things),
    });
    const text = await response.text();
    expect(statusesOf(route, entry, route.column)).toContain(response.status);
    // The names that stand in the request are known to who sent it; the words are not.
    expect(text).not.toContain(things.mark);
    expect(await everythingOf(history, things.owner)).toBe(everything);
  });

  it.each(routes)("$method $path is open to its owner", async (route) => {
    const entry = ENTRIES[route.id]!;
    const person = kind === "user" ? await newUser() : newSession();
    const things = await makeThings(history, person.owner);
    const session = route.id === "claimSession" ? newSession().credentials : {};
    const response = await call(route.method, pathOf(route.path, entry, things), {
      credentials: { ...session, ...person.credentials },
      body: entry.body?.(things),
    });
    await response.text();
    expect(response.status).toBe(statusOfOwner(kind, route, entry));
  });
});

it.each(routes.filter(({ isOpen }) => !isOpen))(
  "$method $path is open to a server key that acts for the owner",
  async (route) => {
    const entry = ENTRIES[route.id]!;
    const { owner } = await newUser();
    const things = await makeThings(history, owner);
    const session = route.id === "claimSession" ? newSession().credentials : {};
    const response = await call(route.method, pathOf(route.path, entry, things), {
      credentials: { ...session, ...actingFor(owner.id) },
      body: entry.body?.(things),
    });
    await response.text();
    expect(response.status).toBe(entry.own);
  },
);

describe("a forged id", () => {
  it("of a conversation in a body makes nothing and tells nothing but that it is taken", async () => {
    const things = await makeThings(history, (await newUser()).owner);
    const stranger = await newUser();
    const response = await call("POST", "/api/conversations", {
      credentials: stranger.credentials,
      body: { id: things.conversation },
    });
    expect(response.status).toBe(403);
    expect((await history.listConversations(stranger.owner)).total).toBe(0);
  });

  it("in a cursor leads nowhere but into one's own", async () => {
    const person = await newUser();
    for (let count = 0; count < 3; count++) await makeThings(history, person.owner);
    const stranger = await newUser();
    for (const path of ["/api/conversations", "/api/trash"]) {
      const first = await call("GET", `${path}?limit=1`, { credentials: person.credentials });
      const { next_cursor: cursor } = (await first.json()) as { next_cursor: string };
      const next = await call("GET", `${path}?limit=100&cursor=${encodeURIComponent(cursor)}`, {
        credentials: stranger.credentials,
      });
      expect(await next.json()).toMatchObject({ conversations: [], next_cursor: null });
    }
  });

  it("of a turn or message is not found in a conversation of one's own", async () => {
    const things = await makeThings(history, (await newUser()).owner);
    const stranger = await newUser();
    const mine = await makeThings(history, stranger.owner);
    for (const [method, path] of [
      ["GET", `turns/${things.turn}`],
      ["GET", `turns/${things.turn}/events`],
      ["POST", `turns/${things.turn}/stop`],
      ["GET", `messages/${things.message}`],
      ["DELETE", `messages/${things.message}`],
    ] as const) {
      const response = await call(method, `/api/conversations/${mine.conversation}/${path}`, {
        credentials: stranger.credentials,
      });
      expect([path, response.status]).toEqual([path, 404]);
    }
  });

  it("of a user in the header of one who is somebody else is refused", async () => {
    const person = await newUser();
    for (const credentials of [(await newUser()).credentials, newSession().credentials]) {
      const response = await call("GET", "/api/conversations", {
        credentials: { ...credentials, "x-chatkeep-user": person.owner.id },
      });
      expect(response.status).toBe(403);
    }
    const own = await call("GET", "/api/conversations", {
      credentials: { ...person.credentials, "x-chatkeep-user": person.owner.id },
    });
    expect(own.status).toBe(200);
  });
});

it("a running stream of another's cannot be followed, stopped or ended by deleting", async () => {
  using _ = holdDeadlines();
  const person = await newUser();
  const { conversation } = await history.createConversation(person.owner);
  const { turn } = await history.startTurn(person.owner, conversation.id, { content: "wait for me" });
  const { credentials } = await newUser();
  const path = `/api/conversations/${conversation.id}`;
  for (const [method, of] of [
    ["GET", `${path}/turns/${turn.id}/events`],
    ["POST", `${path}/turns/${turn.id}/stop`],
    ["DELETE", path],
    ["DELETE", `${path}/messages`],
  ] as const) {
    expect((await call(method, of, { credentials })).status).toBe(403);
  }
  expect((await history.getTurn(person.owner, conversation.id, turn.id)).turn.status).toBe("running");
  expect((await history.stopTurn(person.owner, conversation.id, turn.id)).status).toBe("stopped");
});

describe("not yours and not there", () => {
  it.each(naming.filter(({ id }) => ENTRIES[id]?.missing === undefined && id !== "restoreConversation"))(
    "$method $path costs the same statements",
    async (route) => {
      const entry = ENTRIES[route.id]!;
      const things = await makeThings(history, (await newUser()).owner);
      const { owner, credentials } = await newUser();
      const ask = async (of: Things): Promise<{ status: number; sent: readonly string[] }> => {
        const before = statements(owner).length;
        const response = await call(route.method, pathOf(route.path, entry, of), {
          credentials,
          body: entry.body?.(of),
        });
        await response.text();
        return { status: response.status, sent: statements(owner).slice(before) };
      };
      const notYours = await ask(things);
      const notThere = await ask(withoutConversation(things));
      expect([notYours.status, notThere.status]).toEqual([403, 404]);
      expect(notYours.sent).toEqual(notThere.sent);
    },
  );
});

describe("with existence hidden", async () => {
  const hidden = await startPeopleServer(database.url, { history: { hideExistence: true } });

  it.each(naming)(
    "$method $path answers the same to what is somebody else's and to what is not there",
    async (route) => {
      const entry = ENTRIES[route.id]!;
      const things = await makeThings(history, (await newUser()).owner);
      const { credentials } = await newUser();
      const ask = async (of: Things): Promise<unknown> => {
        const response = await hidden.call(route.method, pathOf(route.path, entry, of), {
          credentials,
          body: entry.body?.(of),
        });
        const text = await response.text();
        if (entry.missing !== undefined) return { status: response.status };
        const { instance: _, ...problem } = JSON.parse(text) as { instance: string };
        return { status: response.status, problem };
      };
      const notYours = await ask(things);
      expect(notYours).toEqual(await ask(withoutConversation(things)));
      expect(notYours).toMatchObject({ status: entry.missing ?? 404 });
    },
  );

  it("an id that somebody else uses is as free as any other", async () => {
    const person = await newUser();
    const things = await makeThings(history, person.owner);
    const before = await everythingOf(history, person.owner);
    const stranger = await newUser();
    const response = await hidden.call("POST", "/api/conversations", {
      credentials: stranger.credentials,
      body: { id: things.conversation },
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ id: things.conversation, title: null, message_count: 0 });
    expect(await everythingOf(history, person.owner)).toBe(before);
  });
});

it("of all this no secret, no handle and nobody's words stand in the log", () => {
  const text = logged();
  expect(text).toContain("/api/conversations/{conversation_id}");
  for (const secret of [/mark-[0-9a-f]/, /eyJ/, /ck_[\w-]{20}/, /sess_[\w-]{20}/, new RegExp(SECRET)]) {
    expect(text).not.toMatch(secret);
  }
  // Session ids are UUIDs v4, and so are ids of requests, which are ours to log.
  const ids = text
    .replaceAll(/"requestId":"[^"]+"/g, "")
    .match(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/g);
  expect(ids).toBeNull();
  expect(url).toMatch(/^http/);
});
