import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const { values } = parseArgs({
  options: { serve: { type: "boolean" }, port: { type: "string", default: "3001" } },
});

install();
if (values.serve === true) await serve(values.port);
else await finished(astro(["build"], {}));

/** Builds the site, and shows it beside a Chatkeep server that answers from the guide. Ends with the first of them. */
async function serve(port: string): Promise<void> {
  const { PORT = "3000" } = process.env;
  const site = `http://127.0.0.1:${port}`;
  await finished(astro(["build"], { DOCS_URL: site, CHATKEEP_URL: `http://127.0.0.1:${PORT}` }));
  const chatkeep = start(
    ["--conditions=@chatkeep/source", path("../../packages/chatkeep/src/bin.ts"), "serve"],
    {
      PORT,
      CHATKEEP_DOCS: path("../guide"),
      CHATKEEP_ORIGINS: site,
    },
  );
  const running = [chatkeep, astro(["preview", "--host", "127.0.0.1", "--port", port], { DOCS_URL: site })];
  const stop = (): void => running.forEach((child) => child.kill("SIGTERM"));
  process.on("SIGINT", stop).on("SIGTERM", stop);
  await Promise.race(running.map((child) => once(child, "exit")));
  stop();
}

/** Installs what the site is built with, unless this lockfile was installed. */
function install(): void {
  const lock = readFileSync(path("package-lock.json"));
  const installed = path("node_modules/.installed-lock.json");
  if (existsSync(installed) && lock.equals(readFileSync(installed))) return;
  const command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  execFileSync("npm", command, { cwd: path("."), stdio: "inherit" });
  writeFileSync(installed, lock);
}

function astro(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return start([path("node_modules/astro/bin/astro.mjs"), ...args], {
    ASTRO_TELEMETRY_DISABLED: "1",
    ...env,
  });
}

function start(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, args, { cwd: path("."), env: { ...process.env, ...env }, stdio: "inherit" });
}

async function finished(child: ChildProcess): Promise<void> {
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) process.exit(1);
}
