import { parseArgs } from "node:util";

import { readEnvironment } from "./environment.ts";
import { COMMANDS, type CommandName, FLAGS, OPTIONS, commandHelp, generalHelp } from "./help.ts";
import { StartError } from "./start-error.ts";
import { version } from "./version.ts";

/** The exit code for arguments that make no sense, as shells use it. */
const USAGE = 2;

/**
 * Runs the command that the arguments name, and gives its exit code: 0, 1 when it could not do its work,
 * 2 for arguments that make no sense. What goes wrong is told in a sentence on standard error.
 */
export async function main(args: readonly string[]): Promise<number> {
  const { stdout, stderr } = process;
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    stderr.write(`${(error as Error).message.split(". ")[0]}. See chatkeep --help.\n`);
    return USAGE;
  }
  const { values, positionals } = parsed;
  const [name, ...rest] = positionals;
  if (values.version === true) {
    stdout.write(`${version()}\n`);
    return 0;
  }
  if (name === undefined) {
    (values.help === true ? stdout : stderr).write(generalHelp());
    return values.help === true ? 0 : USAGE;
  }
  if (!isCommand(name)) {
    stderr.write(`There is no command "${name}": the commands are ${Object.keys(COMMANDS).join(", ")}.\n`);
    return USAGE;
  }
  if (values.help === true) {
    stdout.write(commandHelp(name));
    return 0;
  }
  if (name === "grant" && rest.length === 0) {
    stderr.write("chatkeep grant needs a login: chatkeep grant LOGIN. See chatkeep grant --help.\n");
    return USAGE;
  }
  if (name !== "grant" && rest.length > 0) {
    stderr.write(
      `chatkeep ${name} takes no arguments, and was given "${rest[0]}". See chatkeep ${name} --help.\n`,
    );
    return USAGE;
  }
  try {
    return await run(name, values, rest);
  } catch (error) {
    stderr.write(`${sentenceOf(error)}\n`);
    return 1;
  }
}

/** The values of the options that a command takes. */
type Values = Readonly<
  Partial<
    Record<"user" | "session" | "name" | "expires", string> & Record<"backup" | "repair" | "yes", boolean>
  >
>;

function parse(args: readonly string[]): {
  values: Values & { help?: boolean; version?: boolean };
  positionals: string[];
} {
  const name = args.find((arg) => !arg.startsWith("-")) ?? "";
  const names = isCommand(name) ? Object.keys(OPTIONS[name]) : [];
  const flags = isCommand(name) ? Object.keys(FLAGS[name] ?? {}) : [];
  const own = Object.fromEntries([
    ...names.map((option) => [option, { type: "string" as const }]),
    ...flags.map((flag) => [flag, { type: "boolean" as const }]),
  ]) as Record<string, { type: "string" | "boolean" }>;
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...own, help: { type: "boolean", short: "h" }, version: { type: "boolean", short: "v" } },
  });
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}

/** Each command is loaded when it is run: `--help` needs none of them. */
async function run(name: CommandName, values: Values, rest: readonly string[]): Promise<number> {
  const { stdout, stderr } = process;
  const environment = readEnvironment();
  const { openLog } = await import("./log.ts");
  switch (name) {
    case "serve": {
      const { runServe } = await import("./run-serve.ts");
      return runServe(environment, { log: openLog(environment.logLevel, stdout), output: stdout });
    }
    case "migrate":
    case "grant": {
      const { runMigrate } = await import("./migrate.ts");
      stdout.write(
        `${await runMigrate(environment, openLog("warn", stderr), { logins: rest, backup: values.backup, repair: values.repair })}\n`,
      );
      return 0;
    }
    case "uninstall": {
      const { runUninstall } = await import("./uninstall.ts");
      const log = openLog("warn", stderr);
      stdout.write(`${await runUninstall(environment, { log, output: stdout, yes: values.yes === true })}\n`);
      return 0;
    }
    case "doctor": {
      const { runDoctor } = await import("./doctor.ts");
      return runDoctor(environment, { log: openLog("warn", stderr), output: stdout });
    }
    case "token": {
      const { makeToken } = await import("./credentials.ts");
      stdout.write(`${await makeToken(environment, values)}\n`);
      return 0;
    }
    case "key": {
      const { makeKey } = await import("./credentials.ts");
      stdout.write(`${makeKey(values)}\n`);
      return 0;
    }
    case "export": {
      const { runExport } = await import("./owner-data.ts");
      await runExport(environment, values, { log: openLog("warn", stderr), output: stdout });
      return 0;
    }
    case "erase": {
      const { runErase } = await import("./owner-data.ts");
      stdout.write(`${await runErase(environment, values, openLog("warn", stderr))}\n`);
      return 0;
    }
    case "prune": {
      const { runPrune } = await import("./owner-data.ts");
      stdout.write(`${await runPrune(environment, openLog("warn", stderr))}\n`);
      return 0;
    }
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // These are written for a person; anything else is a fault of ours, and its stack is what helps.
  if (error instanceof StartError || SPOKEN.has(error.name)) return error.message;
  return error.stack ?? error.message;
}

/** Errors of our packages whose message is a sentence for the person who started us. */
const SPOKEN = new Set(["EmbeddedDatabaseError", "MigrationError", "IsolationError"]);
