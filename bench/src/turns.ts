import { fileURLToPath } from "node:url";

import { type Chatkeep, type Postgres, startChatkeep, startPostgres } from "@chatkeep/testing";

import { type Child, startChild } from "./child.ts";
import { type Measure, median, percentile } from "./measure.ts";
import type { Load, LoadResult } from "./turns/load.ts";
import { type Watch, watchServer } from "./turns/watch.ts";

const MODEL = new URL("turns/model.ts", import.meta.url);
const LOAD = new URL("turns/load.ts", import.meta.url);
const RESPONDER = fileURLToPath(new URL("turns/responder.ts", import.meta.url));

/** Bytes of a token of `stamp`. */
const TOKEN = 6;

/** What a turn costs: in time added to the model's, in memory, in connections, in bytes written. */
export async function* measureTurns(): AsyncGenerator<Measure> {
  await using postgres = await startPostgres();
  await using load = startChild(LOAD);
  yield* measureWithModel(postgres, load);
  yield* measureManyStreams(postgres, load);
}

/** With the model in a process of its own, as it is in life. */
async function* measureWithModel(postgres: Postgres, load: Child): AsyncGenerator<Measure> {
  await using model = startChild(MODEL);
  const modelUrl = await model.next<string>();
  await using server = await startServer(postgres, {
    CHATKEEP_MODEL: "openai-compatible/fake",
    OPENAI_BASE_URL: modelUrl,
  });
  const fifty = { streams: 50, pace: { count: 20, perSecond: 20 }, answers: 4, ramp: 1000 };
  const through = { ...fifty, through: "turn", url: server.url } as const;
  const directly = { ...fifty, through: "model", url: modelUrl } as const;
  await runLoad(load, through);
  await runLoad(load, directly);
  const rounds: { ours: readonly number[]; models: readonly number[] }[] = [];
  for (let round = 0; round < 5; round += 1) {
    const ours = (await runLoad(load, through)).firstTokens;
    rounds.push({ ours, models: (await runLoad(load, directly)).firstTokens });
  }
  for (const [percent, most] of [
    [50, 4],
    [95, 15],
  ] as const) {
    const ofRounds = (side: "ours" | "models"): number =>
      median(rounds.map((round) => percentile(round[side], percent)));
    yield {
      name: `time to the first token added by us, 50 turns at once, p${percent}`,
      value: median(
        rounds.map(({ ours, models }) => percentile(ours, percent) - percentile(models, percent)),
      ),
      unit: "ms",
      limit: ofRounds("models"),
      target: { most },
    };
  }

  const delays: (readonly number[])[] = [];
  for (let round = 0; round < 3; round += 1) {
    const pace = { count: 120, perSecond: 20 };
    const seen = await runLoad(load, {
      through: "turn",
      url: server.url,
      streams: 100,
      pace,
      answers: 1,
      ramp: 1000,
    });
    delays.push(seen.delays);
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
  await using server = await startServer(postgres, { CHATKEEP_RESPONDER: RESPONDER });
  const thousand: Load = {
    through: "turn",
    url: server.url,
    streams: 1000,
    pace: { count: 400, perSecond: 20 },
    answers: 1,
    ramp: 5000,
  };
  await using watch: Watch = await watchServer(server.pid, postgres.url("postgres"));
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
  yield { name: "1,000 streams: database connections", value: connections, unit: "", target: { most: 10 } };
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

function startServer(postgres: Postgres, env: Record<string, string>): Promise<Chatkeep> {
  return startChatkeep({
    env: {
      DATABASE_URL: postgres.url("postgres"),
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
