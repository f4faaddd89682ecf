import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";

import { readAddress } from "@chatkeep/core";

import { type EmbeddingSettings, readEmbedding } from "./environment/embedding.ts";
import { type IdentitySettings, readIdentity } from "./environment/identity.ts";
import { type LimitSettings, readLimits } from "./environment/limits.ts";
import { type ModelSettings, readModel } from "./environment/model.ts";
import { readObjects } from "./environment/objects.ts";
import { createReader } from "./environment/reader.ts";
import { type TurnSettings, readTurns } from "./environment/turns.ts";
import type { S3Options } from "./s3.ts";
import { SETTINGS } from "./settings.ts";
import { StartError } from "./start-error.ts";

/** The settings of the command; `.env.example` lists the variables. */
export interface Environment {
  /** PORT: 0 takes a free one. */
  readonly port: number;
  /** HOST: the address to listen on. */
  readonly host: string;
  /** LOG_LEVEL: one of pino's. */
  readonly logLevel: string;
  /** DATABASE_URL, else NEON_DATABASE_URL; without either the embedded database is used. */
  readonly databaseUrl: string | undefined;
  /** CHATKEEP_HOME: the folder of the embedded database. */
  readonly home: string;
  /** CHATKEEP_SCHEMA: the schema of our tables. */
  readonly schema: string;
  /** CHATKEEP_DOCS: the folder of Markdown that the docs responder answers from. */
  readonly docs: string;
  /** Whether CHATKEEP_DOCS is set: a model answers from the docs only then. */
  readonly docsGiven: boolean;
  /** CHATKEEP_MODEL and its settings; `undefined`: the docs answer. */
  readonly model: ModelSettings | undefined;
  /** CHATKEEP_EMBEDDING_MODEL and its settings; `undefined`: no vector search. */
  readonly embedding: EmbeddingSettings | undefined;
  /** CHATKEEP_S3_BUCKET and its settings; `undefined`: PostgreSQL keeps the bytes of files. */
  readonly objects: S3Options | undefined;
  /** CHATKEEP_RESPONDER: a file whose default export is a responder. */
  readonly responder: string | undefined;
  /** CHATKEEP_GRACE: how long turns may go on after SIGTERM, in milliseconds; seconds in the variable. */
  readonly grace: number;
  /** How people and back ends sign in. */
  readonly identity: IdentitySettings;
  /** What one person may do and keep. */
  readonly limits: LimitSettings;
  /** How turns are kept. */
  readonly turns: TurnSettings;
  /** A sentence for each setting that is misspelt or was given under its former name. */
  readonly notices: readonly string[];
  /** Whether npm started us (it sets npm_lifecycle_event). */
  readonly underNpm: boolean;
}

/**
 * Reads the environment: the process's, and below it the file `.env` of the working directory. Throws a
 * {@link StartError} with a sentence for each variable that cannot be used.
 */
export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = readVariables(),
): Environment {
  const reader = createReader(variables);
  const { text, number, choice, faults, notices } = reader;
  const port = number("PORT");
  const grace = number("CHATKEEP_GRACE");
  const logLevel = choice("LOG_LEVEL");

  const urlName = text("DATABASE_URL") === undefined ? "NEON_DATABASE_URL" : "DATABASE_URL";
  const databaseUrl = text(urlName);
  if (databaseUrl !== undefined) {
    try {
      const { unused } = readAddress(databaseUrl);
      if (unused.length > 0) notices.push(unusedParameters(urlName, unused));
    } catch (error) {
      // It does not repeat the value, which holds a password.
      faults.push(
        (error as TypeError).message
          .replaceAll("the database URL", urlName)
          .replace("The database URL", urlName),
      );
    }
  }

  const schema = text("CHATKEEP_SCHEMA") ?? SETTINGS.CHATKEEP_SCHEMA.default;
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    faults.push(`CHATKEEP_SCHEMA must be small letters, digits and _, at most 48 of them, not "${schema}".`);
  }

  const responder = text("CHATKEEP_RESPONDER");
  if (responder !== undefined && !existsSync(responder)) {
    faults.push(`CHATKEEP_RESPONDER must name a file; there is no "${responder}" here.`);
  }
  const model = readModel(reader);
  if (responder !== undefined && model !== undefined) {
    faults.push("Set CHATKEEP_RESPONDER or CHATKEEP_MODEL, not both: one of them answers.");
  }

  const embedding = readEmbedding(reader);
  const objects = readObjects(reader);

  const docs = text("CHATKEEP_DOCS");
  if (docs !== undefined && statSync(docs, { throwIfNoEntry: false })?.isDirectory() !== true) {
    faults.push(`CHATKEEP_DOCS must name a folder of Markdown; there is no folder "${docs}" here.`);
  }

  const identity = readIdentity(reader);
  const limits = readLimits(reader);
  const turns = readTurns(reader);
  if (faults.length > 0) throw new StartError(faults.join("\n"));
  return {
    port,
    host: text("HOST") ?? SETTINGS.HOST.default,
    logLevel,
    databaseUrl,
    home: text("CHATKEEP_HOME") ?? SETTINGS.CHATKEEP_HOME.default,
    schema,
    docs: docs ?? ownGuide(),
    docsGiven: docs !== undefined,
    model,
    embedding,
    objects,
    responder,
    grace: grace * 1000,
    identity,
    limits,
    turns,
    notices,
    underNpm: variables["npm_lifecycle_event"] !== undefined,
  };
}

function readVariables(): Record<string, string | undefined> {
  const file = existsSync(".env") ? parseEnv(readFileSync(".env", "utf8")) : {};
  return { ...file, ...process.env };
}

/** The sentence about parameters of a URL that are for other clients. */
function unusedParameters(urlName: string, names: readonly string[]): string {
  const schema = names.includes("schema") ? " Chatkeep's schema is CHATKEEP_SCHEMA." : "";
  return `${urlName} has parameters without effect here: ${names.join(", ")}.${schema}`;
}

/** Chatkeep's own guide: beside the built package, or in the repository. */
function ownGuide(): string {
  const shipped = new URL("../guide/", import.meta.url);
  return fileURLToPath(existsSync(shipped) ? shipped : new URL("../../../docs/guide/", import.meta.url));
}
