import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import type { Owner } from "@chatkeep/protocol";
import { createDatabase, startModel, startPostgres } from "@chatkeep/testing";
import { SignJWT } from "jose";
import { Pool } from "pg";

import { runClient } from "./client.ts";
import { runFaults } from "./faults.ts";
import { judge } from "./judge.ts";
import { type Node, createNode } from "./node.ts";
import { createRandom } from "./random.ts";
import { count, createRecords } from "./record.ts";
import { watchLeases } from "./watch.ts";

/** What {@link runChaos} takes. */
export interface ChaosOptions {
  /** How many faults (default 200). */
  readonly kills?: number;
  /** The choices of the run (default: drawn, and told in the result). */
  readonly seed?: number;
  /** Seconds of a lease (default 10). */
  readonly lease?: number;
  /** People, half of them signed in (default 8). */
  readonly people?: number;
  /** Minutes after which no more faults come (default 15). */
  readonly minutes?: number;
  /** Told what happens, a line each. Default: nobody. */
  readonly tell?: (line: string) => void;
}

/** What a run came to. */
export interface ChaosResult {
  readonly seed: number;
  /** What must not be; none in a good run. */
  readonly violations: readonly string[];
  /** How often what was done. */
  readonly counts: ReadonlyMap<string, number>;
  /** The longest that a turn stood without a living node while somebody could have settled it, in milliseconds. */
  readonly longestOrphan: number;
}

const JWT_SECRET = "chaos is a ladder that nobody climbs";

/**
 * Two real servers on one real database, with a model server and people who talk to both; kills, pauses and
 * restarts of servers and database at random moments; then a judgement from the people's own records.
 */
export async function runChaos(options: ChaosOptions = {}): Promise<ChaosResult> {
  const { kills = 200, lease = 10, people = 8, minutes = 15, tell = () => undefined } = options;
  const seed = options.seed ?? Math.floor(Math.random() * 1_000_000_000);
  const random = createRandom(seed);
  const records = createRecords();
  tell(`seed ${seed}, ${kills} faults, lease ${lease} s`);

  await using postgres = await startPostgres();
  const database = await createDatabase({ server: postgres.url("postgres") });
  await database.pool.end();
  const admin = new Pool({ connectionString: database.url, max: 2, connectionTimeoutMillis: 1000 });
  admin.on("error", () => undefined);

  const modelCalls = new Map<string, number>();
  await using model = await startModel({
    reply({ body }) {
      const question = JSON.stringify(body.messages.at(-1)?.content ?? "");
      const [, words = "20", id = ""] = /Say (\d+) words to ([^ ]+)\./.exec(question) ?? [];
      modelCalls.set(id, (modelCalls.get(id) ?? 0) + 1);
      const steps = Array.from({ length: Number(words) }, (_, index) => `${index} `);
      return { steps, tokensPerSecond: 20 };
    },
  });
  const env = {
    DATABASE_URL: database.url,
    CHATKEEP_MODEL: "openai-compatible/fake",
    OPENAI_BASE_URL: model.url,
    CHATKEEP_LEASE: String(lease),
    CHATKEEP_GRACE: "2",
    CHATKEEP_JWT_SECRET: JWT_SECRET,
    CHATKEEP_LIMIT_REQUESTS: "0",
    CHATKEEP_LIMIT_REQUESTS_ADDRESS: "0",
    CHATKEEP_LIMIT_TURNS: "0",
    CHATKEEP_LIMIT_TURNS_ADDRESS: "0",
  };
  const nodes: Node[] = [await createNode("a", env), await createNode("b", env)];
  for (const node of nodes) node.start();

  const faultsOver = new AbortController();
  const late = setTimeout(() => faultsOver.abort(), minutes * 60_000);
  const watch = watchLeases({
    admin,
    lease: lease * 1000,
    isServed: () => nodes.some((node) => node.isServing()),
    onViolation: (sentence) => records.violations.push(sentence),
  });
  try {
    const talking = Array.from({ length: people }, async (_, index) => {
      const { owner, credentials } = await person(index);
      await runClient({
        owner,
        credentials,
        nodes,
        records,
        random: random.fork(),
        signal: faultsOver.signal,
      });
    });
    let faults = 0;
    await runFaults({
      nodes,
      postgres,
      admin,
      random: random.fork(),
      kills,
      lease: lease * 1000,
      onFault(name) {
        count(records, name);
        tell(`${(faults += 1)}/${kills} ${name}`);
      },
      signal: faultsOver.signal,
    });
    faultsOver.abort();
    for (const node of nodes) if (!node.isUp()) node.start();
    tell("faults are over; the people finish what they began");
    await Promise.all(talking);
    await settled(admin, lease * 1000);
    await watch.end();
    const violations = await judge(records, admin, modelCalls);
    if (violations.length > 0) for (const node of nodes) tell(`node ${node.name} wrote:\n${node.output()}`);
    return { seed, violations, counts: records.counts, longestOrphan: watch.longest() };
  } finally {
    clearTimeout(late);
    await watch.end();
    await Promise.all(nodes.map((node) => node.kill()));
    await admin.end();
  }
}

/** Resolves when no turn runs, or after two leases: what is left then is a violation. */
async function settled(admin: Pool, lease: number): Promise<void> {
  for (const until = performance.now() + 2 * lease; performance.now() < until;) {
    const { rows } = await admin.query("select from chatkeep.turns where status = 'running' limit 1");
    if (rows.length === 0) return;
    await pause(250);
  }
}

/** A person: signed in, or with a session of their own. */
async function person(index: number): Promise<{ owner: Owner; credentials: Record<string, string> }> {
  const id = randomUUID();
  if (index % 2 === 1) return { owner: { kind: "session", id }, credentials: { "x-session-id": id } };
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(id)
    .setExpirationTime("2h")
    .sign(new TextEncoder().encode(JWT_SECRET));
  return { owner: { kind: "user", id }, credentials: { authorization: `Bearer ${token}` } };
}
