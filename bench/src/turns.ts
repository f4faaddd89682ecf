import { fileURLToPath } from "node:url";

import { openConnection } from "@chatkeep/core";
import { type Chatkeep, type Postgres, startChatkeep, startPostgres } from "@chatkeep/testing";

import { type Child, startChild } from "./child.ts";
import { type Measure, median, percentile } from "./measure.ts";
import type { Load, LoadResult } from "./turns/load.ts";
import { type Watch, watchServer } from "./turns/watch.ts";

const MODEL = new URL("turns/model.ts", import.meta.url);
const LOAD = new URL("turns/load.ts", import.meta.url);
const BARE = new URL("turns/bare.ts", import.meta.url);
const OWN_RESPONDER = fileURLToPath(new URL("turns/model-responder.ts", import.meta.url));
const RESPONDER = fileURLToPath(new URL("turns/responder.ts", import.meta.url));

/** Bytes of a token of `stamp`. */
const TOKEN = 6;

/** What a turn costs: in time added to the model's, in memory, in connections, in bytes written. */
export async function* measureTurns(): AsyncGenerator<Measure> {
  await using postgres = await startPostgres();
  await using load = startChild(LOAD);
  // The SDK leaves much to collect, which is not to be seen in what others are measured at.
  await using sdkLoad = startChild(LOAD);
  yield* measureWithModel(postgres, load, sdkLoad);
  yield* measureManyStreams(postgres, load);
}

/** With the model in a process of its own, as it is in life. */
async function* measureWithModel(postgres: Postgres, load: Child, sdkLoad: Child): AsyncGenerator<Measure> {
  await using model = startChild(MODEL);
  const modelUrl = await model.next<string>();
  await using bare = startChild(BARE, [postgres.url("postgres"), modelUrl]);
  const bareUrl = await bare.next<string>();
  await using keyed = startChild(BARE, [postgres.url("postgres"), modelUrl, "keyed"]);
  const keyedUrl = await keyed.next<string>();
  // A database each: servers of one database tell each other of their turns.
  await using own = await startServer(await makeDatabase(postgres, "own"), {
    CHATKEEP_RESPONDER: OWN_RESPONDER,
    OPENAI_BASE_URL: modelUrl,
  });
  await using sdk = await startServer(await makeDatabase(postgres, "sdk"), {
    CHATKEEP_MODEL: "openai-compatible/fake",
    OPENAI_BASE_URL: modelUrl,
  });
  const fifty = { streams: 50, pace: { count: 20, perSecond: 20 }, answers: 4, ramp: 1000 };
  const sides = {
    directly: { ...fifty, through: "model", url: modelUrl },
    sdkDirectly: { ...fifty, through: "sdk", url: modelUrl },
    bare: { ...fifty, through: "bare", url: bareUrl },
    keyed: { ...fifty, through: "bare", url: keyedUrl },
    own: { ...fifty, through: "turn", url: own.url },
    sdk: { ...fifty, through: "turn", url: sdk.url },
  } as const;
  type Side = keyof typeof sides;
  const names = Object.keys(sides) as Side[];
  const run = (side: Side): Promise<LoadResult> =>
    runLoad(side === "sdkDirectly" ? sdkLoad : load, sides[side]);
  // Until what runs often is compiled.
  for (let round = 0; round < 3; round += 1) for (const side of names) await run(side);
  const rounds: Record<Side, readonly number[]>[] = [];
  for (let round = 0; round < 7; round += 1) {
    const times = {} as Record<Side, readonly number[]>;
    // Each begins a round in turn.
    for (const [place] of names.entries()) {
      const side = names[(place + round) % names.length]!;
      times[side] = (await run(side)).firstTokens;
    }
    rounds.push(times);
  }
  /** What a side adds to the time of another, in the median round. */
  const added = (side: Side, to: Side, percent: number): number =>
    median(rounds.map((times) => percentile(times[side], percent) - percentile(times[to], percent)));
  for (const percent of [50, 95]) {
    const ours = added("own", "directly", percent);
    const bareAdds = added("bare", "directly", percent);
    const held = (value: number): Pick<Measure, "value" | "unit" | "limit" | "ratio" | "target"> => ({
      value,
      unit: "ms",
      limit: bareAdds,
      ratio: value / bareAdds,
      target: { most: 2 },
    });
    yield {
      name: `time to the first token added by us, 50 turns at once, against a bare server's, p${percent}`,
      ...held(ours),
    };
    const keyedAdds = added("keyed", "directly", percent);
    yield {
      name: `the same, against a server that commits a question, a turn and events with keys, p${percent}`,
      value: ours,
      unit: "ms",
      limit: keyedAdds,
      ratio: ours / keyedAdds,
    };
    yield {
      name: `the same with the AI SDK, to the model asked by it without us, p${percent}`,
      ...held(added("sdk", "sdkDirectly", percent)),
    };
    yield {
      name: `the same with the AI SDK, to the model asked by a bare call, p${percent}`,
      value: added("sdk", "directly", percent),
      unit: "ms",
    };
  }

  const delays: (readonly number[])[] = [];
  for (let round = 0; round < 3; round += 1) {
    const pace = { count: 120, perSecond: 20 };
    const hundred: Load = {
      through: "turn",
      url: sdk.url,
      streams: 100,
      pace,
      answers: 1,
      ramp: 1000,
    };
    delays.push((await runLoad(load, hundred)).delays);
  }
  for (const percent of [50, 95]) {
    yield {
      name: `from the model's token to a committed, delivered one, 100 streams, p${percent}`,
      value: median(delays.map((round) => percentile(round, percent))),
      unit: "ms",
      ...(percent === 50 ? { target: { most: 5 } } : {}),
    };
  }
}

/** With the answers made in the server's process: what one node carries. */
async function* measureManyStreams(postgres: Postgres, load: Child): AsyncGenerator<Measure> {
  const database = postgres.url("postgres");
  await using server = await startServer(database, { CHATKEEP_RESPONDER: RESPONDER });
  const thousand: Load = {
    through: "turn",
    url: server.url,
    streams: 1000,
    pace: { count: 400, perSecond: 20, together: 1000 },
    answers: 1,
    ramp: 5000,
  };
  await using watch: Watch = await watchServer(server.pid, database);
  const { delays, tokens, errors } = await runLoad(load, thousand, "with errors");
  const { residentMegabytes, connections, walBytes, cpuSeconds } = await watch.end();
  for (const error of new Set(errors)) console.error(`error: ${error}`);
  yield { name: "1,000 streams of 20 tokens/s: errors", value: errors.length, unit: "", target: { most: 0 } };
  for (const percent of [50, 95]) {
    yield {
      name: `1,000 streams: from the token to a committed, delivered one, p${percent}`,
      value: percentile(delays, percent),
      unit: "ms",
      ...(percent === 95 ? { target: { most: 250 } } : {}),
    };
  }
  yield {
    name: "1,000 streams: resident memory of the server",
    value: residentMegabytes,
    unit: "MB",
    target: { most: 350 },
  };
  // Ten of the pool, and the probe's own.
  yield { name: "1,000 streams: database connections", value: connections, unit: "", target: { most: 11 } };
  yield {
    name: "1,000 streams: bytes of WAL per byte of answer",
    value: walBytes / (tokens * TOKEN),
    unit: "",
  };
  yield {
    name: "1,000 streams: processor time of the server per token",
    value: (cpuSeconds * 1e6) / tokens,
    unit: "µs",
  };
}

/** A new, empty database; its URL. */
async function makeDatabase(postgres: Postgres, name: string): Promise<string> {
  const connection = await openConnection(postgres.url("postgres"));
  await connection.query(`create database ${name}`);
  await connection.end();
  return postgres.url(name);
}

function startServer(database: string, env: Record<string, string>): Promise<Chatkeep> {
  return startChatkeep({
    env: {
      DATABASE_URL: database,
      CHATKEEP_GRACE: "0",
      CHATKEEP_LIMIT_REQUESTS: "0",
      CHATKEEP_LIMIT_REQUESTS_ADDRESS: "0",
      CHATKEEP_LIMIT_TURNS: "0",
      CHATKEEP_LIMIT_TURNS_ADDRESS: "0",
      ...env,
    },
  });
}

async function runLoad(
  load: Child,
  task: Load,
  errors: "none" | "with errors" = "none",
): Promise<LoadResult> {
  load.send(task);
  const result = await load.next<LoadResult>();
  if (errors === "none" && result.errors.length > 0) {
    throw new Error(`${result.errors.length} errors under load, the first: ${result.errors[0]}`);
  }
  return result;
}
