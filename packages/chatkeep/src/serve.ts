import { fileURLToPath } from "node:url";

import {
  checkDurability,
  createHistory,
  createLimitStore,
  createPool,
  migrate,
  readAddress,
  requireIsolation,
} from "@chatkeep/core";
import { seedApis } from "@chatkeep/seeds";
import {
  type Log,
  type VerifyToken,
  authenticatePeople,
  createRecentErrors,
  createRequestLimits,
  createServer,
  createTokenCheck,
  listen,
} from "@chatkeep/server";

import { explainDatabaseError } from "./database-fault.ts";
import { openDatabase } from "./database.ts";
import { openDocs } from "./docs.ts";
import { loadEmbedding } from "./embedding.ts";
import type { Environment } from "./environment.ts";
import { createIndexing } from "./indexing.ts";
import { startJanitor } from "./janitor.ts";
import { explainListenError } from "./listen-fault.ts";
import { loadObjects } from "./objects.ts";
import { createPages } from "./pages.ts";
import { loadResponder } from "./responder.ts";
import { createSignIn, noSignIn } from "./sign-in/sign-in.ts";
import { openTables } from "./tables.ts";
import { widget } from "./widget.ts";

export { type Environment, readEnvironment } from "./environment.ts";
export { StartError } from "./start-error.ts";

/** The command while it serves. */
export interface Serving {
  /** Where it is reached from this machine. */
  readonly url: string;
  readonly database: "embedded" | "external";
  /** Stops accepting, gives running turns `grace` milliseconds, settles the rest and ends all that was opened. */
  close(grace: number): Promise<void>;
}

const NO_VECTORS =
  'CHATKEEP_EMBEDDING_MODEL is set, but PostgreSQL lacks pgvector 0.7 or newer, or this role may not create it: words alone find. Install it, run "create extension vector" as a superuser, and start again.';

/** The page as Vite builds it: beside the sources and beside the built command alike. */
const PAGE_FOLDER = fileURLToPath(new URL("../dist/app", import.meta.url));

/**
 * Opens all that serving needs, in the order in which it is needed; what was opened is closed again when
 * a later step fails. Throws a `StartError` with the sentence for the person who started us.
 */
export async function serve(environment: Environment, log: Log): Promise<Serving> {
  const { schema, port, host, identity, limits } = environment;
  for (const notice of environment.notices) log.warn({}, notice);
  const closers: (() => unknown)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const opening = openDatabase(environment, log);
    // Also when the responder cannot be loaded meanwhile.
    closers.push(() =>
      opening.then(
        (database) => database.close(),
        () => undefined,
      ),
    );
    const [database, given] = await Promise.all([opening, loadResponder(environment)]);
    const pool = createPool(database.url, {
      onError: (error) => log.warn({ err: error }, "a database connection was lost"),
    });
    closers.push(() => pool.end());
    // Its own connection: a full pool is told from an outage.
    const probe = createPool(database.url, { max: 1 });
    closers.push(() => probe.end());
    const embedding = await loadEmbedding(environment);
    const objects = await loadObjects(environment);
    if (objects !== undefined) closers.push(() => objects.close());
    const { databaseTimeout } = readAddress(database.url);
    const docs = openDocs({ pool, databaseTimeout, schema, folder: environment.docs, embedding, log });
    closers.push(() => docs.close());
    const responder = given?.of(docs.docs) ?? docs.responder;
    const errors = createRecentErrors();
    const history = createHistory({
      pool,
      probe,
      ...(databaseTimeout === undefined ? {} : { databaseTimeout }),
      schema,
      responder,
      ...given?.tasks,
      ...environment.turns,
      ...(embedding === undefined ? {} : { embedding }),
      ...(objects === undefined ? {} : { objects }),
      hideExistence: identity.hideExistence,
      budgets: limits.budgets,
      limits: {
        userText: limits.question,
        messageBytes: limits.message,
        metadataBytes: limits.metadata,
        conversations: limits.conversations,
        temporary: limits.temporary,
        fileBytes: limits.file,
        ownerFileBytes: limits.files,
      },
      onError(error, turnId) {
        errors.record(error, { turnId });
        log.error({ err: error, turnId }, "a turn or the database met an error");
      },
    });
    closers.push(() => history.close());
    const indexing = createIndexing({ history, log });
    closers.push(() => indexing.close());
    const tables = await openTables({
      migrate: async () => {
        const migrated = await migrate(pool, {
          schema,
          ...(embedding === undefined ? {} : { vectors: true }),
        });
        if (migrated.vectors === false) log.warn({}, NO_VECTORS);
        for (const warning of await requireIsolation(pool, { schema })) log.warn({}, warning);
        for (const warning of (await checkDurability(pool)).warnings) log.warn({}, warning);
        return migrated;
      },
      explain: (error) => explainDatabaseError(error, database.url),
      onReady: async () => {
        // What a server left that ended just now.
        history.continueTurns().catch((error: unknown) => log.warn({ err: error }, "no turn was continued"));
        await docs.ingest();
        indexing.begin();
      },
      log,
    });
    closers.push(() => tables.close());

    const janitor = startJanitor({ history, times: limits, log });
    closers.push(() => janitor.close());
    const store = createLimitStore({ pool, schema });
    closers.push(() => store.close());

    let ending = false;
    const { oidc, userIssuer } = identity;
    const signIn = oidc === undefined ? noSignIn : createSignIn({ ...oidc, log });
    const authenticate = signIn.authenticate(authenticatePeople(tokenCheckOf(identity)));
    const pages = createPages({ folder: PAGE_FOLDER, widget });
    const server = createServer({
      history,
      health: () => history.health(),
      ready: () => tables.ready() && !ending,
      // Where the database came late, a request need not wait for the next attempt.
      authenticate: tables.ready()
        ? authenticate
        : async (request) => {
            await tables.ensure();
            return authenticate(request);
          },
      apis: [seedApis({ responder })],
      serverKeys: identity.serverKeys,
      ...(userIssuer === undefined ? {} : { issuer: userIssuer }),
      limits: createRequestLimits({
        store,
        rates: limits.rates,
        onError: (error) => log.debug({ err: error }, "limits are counted by this node alone"),
      }),
      storage: limits.storage,
      trustedProxies: limits.trustedProxies,
      origins: identity.origins,
      bodyLimit: limits.body,
      docs,
      connections: () => ({
        open: pool.totalCount,
        idle: pool.idleCount,
        waiting: pool.waitingCount,
        most: pool.options.max,
      }),
      errors,
      fallback: async (request) => (await signIn.fetch(request)) ?? pages(request),
      log,
    });
    const listener = await listen({ server, port, host, log }).catch((error: unknown) => {
      throw explainListenError(error, environment);
    });
    closers.push(() => listener.close({ grace: 1_000 }));

    return {
      url: listener.url,
      database: database.kind,
      close: async (grace) => {
        ending = true;
        listener.stop();
        await history.close({ grace });
        await closeAll();
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function tokenCheckOf({ tokenKey, issuer, audience }: Environment["identity"]): VerifyToken | undefined {
  return tokenKey === undefined ? undefined : createTokenCheck({ key: tokenKey, issuer, audience });
}
