import { randomUUID } from "node:crypto";

import { createHistory, createPool } from "@chatkeep/core";
import { type ClientOptions, type History, type Owner, createClient } from "@chatkeep/protocol";
import { type Authenticate, createLog, createServer, listen } from "@chatkeep/server";
import { createScriptedResponder, fileDatabase } from "@chatkeep/testing";
import { type HistoryFixture, describeHistory } from "@chatkeep/testing/contract";

const database = await fileDatabase();

/** How owners of a kind are told apart over HTTP. */
interface Api {
  owner(): Owner;
  readonly client: Pick<ClientOptions, "credentials">;
  readonly server: { readonly authenticate?: Authenticate };
}

/** Anonymous sessions, as the server takes them by itself. */
const SESSIONS: Api = {
  owner: () => ({ kind: "session", id: randomUUID() }),
  client: {},
  server: {},
};

/** Users of a host that has a login of its own. */
const USERS: Api = {
  owner: () => ({ kind: "user", id: `ada ${randomUUID()}`, issuer: "https://issuer.example" }),
  client: {
    credentials: (owner) => ({
      authorization: `Test ${Buffer.from(JSON.stringify(owner)).toString("base64url")}`,
    }),
  },
  server: {
    authenticate: (request) => {
      const token = request.headers.get("authorization")?.slice("Test ".length) ?? "";
      return JSON.parse(Buffer.from(token, "base64url").toString()) as Owner;
    },
  },
};

/** The suite's nodes are servers on ports of their own; all share the database, as two machines do. */
function openFixture(api: Api): Promise<HistoryFixture> {
  const responder = createScriptedResponder();
  const openNode = async (url: string): Promise<History> => {
    const pool = createPool(url);
    const core = createHistory({ pool, responder: responder.responder });
    const log = createLog({ level: "fatal" });
    const server = createServer({
      history: core,
      health: () => core.health(),
      writableRoles: () => ["system", "user", "assistant", "tool"],
      log,
      ...api.server,
    });
    const listener = await listen({ server, port: 0, log });
    const client = createClient({ baseUrl: listener.url, ...api.client });
    const close = async (): Promise<void> => {
      await listener.close({ grace: 0 });
      await core.close();
      await pool.end();
    };
    return { ...client, close, [Symbol.asyncDispose]: close };
  };
  return openNode(database.url).then((history) => ({
    history,
    responder,
    owner: () => api.owner(),
    asRestarted: () => openNode(database.url),
    // Nothing listens on port 1.
    asUnreachable: () => openNode("postgres://nobody@127.0.0.1:1/nothing"),
    close: () => history.close(),
  }));
}

describeHistory("createClient, for sessions", () => openFixture(SESSIONS));
describeHistory("createClient, for users", () => openFixture(USERS));
