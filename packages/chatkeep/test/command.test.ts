import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import manifest from "../package.json" with { type: "json" };
import { callCommand, runCommand } from "./command.ts";

test("--version prints the version, --help the commands", async () => {
  expect(await runCommand(["--version"])).toEqual({ code: 0, stdout: `${manifest.version}\n`, stderr: "" });
  const help = await runCommand(["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  for (const command of ["serve", "migrate", "doctor"]) expect(help.stdout).toContain(`\n  ${command} `);
});

test.each(["serve", "migrate", "doctor"])(
  "%s --help tells what it does and which variables it reads",
  async (command) => {
    const { code, stdout } = await callCommand([command, "--help"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^chatkeep ${command}\n`));
    expect(stdout).toContain("DATABASE_URL");
  },
);

test.each([
  [["srve"], 'There is no command "srve". Did you mean serve?'],
  [["dance"], 'There is no command "dance". The commands are init, serve, migrate, '],
  [["grant"], "chatkeep grant needs a login: chatkeep grant LOGIN."],
  [["serve", "now"], 'chatkeep serve takes no arguments, and was given "now".'],
  [["serve", "--port=1"], "Unknown option '--port'. See chatkeep --help."],
  [["--hepl"], "Unknown option '--hepl'. See chatkeep --help."],
  [[], "Conversation memory for AI chat"],
])("arguments %j are answered with a sentence", async (args, sentence) => {
  const { code, stdout, stderr } = await callCommand(args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(sentence);
});

test.each([
  [{ PORT: "http" }, 'PORT must be a whole number from 0 to 65535, not "http".'],
  [{ PORT: "65536" }, 'PORT must be a whole number from 0 to 65535, not "65536".'],
  [{ PORT: "30.5" }, 'PORT must be a whole number from 0 to 65535, not "30.5".'],
  [{ LOG_LEVEL: "loud" }, "LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent"],
  [{ DATABASE_URL: "mysql://me:secret@host/db" }, "DATABASE_URL must look like postgres://"],
  [{ NEON_DATABASE_URL: "secret" }, "NEON_DATABASE_URL must look like postgres://"],
  [
    { NEON_DATABASE_URL: '"postgres://me:secret@host/db"' },
    "NEON_DATABASE_URL has something around it, such as quotes",
  ],
  [
    { DATABASE_URL: "postgres://me:secret@secret@host/db" },
    "The user or the password in DATABASE_URL holds a character that ends it. Write @ as %40",
  ],
  [{ CHATKEEP_SCHEMA: "My Schema" }, "CHATKEEP_SCHEMA must be small letters"],
  [{ CHATKEEP_GRACE: "soon" }, 'CHATKEEP_GRACE must be a number of seconds from 0 to 3600, not "soon".'],
  [
    { CHATKEEP_DOCS: "nowhere" },
    'CHATKEEP_DOCS must name a folder of Markdown; there is no folder "nowhere" here.',
  ],
  [{ CHATKEEP_DOCS: "package.json" }, 'there is no folder "package.json" here.'],
  [{ CHATKEEP_RESPONDER: "./none.ts" }, 'CHATKEEP_RESPONDER must name a file; there is no "./none.ts" here.'],
  [{ CHATKEEP_MODEL: "gpt" }, "CHATKEEP_MODEL must be openai-compatible/<name of the model>"],
  [{ CHATKEEP_MODEL: "openai-compatible/x" }, "CHATKEEP_MODEL needs OPENAI_BASE_URL"],
  [{ CHATKEEP_MODEL: "openai-compatible/x", OPENAI_BASE_URL: "host" }, "OPENAI_BASE_URL must be an address"],
])("the environment %j is answered with a sentence", async (env, sentence) => {
  const { code, stdout, stderr } = await callCommand(["serve"], env);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(sentence);
  expect(stderr).not.toContain("secret");
  expect(
    stderr
      .trim()
      .split("\n")
      .every((line) => line.endsWith(".")),
  ).toBe(true);
});

test("every variable that cannot be used is told of at once", async () => {
  const { stderr } = await callCommand(["serve"], { PORT: "x", LOG_LEVEL: "x", CHATKEEP_GRACE: "x" });
  expect(
    stderr
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual(["PORT", "CHATKEEP_GRACE", "LOG_LEVEL"]);
});

test("an unknown setting is told with the nearest name, and Kubernetes' variables of a service are not", async () => {
  const env = {
    CHATKEEP_MODLE: "x",
    CHATKEEP_MAX_QUESTIONS: "5",
    CHATKEEP_COLOUR: "red",
    CHATKEEP_SERVICE_HOST: "10.0.0.1",
    CHATKEEP_PORT: "tcp://10.0.0.1:3000",
    CHATKEEP_PORT_3000_TCP: "tcp://10.0.0.1:3000",
  };
  const { code, stderr } = await runCommand(["key"], env);
  expect(code).toBe(0);
  expect(stderr.trim().split("\n")).toEqual([
    "There is no setting CHATKEEP_MODLE. Did you mean CHATKEEP_MODEL?",
    "There is no setting CHATKEEP_MAX_QUESTIONS. Did you mean CHATKEEP_MAX_QUESTION?",
    "There is no setting CHATKEEP_COLOUR. See chatkeep serve --help.",
  ]);
  const serving = {
    CHATKEEP_MODLE: "x",
    HOST: "192.0.2.1",
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
  };
  const { stdout } = await runCommand(["serve"], serving);
  expect(stdout).toContain("There is no setting CHATKEEP_MODLE. Did you mean CHATKEEP_MODEL?");
});

test("a setting under its former name works for one more release, and says its new name", async () => {
  const given = {
    CHATKEEP_BOOK: "docs",
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    HOST: "192.0.2.1",
  };
  const { stdout, stderr } = await runCommand(["serve"], given);
  expect(stdout + stderr).toContain("CHATKEEP_BOOK is now CHATKEEP_DOCS.");
  const { stderr: refused } = await runCommand(["serve"], { CHATKEEP_BOOK: "nowhere" });
  expect(refused).toContain(
    'CHATKEEP_DOCS must name a folder of Markdown; there is no folder "nowhere" here.',
  );
});

test("a file that is no responder is answered with a sentence", async () => {
  const { code, stderr } = await runCommand(["serve"], {
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    CHATKEEP_RESPONDER: fileURLToPath(new URL("fixtures/wordless.ts", import.meta.url)),
  });
  expect(code).toBe(1);
  expect(stderr).toContain("must have a default export");
});

test("a port in use is answered with the way out", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const env = { PORT: String(port), DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
  const { code, stderr } = await runCommand(["serve"], env);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `Port ${port} is in use: stop what uses it, or take another, for example PORT=${port + 1} npm start.\n`,
  );
  other.close();
});

test("a host that is not this machine's is answered with the way out", async () => {
  const env = { PORT: "0", HOST: "192.0.2.1", DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" };
  expect((await runCommand(["serve"], env)).stderr).toContain("HOST must be an address of this machine");
});
