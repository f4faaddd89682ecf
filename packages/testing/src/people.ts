import { randomUUID } from "node:crypto";

import type { Owner } from "@chatkeep/protocol";
import {
  type Authenticate,
  authenticatePeople,
  createTokenCheck,
  makeServerKey,
  mintToken,
  readServerKeys,
} from "@chatkeep/server";

import { type TestServer, type TestServerOptions, startServer } from "./server.ts";

const SECRET = "a secret of at least thirty-two bytes";
export const { key: SERVER_KEY } = makeServerKey();

/** Tells users by token, and sessions. */
export const authenticate: Authenticate = authenticatePeople(createTokenCheck({ key: { secret: SECRET } }));

/** A server that knows users by token, back ends by key, and sessions. */
export async function startApiServer(options: TestServerOptions = {}): Promise<TestServer> {
  return startServer({
    authenticate,
    serverKeys: readServerKeys(`tests:${SERVER_KEY}`),
    ...options,
  });
}

/** Somebody signed in who was never there before. */
export interface Person {
  readonly id: string;
  readonly owner: Owner;
  /** The headers of the person's own requests. */
  readonly headers: Record<string, string>;
  /** The headers of a back end that acts for the person. */
  readonly asServer: Record<string, string>;
}

/** Somebody signed in, by default who was never there before. */
export async function newPerson(id = `ada-${randomUUID()}`): Promise<Person> {
  return {
    id,
    owner: { kind: "user", id },
    headers: { authorization: `Bearer ${await mintToken({ secret: SECRET, user: id })}` },
    asServer: { authorization: `Bearer ${SERVER_KEY}`, "x-chatkeep-user": id },
  };
}

/** The frames of server-sent events as `[event, data]`. */
export function framesOf(text: string): [string, unknown][] {
  return text
    .split("\n\n")
    .filter((frame) => frame !== "" && !frame.startsWith(":"))
    .map((frame) => {
      const lines = Object.fromEntries(
        frame.split("\n").map((line) => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 2)];
        }),
      ) as Record<string, string>;
      return [lines["event"] ?? "message", JSON.parse(lines["data"] ?? "null") as unknown];
    });
}
