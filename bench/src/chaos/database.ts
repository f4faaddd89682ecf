import { readdirSync, readFileSync } from "node:fs";

import { openConnection, releaseSchema } from "@chatkeep/core";
import {
  type Postgres,
  type Standby,
  startDatabaseProxy,
  startPostgres,
  startStandby,
} from "@chatkeep/testing";

import type { Span, Timeline } from "./timeline.ts";

/**
 * A PostgreSQL that is killed, stopped and frozen, with a synchronous standby that takes its place. One disturbance at a
 * time.
 */
export interface DisturbedDatabase extends AsyncDisposable {
  readonly url: string;
  /** Whether it is up and nothing is being done to it. */
  isWell(): boolean;
  /** `crash`: its first process is killed; `stop`: it ends in order. Then it is started again. */
  interrupt(how: "crash" | "stop", duration: number): Promise<void>;
  /**
   * `kill backend`: one process that serves a connection is killed, upon which PostgreSQL ends all and
   * recovers by itself. `cut connections`: all are ended in order.
   */
  lose(how: "kill backend" | "cut connections"): Promise<void>;
  /** Kills it, promotes its standby at the same address, and makes a new standby. */
  failOver(): Promise<void>;
  /**
   * Drops the oldest events of settled turns, as the nodes do every few minutes; none while one of their questions is
   * among these, of which somebody reads the answer: a replay numbers events anew.
   */
  rotateEvents(questions: readonly string[]): Promise<void>;
  /** Lets none of its processes go on for a while: nothing is lost, and nothing answers. */
  freeze(duration: number): Promise<void>;
}

/** Starts it. Processes are killed, the machine is not, so it need not wait for the disk. */
export async function startDatabase(timeline: Timeline): Promise<DisturbedDatabase> {
  const settings = { fsync: "off", wal_retrieve_retry_interval: "100ms" };
  let postgres: Postgres = await startPostgres({ settings });
  const follow = (): Promise<Standby> => startStandby(postgres, { settings, synchronous: true });
  let standby = await follow();
  const proxy = await startDatabaseProxy(postgres.url("postgres"));
  let disturbed = false;

  const whileDisturbed = async (work: (outage: Span) => Promise<void>): Promise<void> => {
    disturbed = true;
    const outage = timeline.beginOutage();
    try {
      await work(outage);
    } finally {
      outage.to = Date.now();
      disturbed = false;
    }
  };

  const startAgain = async (): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await postgres.start();
      } catch (error) {
        // After a kill the processes that served connections may take a moment to notice.
        if (tries === 50) throw error;
        await pause(100);
      }
    }
  };

  return {
    url: proxy.url,
    isWell: () => !disturbed,
    interrupt: (how, duration) =>
      whileDisturbed(async () => {
        if (how === "stop") await postgres.stop("fast");
        else process.kill(postgres.pid(), "SIGKILL");
        await pause(duration);
        await startAgain();
      }),
    async lose(how) {
      const outage = timeline.beginOutage();
      // While it recovers from what was done before there are none to cut.
      if (how === "cut connections") await cutConnections(postgres.url("postgres")).catch(() => undefined);
      else {
        const backends = childrenOf(postgres.pid()).filter(({ command }) =>
          / \d[\d.]*\(\d+\) /.test(command),
        );
        if (backends[0] !== undefined) signal(backends[0].pid, "SIGKILL");
      }
      // Its recovery is not announced; it takes a fraction of this.
      outage.to = Date.now() + 1000;
    },
    async failOver() {
      disturbed = true;
      await whenInStep(standby);
      const outage = timeline.beginOutage();
      const failed = postgres;
      process.kill(failed.pid(), "SIGKILL");
      await standby.promote();
      postgres = standby;
      proxy.leadTo(postgres.url("postgres"));
      outage.to = Date.now();
      await failed.remove();
      standby = await follow();
      disturbed = false;
    },
    rotateEvents: (questions) =>
      rotateEvents(postgres.url("postgres"), questions).catch(() => {
        // It is down, or somebody reads the oldest events.
      }),
    freeze: (duration) =>
      whileDisturbed(async () => {
        const pids = [postgres.pid(), ...childrenOf(postgres.pid()).map(({ pid }) => pid)];
        for (const pid of pids) signal(pid, "SIGSTOP");
        await pause(duration);
        for (const pid of pids) signal(pid, "SIGCONT");
      }),
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await Promise.all([standby.remove(), postgres.remove()]);
    },
  };
}

/** Waits until a standby has what was committed: it may have lost its primary in the disturbance before. */
async function whenInStep(standby: Standby): Promise<void> {
  for (;;) {
    try {
      return await standby.caughtUp();
    } catch {
      await pause(100);
    }
  }
}

async function cutConnections(url: string): Promise<void> {
  const connection = await openConnection(url);
  try {
    await connection.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where backend_type = 'client backend' and pid <> pg_backend_pid()`,
    );
  } finally {
    await connection.end();
  }
}

/** For those who follow a turn that is not their own. */
const EVENTS_GRACE = "5 seconds";

async function rotateEvents(url: string, questions: readonly string[]): Promise<void> {
  const connection = await openConnection(url);
  try {
    const { rowCount } = await connection.query(
      `select from chatkeep.turns t, chatkeep.event_partition s
       where t.partition = (s.partition + 1) % 3 and t.message_id = any ($1)`,
      [questions],
    );
    if (rowCount! > 0) return;
    await connection.query(`select ${releaseSchema("chatkeep")}.rotate_events($1)`, [EVENTS_GRACE]);
  } finally {
    await connection.end();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** The processes that a process started, by Linux's /proc. */
function childrenOf(parent: number): { pid: number; command: string }[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const fields = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)!.split(" ");
        if (Number(fields[1]) !== parent) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(name), command }];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });
}
