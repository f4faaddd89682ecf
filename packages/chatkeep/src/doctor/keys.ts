import type { Finding, ServerConnection } from "./checks.ts";

/** The foreign keys of other schemas' tables that would stop a claim, an erasure or pruning. */
export async function* findKeys(connection: ServerConnection, schema: string): AsyncGenerator<Finding> {
  const { rows } = await connection.query(
    `select k.conname as name, format('%I.%I', c.relnamespace::regnamespace, c.relname) as of_table,
       k.confupdtype <> 'c' as stops_claims, k.confdeltype in ('a', 'r') as stops_deletion
     from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class t on t.oid = k.confrelid
     where k.contype = 'f' and k.conparentid = 0 and t.relnamespace = to_regnamespace($1)::oid and c.relnamespace <> t.relnamespace
       and (k.confupdtype <> 'c' or k.confdeltype in ('a', 'r'))
     order by 2, 1`,
    [`"${schema}"`],
  );
  for (const row of rows as {
    name: string;
    of_table: string;
    stops_claims: boolean;
    stops_deletion: boolean;
  }[]) {
    const stopped = [
      ...(row.stops_claims ? ["claims (add on update cascade)"] : []),
      ...(row.stops_deletion ? ["erasing and pruning (add on delete cascade or set null)"] : []),
    ];
    const text = `the foreign key ${row.name} of ${row.of_table} stops ${stopped.join(" and ")}`;
    yield { check: "keys", state: "note", text };
  }
}
