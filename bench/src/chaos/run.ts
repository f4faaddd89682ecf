import { createHmac, randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import type { Owner } from "@chatkeep/protocol";

import { startChild } from "../child.ts";
import { type DisturbedDatabase, startDatabase } from "./database.ts";
import { createDice } from "./dice.ts";
import { createGuest } from "./guest.ts";
import { type Credentials, createBareLine, createClientLine, readAll } from "./line.ts";
import { type ServerNode, createNode } from "./node.ts";
import { type Person, createPerson } from "./person.ts";
import { type Disturbance, killsOf, makePlan } from "./plan.ts";
import { type Evidence, type Listing, type Violation, prove } from "./proof.ts";
import { type Record, createRecord } from "./record.ts";
import { type Settling, measureSettling } from "./settling.ts";
import { type Stored, countRunning, readStored } from "./stored.ts";
import { type Timeline, createTimeline } from "./timeline.ts";
import { isPassing } from "./tries.ts";

export interface ChaosOptions {
  /** All choices come from it: the same seed chooses the same. When they take effect is the machine's affair. */
  readonly seed: string;
  /** Processes to kill. */
  readonly kills: number;
  /** Milliseconds of a lease. */
  readonly lease: number;
  readonly people: number;
  /** Milliseconds after which no more are killed. */
  readonly limit: number;
  /** A checkout of another release, whose servers run beside this one's. */
  readonly beside?: string | undefined;
  /** Told what happens. */
  readonly onLine?: (text: string) => void;
}

/** What came of a run. */
export interface ChaosResult {
  readonly violations: readonly Violation[];
  readonly settling: Settling;
  readonly kills: number;
  readonly timeline: Timeline;
  readonly stored: Stored;
  readonly records: readonly Record[];
  readonly nodeLogs: readonly string[];
  /** How many functions were ended by their platform, with all they ran. */
  readonly strikes: number;
}

/** The last one is a function, the others are servers. */
export const NODES = 3;
/** They come and go beside the people, and leave nothing: every visit is of another session and user. */
const GUESTS = 3;
const MODEL = new URL("model.ts", import.meta.url);
const RESPONDER = fileURLToPath(new URL("responder.ts", import.meta.url));

/**
 * Two servers on one database, people who use both, and somebody who kills, pauses and stops them all; then the
 * proof that every promise was kept. Users are signed in and have their questions refused in an outage
 * (policy `required`), sessions are answered unsaved (`best-effort`).
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const dice = createDice(options.seed);
  const timeline = createTimeline();
  const note = (text: string): void => {
    timeline.note(text);
    options.onLine?.(timeline.lines.at(-1)!);
  };
  const crashes: Violation[] = [];
  await using database = await startDatabase(timeline);
  await using model = startChild(MODEL);
  const secret = randomBytes(32).toString("base64url");
  const { url, ledger: ledgerUrl } = await model.next<{ url: string; ledger: string }>();
  const env = {
    DATABASE_URL: database.url,
    CHATKEEP_RESPONDER: RESPONDER,
    CHAOS_MODEL_URL: url,
    CHAOS_LEDGER_URL: ledgerUrl,
    CHATKEEP_JWT_SECRET: secret,
    CHATKEEP_LIMIT_REQUESTS: "0",
    CHATKEEP_LIMIT_REQUESTS_ADDRESS: "0",
    CHATKEEP_LIMIT_TURNS: "0",
    CHATKEEP_LIMIT_TURNS_ADDRESS: "0",
    CHATKEEP_LIMIT_BYTES: "0",
    CHATKEEP_LIMIT_BYTES_ADDRESS: "0",
    CHATKEEP_GRACE: "1",
    CHATKEEP_LEASE: String(options.lease / 1000),
  };
  const onCrash = (what: string): void => {
    note("a node ended by itself");
    crashes.push({ what, record: undefined, about: "" });
  };
  let strikes = 0;
  const onStrike = (): void => {
    strikes += 1;
    note("a function ran out of time");
  };
  const nodes = await Promise.all(
    Array.from({ length: NODES }, (_, index) =>
      createNode({
        index,
        env,
        timeline,
        beside: options.beside,
        onCrash,
        ...(index === NODES - 1 ? { onStrike } : {}),
      }),
    ),
  );
  try {
    for (const node of nodes) node.start();
    await Promise.all(nodes.map((node) => node.ready()));
    note(`seed ${options.seed}: ${NODES} nodes serve`);

    const records = Array.from({ length: options.people }, (_, index) =>
      createRecord(`person ${index}`, ownerOf(index, dice)),
    );
    const people = records.map((record, index) => {
      const createLine = index % 4 < 2 ? createClientLine : createBareLine;
      const lines = nodes.map(({ url }) => createLine(url, credentialsOf(secret)));
      return createPerson({ record, dice: dice.fork(record.name), lines });
    });
    const guests = Array.from({ length: GUESTS }, (_, index) => {
      const record = createRecord(`guest ${index}`, { kind: "user", id: `guest-${index}` });
      const urls = nodes.map(({ url }) => url);
      return createGuest({ record, dice: dice.fork(record.name), urls, credentials: credentialsOf(secret) });
    });
    const over = new AbortController();
    const acting = Promise.all([...people, ...guests].map((one) => one.act(over.signal)));
    const plan = makePlan(dice.fork("plan"), { kills: options.kills, nodes: NODES, lease: options.lease });
    const asking = (): string[] => records.flatMap((record) => record.asking);
    const kills = await disturb({ plan, nodes, database, asking, limit: options.limit, note });

    note("all is healed; people finish what they began");
    over.abort();
    await acting;
    await allSettled(database.url);
    const listings = (await Promise.all(people.map((person) => list(person)))).flat();
    const stored = await readStored(database.url);
    model.send({});
    const { asked, ledger } = await model.next<Pick<Evidence, "asked" | "ledger">>();
    note("reading and comparing");
    return {
      violations: [
        ...crashes,
        ...prove({
          records: [...records, ...guests.map(({ record }) => record)],
          stored,
          listings,
          asked,
          ledger,
        }),
      ],
      settling: measureSettling({ stored, records, timeline, lease: options.lease }),
      kills,
      timeline,
      stored,
      records,
      nodeLogs: nodes.map((node) => node.log()),
      strikes,
    };
  } finally {
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
  }
}

interface DisturbOptions {
  readonly plan: readonly Disturbance[];
  readonly nodes: readonly ServerNode[];
  readonly database: DisturbedDatabase;
  /** The questions whose answers are being read. */
  readonly asking: () => readonly string[];
  readonly limit: number;
  readonly note: (text: string) => void;
}

/** Carries a plan out, and heals all at its end. Returns how many processes were killed. */
async function disturb({ plan, nodes, database, asking, limit, note }: DisturbOptions): Promise<number> {
  const deadline = Date.now() + limit;
  const healing = new Set<Promise<unknown>>();
  const later = (work: Promise<unknown>): void => {
    healing.add(work);
    void work.finally(() => healing.delete(work));
  };
  const asleep = new Map<ServerNode, Promise<void>>();
  let kills = 0;
  for (const disturbance of plan) {
    if (Date.now() > deadline) break;
    await pause(disturbance.wait);
    const { kind, duration } = disturbance;
    if (kind === "deploy") {
      note(kind);
      for (const node of nodes) {
        await asleep.get(node);
        await node.deploy();
        await node.ready();
      }
    } else if ("node" in disturbance || kind === "kill all nodes") {
      const targets = "node" in disturbance ? [nodes[disturbance.node]!] : nodes;
      // So that every choice takes effect: one that is dead is waited for, and one that sleeps sleeps on.
      for (const node of targets) {
        await asleep.get(node);
        if (kind === "sleep") await node.ready();
        while (!node.lives()) await pause(50);
      }
      note(`${kind}${"node" in disturbance ? ` node ${disturbance.node}` : ""} for ${duration} ms`);
      for (const node of targets) {
        if (kind === "pause" || kind === "sleep") {
          const resume = node.pause();
          const woken = pause(duration).then(resume);
          if (kind === "sleep") asleep.set(node, woken);
          later(woken);
        } else {
          later(restart(node, kind === "terminate" ? "SIGTERM" : "SIGKILL", duration));
        }
      }
    } else {
      while (!database.isWell()) await pause(50);
      note(`${kind} for ${duration} ms`);
      if (kind === "kill backend" || kind === "cut connections") await database.lose(kind);
      else if (kind === "rotate events") await database.rotateEvents(asking());
      else if (kind === "fail over") later(database.failOver());
      else if (kind === "freeze database") later(database.freeze(duration));
      else later(database.interrupt(kind === "crash database" ? "crash" : "stop", duration));
    }
    kills += killsOf(disturbance, nodes.length);
  }
  while (healing.size > 0) await Promise.all(healing);
  await Promise.all(nodes.map((node) => node.ready()));
  return kills;
}

async function restart(node: ServerNode, signal: "SIGKILL" | "SIGTERM", after: number): Promise<void> {
  await node.end(signal);
  await pause(after);
  node.start();
}

/** Milliseconds after which a turn that still runs is left to the proof: no machine is so slow. */
const SETTLED = 120_000;

/** Waits until no turn runs. */
async function allSettled(url: string): Promise<void> {
  const deadline = Date.now() + SETTLED;
  while (Date.now() < deadline && (await countRunning(url)) > 0) await pause(200);
}

/** All conversations of a person, as every node lists them. One that cannot be listed is a fault, and the rest is compared. */
async function list({ record, lines }: Person): Promise<Listing[]> {
  const listings: Listing[] = [];
  for (const conversationId of record.conversations)
    for (const [node, line] of lines.entries()) {
      try {
        const messages = await whenServed(() =>
          readAll(line, record.owner, conversationId, { branches: "all" }),
        );
        listings.push({ node, conversationId, messages });
      } catch (error) {
        record.faults.push(`list ${conversationId} at node ${node} at the end: ${String(error)}`);
      }
    }
  return listings;
}

/** A node may be busy, or a function just end. One that has not answered after so long is left to the proof. */
async function whenServed<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + SETTLED;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error) || Date.now() > deadline) throw error;
      await pause(200);
    }
  }
}

/** Every other one is signed in. */
function ownerOf(index: number, dice: ReturnType<typeof createDice>): Owner {
  return index % 2 === 0
    ? { kind: "user", id: `person-${index}` }
    : { kind: "session", id: dice.fork(`session ${index}`).uuid() };
}

/** A session's id, or a token as the login of a host makes it. */
function credentialsOf(secret: string): Credentials {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return (owner) => {
    if (owner.kind === "session") return { "x-session-id": owner.id };
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ sub: owner.id, exp })}`;
    const signature = createHmac("sha256", secret).update(signed).digest("base64url");
    return { authorization: `Bearer ${signed}.${signature}` };
  };
}
