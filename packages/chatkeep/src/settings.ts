import { DEFAULT_LIMITS } from "@chatkeep/core";
import { DEFAULT_RATES, DEFAULT_STORAGE } from "@chatkeep/server";

/** One setting, as the environment or the file `.env` gives it. */
export interface Setting {
  /** What it sets, in one sentence. */
  readonly meaning: string;
  /** Its value where none is set. */
  readonly default?: string | number;
  /** What happens where none is set and it has no default value. */
  readonly otherwise?: string;
  /** A number from 0 to this. */
  readonly most?: number;
  /** What a number counts that may have decimals. Whole numbers have none. */
  readonly unit?: "seconds" | "days" | "";
  /** The values that it may have. */
  readonly choices?: readonly string[];
  /** Its name until the last release. */
  readonly former?: string;
}

const seconds = (value: number, most: number, meaning: string) =>
  ({ meaning, default: value, most, unit: "seconds" }) as const;
const days = (value: number, meaning: string) =>
  ({ meaning, default: value, most: 36_500, unit: "days" }) as const;
const whole = (value: number, most: number, meaning: string) => ({ meaning, default: value, most }) as const;
const choice = <const T extends string>(value: NoInfer<T>, choices: readonly T[], meaning: string) => ({
  meaning,
  default: value,
  choices,
});

const dollars = (meaning: string) => ({ meaning, default: 0, most: 1_000_000, unit: "" }) as const;

/** A rate: a million is as good as none. */
const RATE = 1_000_000;
/** So is a budget of a million million. */
const BUDGET = 1_000_000_000_000;

/**
 * Every setting. `--help`, `.env.example`, the table in the guide, the readers' defaults and bounds, and the check for
 * misspelt names come from here.
 */
export const SETTINGS = {
  PORT: whole(3000, 65_535, "The port to listen on; 0 takes a free one."),
  HOST: {
    meaning: "The address to listen on: 127.0.0.1 is this machine only, 0.0.0.0 all its addresses.",
    default: "127.0.0.1",
  },
  LOG_LEVEL: choice(
    "info",
    ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
    "How much is logged.",
  ),
  DATABASE_URL: {
    meaning: "PostgreSQL 15 to 18: postgres://user:password@host:5432/database.",
    otherwise: "an embedded PostgreSQL",
  },
  NEON_DATABASE_URL: { meaning: "The name that Neon gives this URL. DATABASE_URL overrides it." },
  CHATKEEP_HOME: { meaning: "The folder of the embedded PostgreSQL.", default: ".chatkeep" },
  CHATKEEP_SCHEMA: { meaning: "The schema of Chatkeep's tables.", default: "chatkeep" },
  CHATKEEP_DOCS: {
    meaning: "A folder of Markdown to answer from.",
    otherwise: "Chatkeep's own guide",
    former: "CHATKEEP_BOOK",
  },
  CHATKEEP_MODEL: {
    meaning:
      "The model that answers instead of the docs: openai-compatible/<name>, openai/<name>, anthropic/<name> or google/<name>.",
  },
  OPENAI_BASE_URL: { meaning: "The model server's address, up to and with /v1; openai-compatible needs it." },
  OPENAI_API_KEY: { meaning: "The API key of that server." },
  ANTHROPIC_API_KEY: { meaning: "The API key of anthropic/<name>." },
  GOOGLE_GENERATIVE_AI_API_KEY: { meaning: "The API key of google/<name>." },
  CHATKEEP_SYSTEM: { meaning: "A file with the model's system prompt." },
  CHATKEEP_PRICE: {
    meaning:
      "US dollars for a million tokens in and out, such as 2.5/10: the cost is then stored with each answer.",
  },
  CHATKEEP_MODEL_TASKS: {
    meaning: "Background work of the model: titles, summaries, or both with a comma between.",
  },
  CHATKEEP_EMBEDDING_MODEL: {
    meaning:
      "Enables vector search, where PostgreSQL has pgvector: openai-compatible/<name>, openai/<name> or google/<name>.",
  },
  CHATKEEP_EMBEDDING_BASE_URL: {
    meaning: "The embedding server's address, up to and with /v1.",
    otherwise: "OPENAI_BASE_URL",
  },
  CHATKEEP_EMBEDDING_LEAST: {
    meaning: "Minimum similarity of a vector match, 0 to 1. Models differ.",
    default: 0.3,
    most: 1,
    unit: "",
  },
  CHATKEEP_S3_BUCKET: {
    meaning:
      "The bucket of S3 that keeps the bytes of new files. Needs @aws-sdk/client-s3 and @aws-sdk/lib-storage.",
    otherwise: "PostgreSQL keeps them",
  },
  CHATKEEP_S3_PREFIX: {
    meaning: "The prefix of each object's key in the bucket, such as chatkeep/.",
  },
  CHATKEEP_S3_ENDPOINT: {
    meaning: "The address of a store that speaks S3's protocol, such as https://s3.example.org.",
    otherwise: "Amazon's",
  },
  AWS_REGION: { meaning: "The region of the bucket." },
  AWS_ACCESS_KEY_ID: {
    meaning: "The id of the key for the bucket.",
    otherwise: "a profile, or the role of the machine",
  },
  AWS_SECRET_ACCESS_KEY: { meaning: "The secret of that key." },
  AWS_SESSION_TOKEN: { meaning: "The session token of that key, if the key is temporary." },
  CHATKEEP_RESPONDER: {
    meaning: 'A file whose default export answers: async function* (request) { yield "…"; }.',
    otherwise: "the model or the docs answer",
  },
  CHATKEEP_GRACE: seconds(
    20,
    3600,
    "Seconds that running turns may go on after SIGTERM or SIGINT. Then they are handed over to another server.",
  ),
  CHATKEEP_HANDOVER: seconds(
    60,
    3600,
    "Seconds that a turn waits for another server to continue it, after its own ended or died. Then it is interrupted.",
  ),
  CHATKEEP_LEASE: seconds(10, 300, "Seconds until another server takes over a dead server's turns."),
  CHATKEEP_EVENTS: seconds(
    600,
    86_400,
    "Minimum seconds to keep the events of a settled turn, for readers who resume.",
  ),
  CHATKEEP_ANSWER_TIMEOUT: seconds(120, 3600, "Seconds without output after which a responder fails."),
  CHATKEEP_OUTAGE_USERS: choice(
    "required",
    ["required", "best-effort"],
    "Signed-in users while the database is down: required refuses questions; best-effort answers without saving, and says so.",
  ),
  CHATKEEP_OUTAGE_SESSIONS: choice(
    "best-effort",
    ["required", "best-effort"],
    "Anonymous sessions while the database is down.",
  ),
  CHATKEEP_JWT_SECRET: {
    meaning: "The secret of user tokens (HS256), at least 32 bytes: openssl rand -base64 48.",
    otherwise: "nobody signs in",
  },
  CHATKEEP_JWKS_URL: { meaning: "The URL of the public keys of user tokens. Set this or the secret." },
  CHATKEEP_JWT_ISSUER: { meaning: "The iss that tokens must carry.", otherwise: "any" },
  CHATKEEP_JWT_AUDIENCE: { meaning: "The aud that tokens must carry.", otherwise: "any" },
  CHATKEEP_OIDC_ISSUER: {
    meaning:
      "The OpenID Connect issuer of people who sign in to the app, exactly as in its iss, such as https://login.example.org.",
    otherwise: "the app takes tokens",
  },
  CHATKEEP_OIDC_CLIENT_ID: { meaning: "The client id of this server at the issuer." },
  CHATKEEP_OIDC_CLIENT_SECRET: {
    meaning:
      "The secret of that client. A key derived from it seals the cookies of people who have signed in.",
  },
  CHATKEEP_OIDC_REDIRECT_URL: {
    meaning: "The callback's address that the issuer knows. Set it behind a proxy.",
    otherwise: "/api/auth/callback of the request's address",
  },
  CHATKEEP_API_KEYS: {
    meaning: "The keys of trusted back ends, as chatkeep key prints them, with commas between.",
  },
  CHATKEEP_HIDE_EXISTENCE: { meaning: "true: another owner's data is 404 instead of 403.", default: "false" },
  CHATKEEP_ORIGINS: {
    meaning:
      "Other sites whose pages may use the API: https://docs.example.org, with commas between, or * for any.",
  },
  CHATKEEP_TRUST_PROXY: whole(0, 10, "Number of proxies in front that write X-Forwarded-For."),
  CHATKEEP_LIMIT_REQUESTS: whole(
    DEFAULT_RATES.requestsPerOwner,
    RATE,
    "Requests a minute of one person to one server; 0 is no limit.",
  ),
  CHATKEEP_LIMIT_REQUESTS_ADDRESS: whole(
    DEFAULT_RATES.requestsPerAddress,
    RATE,
    "Requests a minute from one address to one server.",
  ),
  CHATKEEP_LIMIT_TURNS: whole(DEFAULT_RATES.turnsPerOwner, RATE, "Questions a minute of one person."),
  CHATKEEP_LIMIT_TURNS_ADDRESS: whole(
    DEFAULT_RATES.turnsPerAddress,
    RATE,
    "Questions a minute from one address.",
  ),
  CHATKEEP_LIMIT_BYTES: whole(
    DEFAULT_STORAGE.bytesPerOwner,
    1024 ** 4,
    "Bytes that one person may write in a day; 0 is no limit.",
  ),
  CHATKEEP_LIMIT_BYTES_ADDRESS: whole(
    DEFAULT_STORAGE.bytesPerAddress,
    1024 ** 4,
    "Bytes written in a day from one address.",
  ),
  CHATKEEP_BUDGET_TOKENS_DAY: whole(
    0,
    BUDGET,
    "Tokens that one person's answers may use in a day of UTC; 0 is no limit. Checked before each question.",
  ),
  CHATKEEP_BUDGET_TOKENS_MONTH: whole(0, BUDGET, "Tokens that one person's answers may use in a month."),
  CHATKEEP_BUDGET_COST_DAY: dollars(
    "US dollars that one person's answers may cost in a day; CHATKEEP_PRICE sets the price.",
  ),
  CHATKEEP_BUDGET_COST_MONTH: dollars("US dollars that one person's answers may cost in a month."),
  CHATKEEP_MAX_BODY: whole(
    8 * 1024 * 1024,
    1024 ** 3,
    "Bytes of a request. Earlier messages of a chat do not count, up to 16 times as much.",
  ),
  CHATKEEP_MAX_QUESTION: whole(DEFAULT_LIMITS.userText, 10_000_000, "Characters of a person's message."),
  CHATKEEP_MAX_MESSAGE: whole(DEFAULT_LIMITS.messageBytes, 256 * 1024 * 1024, "Bytes of any message."),
  CHATKEEP_MAX_METADATA: whole(
    DEFAULT_LIMITS.metadataBytes,
    16 * 1024 * 1024,
    "Bytes of a message's or conversation's metadata.",
  ),
  CHATKEEP_MAX_CONVERSATIONS: whole(
    DEFAULT_LIMITS.conversations,
    1_000_000_000,
    "Conversations of one person.",
  ),
  CHATKEEP_MAX_FILE: whole(DEFAULT_LIMITS.fileBytes, 1024 ** 4, "Bytes of one file."),
  CHATKEEP_MAX_FILES: whole(DEFAULT_LIMITS.ownerFileBytes, 1024 ** 5, "Bytes of all files of one person."),
  CHATKEEP_UNDO: days(30, "Days that a deleted conversation can be restored."),
  CHATKEEP_TEMPORARY: days(1, "Days until a temporary conversation is deleted."),
  CHATKEEP_WAITING: days(7, "Days in which an approval, or the result of a client's tool, can be given."),
  CHATKEEP_SESSION_IDLE: days(180, "Days until an idle session is deleted with all its data."),
} as const satisfies Readonly<Record<string, Setting>>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** The name of a setting with choices. */
export type ChoiceName = {
  [N in SettingName]: (typeof SETTINGS)[N] extends { readonly choices: readonly string[] } ? N : never;
}[SettingName];

/** A value of a setting with choices. */
export type Choice<N extends ChoiceName> = (typeof SETTINGS)[N]["choices"][number];

/** What is known of a setting. */
export function settingOf(name: SettingName): Setting {
  return SETTINGS[name];
}
