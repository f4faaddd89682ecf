/** The commands, each with the line that `chatkeep --help` has of it. */
export const COMMANDS = {
  serve: "Serve the API and the page. `npm start` runs it.",
  migrate: "Migrate the database's schema to this release.",
  grant: "Let another login serve: chatkeep grant LOGIN. Migrates first.",
  uninstall: "Permanently remove Chatkeep's tables, functions and roles from the database.",
  doctor: "Check the database, one line a check. Exit code 1 if one fails.",
  token: "Make a user token, to try a signed-in user.",
  key: "Make a server key for a trusted back end.",
  export: "Write all data of one user or session as JSON Lines.",
  erase: "Permanently erase all data of one user or session.",
  prune: "Permanently delete expired sessions and trashed conversations.",
} as const;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

const WHOSE = {
  user: "The user's id, as `sub` in their tokens.",
  session: "The session's id, a UUID v4.",
} as const;

/** The options of each command, besides --help; each takes a value. */
export const OPTIONS: Readonly<Record<CommandName, Readonly<Record<string, string>>>> = {
  serve: {},
  migrate: {},
  grant: {},
  uninstall: {},
  doctor: {},
  token: { user: WHOSE.user, expires: "How long it is valid: 30m, 1h (default), 7d." },
  key: { name: "The key's name in the audit. Default backend." },
  export: WHOSE,
  erase: WHOSE,
  prune: {},
};

/** The options of each command that take no value. */
export const FLAGS: Readonly<Partial<Record<CommandName, Readonly<Record<string, string>>>>> = {
  migrate: { repair: "Mend what a restore left wrong: owners, rights, policies, indexes, functions." },
  grant: { backup: "Let it read all rows instead, for pg_dump --enable-row-security." },
  uninstall: { yes: "Do not ask." },
};

/** What `chatkeep --help` prints. */
export function generalHelp(): string {
  const lines = Object.entries(COMMANDS).map(([name, line]) => `  ${name.padEnd(11)}${line}`);
  return `Conversation memory for AI chat, on PostgreSQL.

Usage: chatkeep <command>

${lines.join("\n")}

  --help     This text; after a command: that command's.
  --version  The version.
`;
}

/** What `chatkeep <command> --help` prints. */
export function commandHelp(name: CommandName): string {
  const options = Object.entries({ ...OPTIONS[name], ...FLAGS[name] }).map(
    ([option, meaning]) => `  ${`--${option}`.padEnd(33)}${meaning}\n`,
  );
  return `chatkeep ${name}

${COMMANDS[name]}

${options.length === 0 ? "" : `${options.join("")}\n`}${VARIABLES[name].length === 0 ? "" : "Settings come from the environment, or from a file .env in the working directory:\n\n"}${VARIABLES[name].map((variable) => `  ${variable.padEnd(33)}${MEANINGS[variable]}`).join("\n")}
`;
}

const MEANINGS = {
  PORT: "The port to listen on. Default 3000; 0 takes a free one.",
  HOST: "The address to listen on. Default 127.0.0.1: this machine only.",
  LOG_LEVEL: "trace, debug, info (default), warn, error, fatal or silent.",
  DATABASE_URL: "postgres://user:password@host:5432/database. Default: an embedded PostgreSQL.",
  NEON_DATABASE_URL: "The name that Neon gives this URL.",
  CHATKEEP_HOME: "The folder of the embedded PostgreSQL. Default .chatkeep.",
  CHATKEEP_SCHEMA: "The schema of Chatkeep's tables. Default chatkeep.",
  CHATKEEP_DOCS: "A folder of Markdown to answer from. Default: Chatkeep's own guide.",
  CHATKEEP_MODEL:
    "openai-compatible/<name>, openai/…, anthropic/… or google/…: let this model answer instead of the docs.",
  OPENAI_BASE_URL: "The model server's address, up to and with /v1.",
  OPENAI_API_KEY: "The API key of that server. Default: none.",
  ANTHROPIC_API_KEY: "The key of anthropic/….",
  GOOGLE_GENERATIVE_AI_API_KEY: "The key of google/….",
  CHATKEEP_SYSTEM: "A file with the model's system prompt.",
  CHATKEEP_PRICE: "US dollars for a million tokens in and out, such as 2.5/10.",
  CHATKEEP_MODEL_TASKS: "Background work of the model: titles,summaries. Default: none.",
  CHATKEEP_EMBEDDING_MODEL:
    "openai-compatible/<name>, openai/… or google/…: enables vector search, where PostgreSQL has pgvector.",
  CHATKEEP_EMBEDDING_BASE_URL: "Its server's address, up to and with /v1. Default: OPENAI_BASE_URL.",
  CHATKEEP_EMBEDDING_LEAST: "Minimum similarity of a vector match, 0 to 1. Default 0.3.",
  CHATKEEP_RESPONDER: "A file whose default export answers: async function* (request).",
  CHATKEEP_GRACE: "Seconds that running turns may continue after SIGTERM. Default 20.",
  CHATKEEP_JWT_SECRET: "The secret of user tokens (HS256), at least 32 bytes.",
  CHATKEEP_JWKS_URL: "Or the URL of the public keys of user tokens.",
  CHATKEEP_JWT_ISSUER: "The iss that tokens must carry. Default: any.",
  CHATKEEP_JWT_AUDIENCE: "The aud that tokens must carry. Default: any.",
  CHATKEEP_API_KEYS: "Server keys, name:hash, separated by commas; see chatkeep key.",
  CHATKEEP_HIDE_EXISTENCE: "true: another owner's data is 404 instead of 403.",
  CHATKEEP_ORIGINS: "Sites whose pages may use the API, separated by commas, or *. Default: none.",
  CHATKEEP_TRUST_PROXY: "Number of proxies in front that write X-Forwarded-For. Default 0.",
  CHATKEEP_LIMIT_REQUESTS: "Requests a minute of one person. Default 600; 0 is no limit.",
  CHATKEEP_LIMIT_REQUESTS_ADDRESS: "Requests a minute from one address. Default 2400.",
  CHATKEEP_LIMIT_TURNS: "Questions a minute of one person. Default 30.",
  CHATKEEP_LIMIT_TURNS_ADDRESS: "Questions a minute from one address. Default 120.",
  CHATKEEP_LIMIT_BYTES:
    "Bytes that one person may write in a day; 0 is no limit. Default 134217728 (128 MiB).",
  CHATKEEP_LIMIT_BYTES_ADDRESS: "Bytes written in a day from one address. Default 1073741824 (1 GiB).",
  CHATKEEP_MAX_BODY: "Bytes of a request. Default 8388608.",
  CHATKEEP_MAX_QUESTION: "Characters of a person's message. Default 10000.",
  CHATKEEP_MAX_MESSAGE: "Bytes of any message. Default 4194304.",
  CHATKEEP_MAX_METADATA: "Bytes of metadata. Default 16384.",
  CHATKEEP_MAX_CONVERSATIONS: "Conversations of one person. Default 10000.",
  CHATKEEP_UNDO: "Days that a deleted conversation can be restored. Default 30.",
  CHATKEEP_SESSION_IDLE: "Days until an idle session is deleted with all its data. Default 180.",
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
  migrate: [...DATABASE, "CHATKEEP_EMBEDDING_MODEL"],
  grant: [...DATABASE, "CHATKEEP_EMBEDDING_MODEL"],
  uninstall: DATABASE,
  doctor: DATABASE,
  token: ["CHATKEEP_JWT_SECRET", "CHATKEEP_JWT_ISSUER", "CHATKEEP_JWT_AUDIENCE"],
  key: [],
  export: [...DATABASE, "CHATKEEP_JWT_ISSUER"],
  erase: [...DATABASE, "CHATKEEP_JWT_ISSUER"],
  prune: [...DATABASE, "CHATKEEP_UNDO", "CHATKEEP_SESSION_IDLE"],
};
