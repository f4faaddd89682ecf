import { randomUUID } from "node:crypto";
import { type Profiler, Session } from "node:inspector/promises";
import { fileURLToPath } from "node:url";

import { createLog } from "@chatkeep/server";
import { temporaryHome } from "@chatkeep/testing";
import { readEnvironment, serve } from "chatkeep/serve";
import pg from "pg";

import type { Measure } from "./measure.ts";

/** What one request made run. */
interface Touched {
  /** Our source files in which a function ran. */
  readonly files: ReadonlySet<string>;
  /** The statements' names, in order; a statement without a name by its text. */
  readonly statements: readonly string[];
}

/** Requests of each kind; what did not happen in all of them was the work of a timer. */
const REQUESTS = 5;
const SOURCE = /\/packages\/\w+\/src\//;
const RESPONDER = fileURLToPath(new URL("turns/plain-responder.ts", import.meta.url));

/**
 * How much of the code and of the database one HTTP request needs: the files of ours in which V8 saw a function run,
 * and the statements sent. The server runs as `chatkeep serve` does, behind a proxy, with limits on. `list` names the files.
 */
export async function* measureTouched(list = false): AsyncGenerator<Measure> {
  await using home = temporaryHome();
  const environment = readEnvironment({
    PORT: "0",
    CHATKEEP_HOME: home.path,
    CHATKEEP_RESPONDER: RESPONDER,
    CHATKEEP_TRUST_PROXY: "1",
  });
  const serving = await serve(environment, createLog({ level: "fatal" }));
  const watch = await createWatch();
  try {
    const headers = {
      accept: "text/event-stream",
      "content-type": "application/json",
      "x-forwarded-for": "192.0.2.1",
      "x-session-id": randomUUID(),
    };
    const send = async (path: string, body?: object): Promise<string> => {
      const response = await fetch(`${serving.url}/api/conversations${path}`, {
        headers,
        ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
      return text;
    };
    const { id } = JSON.parse(await send("", {})) as { id: string };
    const ask = (): Promise<string> => send(`/${id}/turns`, { content: "What is a turn?" });
    for (const [name, request, most] of [
      ["a page read", () => send(`/${id}/messages`), { files: 15, statements: 1 }],
      ["a streamed question", ask, { files: 40, statements: 4 }],
    ] as const) {
      await ask();
      await request();
      const { files, statements } = await watch(request);
      yield { name: `${name}: files`, value: files.size, unit: "files", target: { most: most.files } };
      yield {
        name: `${name}: statements (${statements.join(", ")})`,
        value: statements.length,
        unit: "statements",
        target: { most: most.statements },
      };
      if (list) for (const file of [...files].toSorted()) yield { name: `  ${file}`, value: 1, unit: "file" };
    }
  } finally {
    await serving.close(0);
  }
}

/** Watches what a request makes run: the least of several. */
async function createWatch(): Promise<(request: () => Promise<unknown>) => Promise<Touched>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  const sent: string[] = [];
  const { prototype } = pg.Client;
  const query = prototype.query as (...given: unknown[]) => unknown;
  prototype.query = function watched(this: unknown, ...given: unknown[]): unknown {
    const [config] = given as [string | { name?: string; text: string }];
    sent.push(typeof config === "string" ? config : (config.name ?? config.text));
    return query.apply(this, given);
  } as typeof prototype.query;

  const once = async (request: () => Promise<unknown>): Promise<Touched> => {
    await session.post("Profiler.takePreciseCoverage");
    sent.length = 0;
    await request();
    const { result } = await session.post("Profiler.takePreciseCoverage");
    return { files: filesOf(result), statements: [...sent] };
  };
  return async (request) => {
    const seen: Touched[] = [];
    for (let count = 0; count < REQUESTS; count += 1) seen.push(await once(request));
    return {
      files: seen.map(({ files }) => files).reduce((all, files) => all.intersection(files)),
      statements: seen.map(({ statements }) => statements).toSorted((a, b) => a.length - b.length)[0]!,
    };
  };
}

function filesOf(scripts: readonly Profiler.ScriptCoverage[]): Set<string> {
  return new Set(
    scripts
      .filter(({ url }) => SOURCE.test(url))
      .filter(({ functions }) => functions.some(({ ranges }) => ranges.some(({ count }) => count > 0)))
      .map(({ url }) => url.slice(url.indexOf("/packages/") + "/packages/".length)),
  );
}
