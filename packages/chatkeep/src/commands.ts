import type { Log } from "@chatkeep/server";

import type { Environment } from "./environment.ts";
import type { Output } from "./log.ts";
import { SETTINGS, type SettingName } from "./settings.ts";

/** The call of a command. */
interface Call {
  readonly environment: Environment;
  /** The arguments after the command's name. */
  readonly args: readonly string[];
  /** The options that were given, by their names. */
  readonly options: Readonly<Record<string, string | undefined>>;
  /** The names of the flags that were given. */
  readonly flags: ReadonlySet<string>;
  /** Writes warnings to standard error. */
  readonly log: Log;
  /** Standard output. */
  readonly output: Output & NodeJS.WritableStream;
}

/** One command. */
export interface Command {
  /** Its line in `chatkeep --help`. */
  readonly summary: string;
  /** The name of its arguments; without it there are none. */
  readonly argument?: string;
  /** Its options, each with a value. */
  readonly options?: Readonly<Record<string, string>>;
  /** Its options without a value. */
  readonly flags?: Readonly<Record<string, string>>;
  /** The settings that it reads. */
  readonly settings: readonly SettingName[];
  /** Runs it; each loads its code then. Resolves with a sentence to write, or with the exit code. */
  run(call: Call): Promise<string | number>;
}

const DATABASE = [
  "DATABASE_URL",
  "NEON_DATABASE_URL",
  "CHATKEEP_HOME",
  "CHATKEEP_SCHEMA",
  "LOG_LEVEL",
] as const satisfies SettingName[];

/** Of the store of files. */
const OBJECTS = [
  "CHATKEEP_S3_BUCKET",
  "CHATKEEP_S3_PREFIX",
  "CHATKEEP_S3_ENDPOINT",
  "AWS_REGION",
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
] as const satisfies SettingName[];

/** Of the users that `--user` names. */
const USERS = ["CHATKEEP_JWT_ISSUER", "CHATKEEP_OIDC_ISSUER"] as const satisfies SettingName[];

const BUDGETS = [
  "CHATKEEP_BUDGET_TOKENS_DAY",
  "CHATKEEP_BUDGET_TOKENS_MONTH",
  "CHATKEEP_BUDGET_COST_DAY",
  "CHATKEEP_BUDGET_COST_MONTH",
] as const satisfies SettingName[];

const OWNER = {
  user: "The user's id, as `sub` in their tokens.",
  session: "The session's id, a UUID v4.",
} as const;

/** Every command, in the order of `chatkeep --help`. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  init: {
    summary: "Put Chatkeep into the Next.js, Vite or Express app of this folder.",
    flags: { "no-install": "Only name the command that installs the packages." },
    settings: [],
    async run({ output, flags }) {
      const { runInit } = await import("./init.ts");
      return runInit({ folder: process.cwd(), output, install: !flags.has("no-install") });
    },
  },
  serve: {
    summary: "Serve the API and the page. `npm start` runs it.",
    settings: Object.keys(SETTINGS) as SettingName[],
    async run({ environment, output }) {
      const [{ runServe }, { openLog }] = await Promise.all([import("./run-serve.ts"), import("./log.ts")]);
      return runServe(environment, { log: openLog(environment.logLevel, output), output });
    },
  },
  migrate: {
    summary: "Migrate the database's schema to this release.",
    flags: { repair: "Mend what a restore left wrong: owners, rights, policies, indexes, functions." },
    settings: [...DATABASE, "CHATKEEP_EMBEDDING_MODEL"],
    async run({ environment, log, flags }) {
      const { runMigrate } = await import("./migrate.ts");
      return runMigrate(environment, log, { repair: flags.has("repair") });
    },
  },
  grant: {
    summary: "Let another login serve: chatkeep grant LOGIN. Migrates first.",
    argument: "LOGIN",
    flags: { backup: "Let it read all rows instead, for pg_dump --enable-row-security." },
    settings: [...DATABASE, "CHATKEEP_EMBEDDING_MODEL"],
    async run({ environment, log, args, flags }) {
      const { runMigrate } = await import("./migrate.ts");
      return runMigrate(environment, log, { logins: args, backup: flags.has("backup") });
    },
  },
  uninstall: {
    summary: "Permanently remove Chatkeep's tables, functions and roles from the database.",
    flags: { yes: "Do not ask." },
    settings: DATABASE,
    async run({ environment, log, output, flags }) {
      const { runUninstall } = await import("./uninstall.ts");
      return runUninstall(environment, { log, output, yes: flags.has("yes") });
    },
  },
  doctor: {
    summary: "Check the database, one line a check. Exit code 1 if one fails.",
    settings: [...DATABASE, ...OBJECTS],
    async run({ environment, log, output }) {
      const { runDoctor } = await import("./doctor.ts");
      return runDoctor(environment, { log, output });
    },
  },
  token: {
    summary: "Make a user token, to try a signed-in user.",
    options: { user: OWNER.user, expires: "How long it is valid: 30m, 1h (default), 7d." },
    settings: ["CHATKEEP_JWT_SECRET", "CHATKEEP_JWT_ISSUER", "CHATKEEP_JWT_AUDIENCE"],
    async run({ environment, options }) {
      const { makeToken } = await import("./credentials.ts");
      return makeToken(environment, options);
    },
  },
  key: {
    summary: "Make a server key for a trusted back end.",
    options: { name: "The key's name in the audit. Default backend." },
    settings: [],
    async run({ options }) {
      const { makeKey } = await import("./credentials.ts");
      return makeKey(options);
    },
  },
  export: {
    summary: "Write all data of one user or session as JSON Lines, or one conversation as a file to read.",
    options: {
      ...OWNER,
      conversation: "Only this conversation, by its id.",
      format: "With --conversation: markdown, html, or json (default), which import reads.",
      leaf: "With --conversation: the last message of the branch, by its id.",
    },
    settings: [...DATABASE, ...OBJECTS, ...USERS],
    async run({ environment, options, log, output }) {
      const { runExport } = await import("./owner-data.ts");
      await runExport(environment, options, { log, output });
      return 0;
    },
  },
  import: {
    summary: "Store exports of ChatGPT, Claude, Open WebUI, LibreChat or Chatkeep: import FILE… --user ID.",
    argument: "FILE",
    options: {
      ...OWNER,
      from: "Read the tables of chatbot, chainlit, langchain or n8n. FILE is then the address of their PostgreSQL.",
      of: "The user of chatbot or chainlit, or the session of langchain or n8n, by the id in those tables.",
      table: "The table of langchain or n8n, if it has another name.",
    },
    settings: [...DATABASE, ...OBJECTS, ...USERS],
    async run({ environment, args, options, log }) {
      const { runImport } = await import("./owner-data.ts");
      return runImport(environment, { ...options, paths: args }, { log, progress: process.stderr });
    },
  },
  erase: {
    summary: "Permanently erase all data of one user or session.",
    options: OWNER,
    settings: [...DATABASE, ...OBJECTS, ...USERS],
    async run({ environment, options, log }) {
      const { runErase } = await import("./owner-data.ts");
      return runErase(environment, options, log);
    },
  },
  usage: {
    summary:
      "Show tokens and cost by day and model: of everybody, or of one user or session with their budgets.",
    options: { ...OWNER, days: "The number of days, today included: 1 to 366. Default 30." },
    settings: [...DATABASE, ...USERS, ...BUDGETS],
    async run({ environment, options, log }) {
      const { runUsage } = await import("./usage.ts");
      return runUsage(environment, options, log);
    },
  },
  prune: {
    summary: "Permanently delete expired sessions and trashed conversations.",
    settings: [...DATABASE, ...OBJECTS, "CHATKEEP_UNDO", "CHATKEEP_WAITING", "CHATKEEP_SESSION_IDLE"],
    async run({ environment, log }) {
      const { runPrune } = await import("./owner-data.ts");
      return runPrune(environment, log);
    },
  },
};
