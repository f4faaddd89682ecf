import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("fixtures/holder.ts", import.meta.url));

/** A process of its own that holds a home, or was refused it. */
export interface Holder {
  pid: number;
  url?: string;
  refused?: string;
  /** Send a signal and wait until the process is gone. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Start one and wait until it has the home or was refused. */
export async function startHolder(home: string): Promise<Holder> {
  const child = spawn(process.execPath, ["--conditions=@chatkeep/source", program, home], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return {
    pid: child.pid!,
    ...(JSON.parse(line) as { url?: string; refused?: string }),
    async end(signal) {
      child.kill(signal);
      await exited;
    },
  };
}
