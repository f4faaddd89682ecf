import { randomUUID } from "node:crypto";
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import { type History, type Owner, createClient } from "@chatkeep/protocol";
import { freePort, startModel } from "@chatkeep/testing";
import { afterAll, inject } from "vitest";

import { linkFolder, sharedFolder } from "./installed.ts";
import { type Script, createScript } from "./model-script.ts";
import { REPOSITORY, run, temporaryFolder } from "./packed.ts";
import { type Program, ready, startProgram, unprivileged } from "./program.ts";

/** A server that takes requests. */
interface ImageServer extends Program {
  readonly url: string;
  readonly client: History;
}

/** What the Dockerfile makes, without Docker, for one test file. */
export interface Image {
  /** A folder of the test file, which every user may enter. */
  readonly folder: string;
  /** The image's working directory. */
  readonly app: string;
  /** Node as every user may run it, wherever the tests' own is. */
  readonly node: string;
  /** What the model says. */
  readonly script: Script;
  /** Somebody who asks. */
  readonly owner: Owner;
  /** What an operator sets, but for DATABASE_URL. */
  readonly settings: Readonly<Record<string, string>>;
  /** Starts a command as a user without rights. */
  start(command: readonly string[], env: Readonly<Record<string, string>>, cwd?: string): Program;
  /** The image's process: its entry point and command, with its environment and what `docker run -e` adds. */
  run(env: Readonly<Record<string, string>>): Program;
  /** {@link run} with the settings, on a port of its own; resolves when it takes requests. */
  serve(env: Readonly<Record<string, string>>, port?: number): Promise<ImageServer>;
}

/** A file of the folder `deploy`. */
export const readDeploy = (name: string): string => readFileSync(join(REPOSITORY, "deploy", name), "utf8");

/** The instructions of the Dockerfile in order, without comments, as word and rest. */
const instructions = readDeploy("Dockerfile")
  .replaceAll(/^#.*\n/gm, "")
  .replaceAll("\\\n", " ")
  .split("\n")
  .map((line) => /^(\w+)\s+(.+)$/.exec(line))
  .flatMap((match) => (match === null ? [] : [{ word: match[1]!, rest: match[2]! }]));

/** The rest of an instruction that the Dockerfile has once. */
export const instruction = (word: string): string => {
  const found = instructions.filter((one) => one.word === word);
  if (found.length !== 1) throw new Error(`The Dockerfile has ${found.length} times ${word}.`);
  return found[0]!.rest;
};

/** The `NAME=value` words of a text. */
export const pairs = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/(\w+)=(\S+)/g)].map(([, name = "", value = ""]) => [name, value]));

/** Opens the image until the end of a test file. */
export async function openImage(): Promise<Image> {
  const script = createScript();
  const folder = temporaryFolder();
  const app = join(folder.path, "app");
  const programs = join(folder.path, "bin");
  const node = join(programs, "node");
  const [model] = await Promise.all([
    startModel({ reply: script.reply }),
    sharedFolder("image", install).then((made) => linkFolder(made, app)),
  ]);
  afterAll(async () => {
    await model.close();
    folder.remove();
  });
  chmodSync(folder.path, 0o755);
  mkdirSync(programs);
  copyFileSync(process.execPath, node);
  chmodSync(node, 0o755);

  const PATH = `${programs}${delimiter}${process.env["PATH"]}`;
  const settings = {
    CHATKEEP_MODEL: "openai-compatible/small",
    OPENAI_BASE_URL: model.url,
    OPENAI_API_KEY: "a-key",
  };
  const start: Image["start"] = (command, env, cwd = app) =>
    startProgram(command, { cwd, env: { PATH, ...env }, ...unprivileged });
  const runImage: Image["run"] = (env) =>
    start(
      ["ENTRYPOINT", "CMD"].flatMap((word) => JSON.parse(instruction(word)) as string[]),
      { ...pairs(instruction("ENV")), ...env },
    );
  return {
    folder: folder.path,
    app,
    node,
    script,
    owner: { kind: "session", id: randomUUID() },
    settings,
    start,
    run: runImage,
    async serve(env, port) {
      const PORT = String(port ?? (await freePort()));
      const url = `http://127.0.0.1:${PORT}`;
      const server = runImage({ ...settings, ...env, PORT });
      await ready(server, url);
      return { ...server, url, client: createClient({ baseUrl: url }) };
    },
  };
}

async function install(folder: string): Promise<void> {
  const { chatkeep, ...others } = inject("tarballs");
  const overrides = Object.fromEntries(Object.entries(others).map(([name, path]) => [name, `file:${path}`]));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, overrides }));
  await run("sh", ["-c", instruction("RUN")], {
    cwd: folder,
    env: { PACKAGE: `file:${chatkeep}`, npm_config_prefer_offline: "true" },
  });
}
