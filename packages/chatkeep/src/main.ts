import { parseArgs } from "node:util";

import { COMMANDS, type Command } from "./commands.ts";
import { readEnvironment } from "./environment.ts";
import { commandHelp, generalHelp } from "./help.ts";
import { type Output, openLog } from "./log.ts";
import { nearestOf } from "./nearest.ts";
import { StartError } from "./start-error.ts";
import { version } from "./version.ts";

/** The exit code for arguments that make no sense, as shells use it. */
const USAGE = 2;

/** What a command reads besides its arguments, and where it writes. */
interface Surroundings {
  /** Default: the process's environment, and the file `.env`. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly stdout: Output & NodeJS.WritableStream;
  readonly stderr: Output;
}

/**
 * Runs the command that the arguments name, and gives its exit code: 0, 1 when it could not do its work,
 * 2 for arguments that make no sense. An error is one sentence on standard error.
 */
export async function main(
  argv: readonly string[],
  { variables, stdout, stderr }: Surroundings = process,
): Promise<number> {
  const refuse = (sentence: string): number => {
    stderr.write(`${sentence}\n`);
    return USAGE;
  };
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    return refuse(`${(error as Error).message.split(". ")[0]}. See chatkeep --help.`);
  }
  const { values, positionals } = parsed;
  const [name, ...args] = positionals;
  if (values["version"] === true) {
    stdout.write(`${version()}\n`);
    return 0;
  }
  if (name === undefined) {
    (values["help"] === true ? stdout : stderr).write(generalHelp());
    return values["help"] === true ? 0 : USAGE;
  }
  const command = commandOf(name);
  if (command === undefined) {
    const names = Object.keys(COMMANDS);
    const near = nearestOf(name, names);
    const advice = near === undefined ? `The commands are ${names.join(", ")}.` : `Did you mean ${near}?`;
    return refuse(`There is no command "${name}". ${advice}`);
  }
  if (values["help"] === true) {
    stdout.write(commandHelp(name, command));
    return 0;
  }
  const { argument } = command;
  if (argument !== undefined && args.length === 0)
    return refuse(
      `chatkeep ${name} needs a ${argument.toLowerCase()}: chatkeep ${name} ${argument}. See chatkeep ${name} --help.`,
    );
  if (argument === undefined && args.length > 0)
    return refuse(
      `chatkeep ${name} takes no arguments, and was given "${args[0]}". See chatkeep ${name} --help.`,
    );
  const given = Object.entries(values);
  try {
    // The .env of an app that is not set up yet is not about us.
    const environment = readEnvironment(name === "init" ? {} : variables);
    // The server's own log has them.
    if (name !== "serve") for (const notice of environment.notices) stderr.write(`${notice}\n`);
    const result = await command.run({
      environment,
      args,
      options: Object.fromEntries(given.filter(([, value]) => typeof value === "string")) as Record<
        string,
        string
      >,
      flags: new Set(given.filter(([, value]) => value === true).map(([flag]) => flag)),
      log: openLog("warn", stderr),
      output: stdout,
    });
    if (typeof result === "number") return result;
    stdout.write(`${result}\n`);
    return 0;
  } catch (error) {
    stderr.write(`${sentenceOf(error)}\n`);
    return 1;
  }
}

function parse(argv: readonly string[]): {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
} {
  const command = commandOf(argv.find((arg) => !arg.startsWith("-")) ?? "");
  const own = (names: object = {}, type: "string" | "boolean"): [string, { type: "string" | "boolean" }][] =>
    Object.keys(names).map((name) => [name, { type }]);
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...Object.fromEntries([...own(command?.options, "string"), ...own(command?.flags, "boolean")]),
      help: { type: "boolean", short: "h" },
      version: { type: "boolean", short: "v" },
    },
  });
}

function commandOf(name: string): Command | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // These are written for a person; anything else is a fault of ours, and its stack is what helps.
  if (error instanceof StartError || SPOKEN.has(error.name)) return error.message;
  return error.stack ?? error.message;
}

/** Errors of our packages whose message is a sentence for the person who started us. */
const SPOKEN = new Set(["EmbeddedDatabaseError", "MigrationError", "IsolationError"]);
