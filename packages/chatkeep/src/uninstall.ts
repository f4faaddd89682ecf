import { createInterface } from "node:readline/promises";

import { type Removal, planUninstall, uninstall } from "@chatkeep/core";
import type { Log } from "@chatkeep/server";

import { whenAwake, withDatabase } from "./database.ts";
import { describeUrl } from "./doctor/checks.ts";
import type { Environment } from "./environment.ts";
import type { Output } from "./log.ts";
import { StartError } from "./start-error.ts";

/** Options of {@link runUninstall}. */
export interface RunUninstallOptions {
  readonly log: Log;
  /** Where it is said what goes. */
  readonly output: Output;
  /** Whether to go on without asking. */
  readonly yes: boolean;
}

/** `chatkeep uninstall`: says what it removes, asks, removes it, and says so in one sentence. */
export async function runUninstall(
  environment: Environment,
  { log, output, yes }: RunUninstallOptions,
): Promise<string> {
  const { schema } = environment;
  return withDatabase(environment, log, async (pool, database) => {
    const plan = await whenAwake(() => planUninstall(pool, { schema }));
    if (plan.schemas.length + plan.roles.length === 0)
      return `Nothing of Chatkeep is in the schema "${schema}".`;
    output.write(`${describeUrl(database.url, database.kind)}\nTo be removed permanently:\n${listOf(plan)}`);
    if (!yes && !(await isConfirmed())) return "Nothing was removed.";
    const { keptRoles } = await uninstall(pool, { schema });
    const kept = keptRoles.map((role) => `"${role}"`).join(" and ");
    return kept === ""
      ? "Chatkeep was removed. Extensions stay, since other tables may use them."
      : `Chatkeep was removed. Extensions stay, and so do the roles ${kept}: another database uses them.`;
  });
}

function listOf({ schemas, bytes, conversations, roles, dependents }: Removal): string {
  const size = `${(bytes / 1_048_576).toFixed(1)} MB, about ${conversations} conversations`;
  const lines = [
    ...(schemas.length === 0 ? [] : [`schemas: ${schemas.join(", ")} (${size})`]),
    ...(roles.length === 0 ? [] : [`roles: ${roles.join(", ")}`]),
    ...(dependents.length === 0 ? [] : [`in your own schemas: ${dependents.join(", ")}`]),
  ];
  return lines.map((line) => `  ${line}\n`).join("");
}

/** Asks at the terminal; without one, nobody can answer. */
async function isConfirmed(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new StartError("Nothing was removed: add --yes to remove it without being asked.");
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question('Type "yes" to remove it: ');
  lines.close();
  return answer.trim().toLowerCase() === "yes";
}
