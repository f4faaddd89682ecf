import { openConnection } from "@chatkeep/core";
import type { Log } from "@chatkeep/server";

import { explainDatabaseError } from "./database-fault.ts";
import { WAKE_TIMEOUT, openDatabase, whenAwake } from "./database.ts";
import { findBackup } from "./doctor/backup.ts";
import { type Finding, checkServer, describeUrl } from "./doctor/checks.ts";
import { findIsolation } from "./doctor/isolation.ts";
import { findKeys } from "./doctor/keys.ts";
import { findObjects } from "./doctor/objects.ts";
import { findSettings } from "./doctor/settings.ts";
import { findWrites } from "./doctor/writes.ts";
import { EmbeddedDatabaseError } from "./embedded/error.ts";
import type { Environment } from "./environment.ts";
import type { Output } from "./log.ts";

/** Options of {@link runDoctor}. */
export interface DoctorOptions {
  readonly log: Log;
  readonly output: Output;
}

/**
 * `chatkeep doctor`: looks at the database and changes nothing in it. Writes one line a check; each that
 * fails says what to do. Gives the exit code: 1 when one failed.
 */
export async function runDoctor(environment: Environment, { log, output }: DoctorOptions): Promise<number> {
  let failed = false;
  const tell = ({ check, state, text }: Finding): void => {
    output.write(`${state.padEnd(5)} ${check.padEnd(9)} ${text}\n`);
    if (state === "fail") failed = true;
  };
  try {
    for (const finding of await findObjects(environment)) tell(finding);
    const database = await openDatabase(environment, log);
    try {
      tell({ check: "URL", state: "ok", text: describeUrl(database.url, database.kind) });
      await examine({ url: database.url, schema: environment.schema, tell, log });
    } finally {
      await database.close();
    }
  } catch (error) {
    if (!(error instanceof EmbeddedDatabaseError)) throw error;
    // Somebody serves from this home: that is how it should be, only no second one can look inside.
    const state = error.code === "home_in_use" ? "note" : "fail";
    tell({ check: "URL", state, text: error.message });
  }
  return failed ? 1 : 0;
}

interface Examination {
  readonly url: string;
  readonly schema: string;
  readonly tell: (finding: Finding) => void;
  readonly log: Log;
}

async function examine({ url, schema, tell, log }: Examination): Promise<void> {
  const connected = await whenAwake(() => openConnection(url, WAKE_TIMEOUT)).catch((error: unknown) => {
    const fault = explainDatabaseError(error, url);
    if (fault === undefined) throw error;
    tell({ check: "connect", state: "fail", text: fault.sentence });
    return undefined;
  });
  if (connected === undefined) return;
  connected.on("error", (error) => log.warn({ err: error }, "the connection was lost"));
  try {
    let isWhole = true;
    for await (const finding of findSettings(connected)) {
      tell(finding);
      if (finding.check === "writes") isWhole = false;
    }
    for await (const finding of checkServer(connected, { url, schema })) {
      tell(finding);
      if (["rights", "schema"].includes(finding.check) && finding.state === "fail") isWhole = false;
    }
    if (isWhole) {
      for await (const finding of findWrites(connected, { url, schema })) tell(finding);
      for await (const finding of findIsolation(connected, schema)) tell(finding);
      for await (const finding of findBackup(connected, schema)) tell(finding);
      for await (const finding of findKeys(connected, schema)) tell(finding);
    }
  } catch (error) {
    const fault = explainDatabaseError(error, url);
    if (fault === undefined) throw error;
    tell({ check: "connect", state: "fail", text: fault.sentence });
  } finally {
    await connected.end();
  }
}
