import { type Queryable, checkIsolation, releaseSchema } from "@chatkeep/core";

import type { Finding } from "./checks.ts";

/** Whether one person's rows can be had by another; nothing where this login may not use this release's functions, or they are not there yet. */
export async function* findIsolation(connection: Queryable, schema: string): AsyncGenerator<Finding> {
  const { rows } = await connection.query({
    text: "select coalesce(has_schema_privilege(to_regnamespace($1), 'usage'), false) as there",
    values: [`"${releaseSchema(schema)}"`],
  });
  if (!(rows[0] as { there: boolean }).there) return;
  const { faults, warnings } = await checkIsolation(connection, { schema });
  for (const text of warnings) yield { check: "isolation", state: "note", text };
  for (const text of faults) yield { check: "isolation", state: "fail", text };
  if (faults.length > 0) return;
  const text = "nobody gets at somebody else's conversations: asked of the catalogs, and tried";
  yield { check: "isolation", state: "ok", text };
}
