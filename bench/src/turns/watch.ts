import { readFileSync } from "node:fs";

import { openConnection } from "@chatkeep/core";

import { residentMegabytes } from "../process.ts";

/** What a server took while it was watched. */
interface Taken {
  /** At the most. */
  readonly residentMegabytes: number;
  /** At the most. */
  readonly connections: number;
  readonly walBytes: number;
  readonly cpuSeconds: number;
}

/** A server that is watched. */
export interface Watch extends AsyncDisposable {
  end(): Promise<Taken>;
}

/** Looks at a server's process and at its connections twice a second. */
export async function watchServer(pid: number, databaseUrl: string): Promise<Watch> {
  const connection = await openConnection(databaseUrl);
  const ask = async (sql: string): Promise<number> => {
    const { rows } = await connection.query<{ value: string }>(sql);
    return Number(rows[0]?.value);
  };
  const walBefore = await ask(WAL);
  const cpuBefore = cpuSeconds(pid);
  let most = { memory: 0, connections: 0 };
  let asking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const connections = await ask(CONNECTIONS);
    most = {
      memory: Math.max(most.memory, residentMegabytes(pid)),
      connections: Math.max(most.connections, connections),
    };
  };
  const timer = setInterval(() => {
    asking = asking.then(look);
  }, 500);
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await asking;
  };
  let open = true;
  const dispose = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await close();
    await connection.end();
  };
  return {
    async end() {
      await close();
      const walBytes = (await ask(WAL)) - walBefore;
      const taken = {
        residentMegabytes: most.memory,
        connections: most.connections,
        walBytes,
        cpuSeconds: cpuSeconds(pid) - cpuBefore,
      };
      await dispose();
      return taken;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

const WAL = "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as value";
const CONNECTIONS = "select count(*) as value from pg_stat_activity where application_name = 'chatkeep'";

/** The processor time that a process took so far, in the kernel's hundredths of a second. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
