import { readFileSync } from "node:fs";

import { fileDatabase } from "@chatkeep/testing";
import { expect, it } from "vitest";

import { SCHEMA_FILE, dumpSchema } from "./schema.ts";

const database = await fileDatabase();

it("has the schema that is checked in; `npm run schema --workspace @chatkeep/core` writes it anew", async () => {
  expect(await dumpSchema(database.pool)).toBe(readFileSync(SCHEMA_FILE, "utf8"));
});

it("forces row-level security on every table that has an owner_id, and on owners", async () => {
  const { rows } = await database.pool.query<{ name: string; forced: boolean }>(
    `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced
     from pg_class c
     where c.relnamespace = 'chatkeep'::regnamespace and c.relkind in ('r', 'p')
       and (c.relname = 'owners' or exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attname = 'owner_id'))
     order by c.relname`,
  );
  // `audit` is the operator's: no function of an owner reads it.
  const open = rows.filter(({ name, forced }) => !forced && name !== "audit");
  expect(rows.length).toBeGreaterThanOrEqual(8);
  expect(open).toEqual([]);
});

it("begins every key of an owner's table with the owner", async () => {
  const { rows } = await database.pool.query<{ key: string; first: string }>(
    `select n.conrelid::regclass || '.' || n.conname as key, a.attname as first
     from pg_constraint n
     join pg_attribute a on a.attrelid = n.conrelid and a.attnum = n.conkey[1]
     where n.connamespace = 'chatkeep'::regnamespace and n.contype in ('p', 'u', 'f')
       and exists (select from pg_attribute o where o.attrelid = n.conrelid and o.attname = 'owner_id')
       and n.conrelid <> 'chatkeep.audit'::regclass`,
  );
  expect(rows.filter(({ first }) => first !== "owner_id")).toEqual([]);
});
