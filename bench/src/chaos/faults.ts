import { setTimeout as pause } from "node:timers/promises";

import type { Postgres } from "@chatkeep/testing";
import type { Pool } from "pg";

import type { Node } from "./node.ts";
import type { Random } from "./random.ts";

/** What {@link runFaults} takes. */
export interface FaultOptions {
  readonly nodes: readonly Node[];
  readonly postgres: Postgres;
  /** To the database as superuser, for killing connections. */
  readonly admin: Pool;
  readonly random: Random;
  /** How many faults. */
  readonly kills: number;
  /** Milliseconds of a lease: pauses are shorter and longer than it. */
  readonly lease: number;
  /** Told of each fault as it begins. */
  readonly onFault: (name: string) => void;
  readonly signal: AbortSignal;
}

/** Kills, pauses and restarts nodes and the database, one fault after another at random moments. */
export async function runFaults(options: FaultOptions): Promise<void> {
  const { nodes, postgres, admin, random, lease } = options;
  const paused: Promise<void>[] = [];

  const faults: Record<string, () => Promise<void>> = {
    "kill -9 of a node": async () => {
      const node = random.pick(nodes);
      await node.kill();
      await pause(random.between(0, 1500));
      node.start();
    },
    "kill -9 of both nodes": async () => {
      await Promise.all(nodes.map((node) => node.kill()));
      for (const node of nodes) node.start();
    },
    "deploy of a node": async () => {
      const node = random.pick(nodes);
      await node.stop();
      node.start();
    },
    "short sleep of a node": async () => {
      const node = random.pick(nodes);
      node.pause();
      await pause(random.between(200, lease * 0.5));
      node.resume();
    },
    "long sleep of a node": () => {
      const node = random.pick(nodes);
      node.pause();
      // Beyond its lease, while other faults go on.
      paused.push(pause(lease * 1.5).then(() => node.resume()));
      return Promise.resolve();
    },
    "kill of all connections": async () => {
      const text =
        "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'";
      await admin.query(text).catch(() => undefined);
    },
    "crash of the database": async () => {
      await postgres.stop("immediate");
      await pause(random.between(0, 3000));
      await postgres.start();
    },
    "restart of the database": async () => {
      await postgres.stop("fast");
      await postgres.start();
    },
  };
  // As often as they happen to people: a process dies more often than a database.
  const weights: readonly (readonly [string, number])[] = [
    ["kill -9 of a node", 10],
    ["kill -9 of both nodes", 2],
    ["deploy of a node", 3],
    ["short sleep of a node", 3],
    ["long sleep of a node", 1],
    ["kill of all connections", 3],
    ["crash of the database", 2],
    ["restart of the database", 1],
  ];
  const names = weights.flatMap(([name, weight]) => Array.from({ length: weight }, () => name));

  for (let i = 0; i < options.kills && !options.signal.aborted; i += 1) {
    await pause(random.between(300, 1800));
    const name = random.pick(names);
    options.onFault(name);
    await faults[name]!();
  }
  await Promise.all(paused);
}
