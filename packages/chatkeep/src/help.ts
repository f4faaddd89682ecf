/** The commands, each with the line that `chatkeep --help` has of it. */
export const COMMANDS = {
  serve: "Serve the API and the page. `npm start` runs it.",
  migrate: "Bring the database's schema to this release, and end.",
  doctor: "Check the database, one line a check; exit code 1 when one fails.",
} as const;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** What `chatkeep --help` prints. */
export function generalHelp(): string {
  const lines = Object.entries(COMMANDS).map(([name, line]) => `  ${name.padEnd(9)}${line}`);
  return `Conversation memory for AI chat, on PostgreSQL.

Usage: chatkeep <command>

${lines.join("\n")}

  --help     This text; after a command: that command's.
  --version  The version.
`;
}

/** What `chatkeep <command> --help` prints. */
export function commandHelp(name: CommandName): string {
  return `chatkeep ${name}

${COMMANDS[name]}

Settings come from the environment, or from a file .env in the working directory:

${VARIABLES[name].map((variable) => `  ${variable.padEnd(20)}${MEANINGS[variable]}`).join("\n")}
`;
}

const MEANINGS = {
  PORT: "The port to listen on. Default 3000; 0 takes a free one.",
  HOST: "The address to listen on. Default 127.0.0.1: this machine only.",
  LOG_LEVEL: "trace, debug, info (default), warn, error, fatal or silent.",
  DATABASE_URL: "postgres://user:password@host:5432/database. Default: an embedded PostgreSQL.",
  NEON_DATABASE_URL: "The same, under the name that Neon gives it.",
  CHATKEEP_HOME: "The folder of the embedded PostgreSQL. Default .chatkeep.",
  CHATKEEP_SCHEMA: "The schema of Chatkeep's tables. Default chatkeep.",
  CHATKEEP_BOOK: "A folder of Markdown to answer from. Default: Chatkeep's own guide.",
  CHATKEEP_MODEL: "openai-compatible/<name>: let this model answer instead of the book.",
  OPENAI_BASE_URL: "The model server's address, up to and with /v1.",
  OPENAI_API_KEY: "The key that is sent to it. Default: none.",
  CHATKEEP_RESPONDER: "A file whose default export answers: async function* (request).",
  CHATKEEP_GRACE: "Seconds that turns may go on after SIGTERM. Default 20.",
} as const;

const DATABASE = [
  "DATABASE_URL",
  "NEON_DATABASE_URL",
  "CHATKEEP_HOME",
  "CHATKEEP_SCHEMA",
  "LOG_LEVEL",
] as const;

const VARIABLES: Readonly<Record<CommandName, readonly (keyof typeof MEANINGS)[]>> = {
  serve: Object.keys(MEANINGS) as (keyof typeof MEANINGS)[],
  migrate: DATABASE,
  doctor: DATABASE,
};
