import { FUNCTIONS, type FunctionName, signatureOf } from "../database/functions.ts";
import { VECTOR_TABLES } from "../generated/sql.ts";
import { type Queryable, ask, run } from "./statement.ts";

/** The functions that use pgvector's types and operators. */
const VECTOR_FUNCTIONS: readonly FunctionName[] = [
  "put_passage_vectors",
  "near_passages",
  "put_message_vectors",
  "near_messages",
];

export interface VectorsOptions {
  /** The schema of the tables, and that of the functions. */
  readonly schema: string;
  readonly functions: string;
  /** Switches to one of our roles. */
  readonly as: (role: "chatkeep_engine" | "chatkeep_store") => Promise<void>;
}

/**
 * Creates the tables of embeddings once, and adds pgvector's schema to the functions' search path. Returns `false` and
 * changes nothing if the server has no pgvector 0.7 or newer, or the role may not create it. Call it in a transaction.
 */
export async function makeVectors(
  connection: Queryable,
  { schema, functions, as }: VectorsOptions,
): Promise<boolean> {
  await run(connection, "savepoint vectors");
  try {
    await run(connection, "create extension if not exists vector with schema public");
    await run(connection, "release savepoint vectors");
  } catch {
    await run(connection, "rollback to savepoint vectors");
  }
  const home = await ask(
    connection,
    `select n.nspname from pg_type t join pg_namespace n on n.oid = t.typnamespace
     join pg_depend d on d.objid = t.oid and d.deptype = 'e'
     join pg_extension e on e.oid = d.refobjid and e.extname = 'vector'
     where t.typname = 'halfvec'`,
  );
  if (typeof home !== "string") return false;
  const made = await ask(
    connection,
    `select to_regclass('"${schema}".message_vectors') is not null and exists (
       select from pg_proc p where p.pronamespace = '"${functions}"'::regnamespace and p.proname = 'near_messages'
         and p.proconfig::text like '%' || quote_ident('${home.replaceAll("'", "''")}') || ', pg_temp%'
     )`,
  );
  if (made === true) return true;
  const extension = `"${home.replaceAll('"', '""')}"`;
  await as("chatkeep_engine");
  if ((await ask(connection, `select to_regclass('"${schema}".message_vectors')`)) === null) {
    await run(connection, `set local search_path = "${schema}", ${extension}, pg_temp`);
    await run(connection, VECTOR_TABLES);
  }
  for (const name of VECTOR_FUNCTIONS) {
    await as(`chatkeep_${FUNCTIONS[name].role}`);
    await run(
      connection,
      `alter function "${functions}".${signatureOf(name)} set search_path = "${functions}", "${schema}", ${extension}, pg_temp`,
    );
  }
  await run(connection, "reset role");
  return true;
}
