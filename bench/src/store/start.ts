import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { createClient } from "@chatkeep/protocol";
import { temporaryHome } from "@chatkeep/testing";

import { type Measure, median } from "../measure.ts";
import { descendants, residentMegabytes } from "../process.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const FRESH = 3;
const AGAIN = 5;
/** Milliseconds after the last answer in which a process gives back what it does not need. */
const SETTLE = 5000;

/** `npm start` as a person types it: to the first stored answer, on a fresh home and on one that was used; and its memory. */
export async function* measureStarts(): AsyncGenerator<Measure> {
  const fresh: number[] = [];
  const again: number[] = [];
  let resident = 0;
  for (let round = 0; round < FRESH; round += 1) {
    await using home = temporaryHome();
    fresh.push((await startAndAsk(home.path)).seconds);
    if (round < FRESH - 1) continue;
    for (let start = 0; start < AGAIN; start += 1) {
      const last = start === AGAIN - 1;
      const started = await startAndAsk(home.path, last ? SETTLE : 0);
      again.push(started.seconds);
      if (last) ({ resident } = started);
    }
  }
  yield {
    name: "first npm start, fresh home, to the first stored answer",
    value: median(fresh),
    unit: "s",
    target: { most: 6 },
  };
  yield {
    name: "later npm start to the first stored answer",
    value: median(again),
    unit: "s",
    target: { most: 2.5 },
  };
  yield {
    name: "resident memory of the idle server process",
    value: resident,
    unit: "MB",
    target: { most: 200 },
  };
}

async function startAndAsk(home: string, settle = 0): Promise<{ seconds: number; resident: number }> {
  const begin = performance.now();
  // A group of its own: npm, its shell and node end together.
  const npm = spawn("npm", ["start"], {
    cwd: root,
    env: { ...process.env, PORT: "0", CHATKEEP_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  const exited = once(npm, "exit");
  try {
    const client = createClient({ baseUrl: await listening(npm) });
    const owner = { kind: "session", id: randomUUID() } as const;
    const { conversation } = await client.createConversation(owner);
    const { events } = await client.startTurn(owner, conversation.id, {
      content: "How do I start Chatkeep?",
    });
    for await (const _ of events) {
      // To the end: the answer is stored when its stream has ended.
    }
    const { messages } = await client.listMessages(owner, conversation.id);
    if (messages.length !== 2 || messages[1]?.status !== "complete")
      throw new Error("The answer is not stored.");
    const seconds = (performance.now() - begin) / 1000;
    await new Promise((resolve) => setTimeout(resolve, settle));
    return { seconds, resident: residentMegabytes(serverOf(npm)) };
  } finally {
    process.kill(-npm.pid!, "SIGTERM");
    await exited;
  }
}

/** The process that serves: below npm and the shell it runs the script in. */
function serverOf(npm: ChildProcess): number {
  const server = descendants(npm.pid!).find(
    ({ command }) => command.includes("chatkeep/src/bin.ts") && !command.startsWith("sh"),
  );
  if (server === undefined) throw new Error("npm start has no server below it.");
  return server.pid;
}

/** The address in the line that says where it listens. */
async function listening(npm: ChildProcess): Promise<string> {
  let output = "";
  for await (const text of npm.stdout!.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
    output += text as string;
    const url = /http:\/\/[^\s"/]+:\d+/.exec(output)?.[0];
    if (url !== undefined) {
      npm.stdout!.resume();
      return url;
    }
  }
  throw new Error(`npm start ended before it listened:\n${output}`);
}
