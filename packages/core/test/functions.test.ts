import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { releaseSchema } from "@chatkeep/core";
import { fileDatabase } from "@chatkeep/testing";
import { describe, expect, it } from "vitest";

import { FUNCTIONS, type SqlFunction } from "../src/database/functions.ts";

const database = await fileDatabase();

interface Declared {
  name: string;
  args: { name: string; type: string }[];
  /** The columns of a table function; the one result of another under its name. */
  returns: { name: string; type: string }[];
  language: string;
  definer: boolean;
  path: boolean;
  public: boolean;
  body: string;
}

const { rows: declared } = await database.pool.query<Declared>(
  `with f as (
     select p.*, coalesce(p.proallargtypes, string_to_array(p.proargtypes::text, ' ')::oid[]) as types
     from pg_proc p where p.pronamespace = $1::regnamespace
   )
   select f.proname as name, l.lanname as language, f.prosecdef as definer, f.prosrc as body,
     coalesce(f.proconfig::text like '%search_path=%', false) as path,
     f.proacl is null or exists (select from aclexplode(f.proacl) a where a.grantee = 0) as public,
     coalesce((
       select json_agg(json_build_object('name', f.proargnames[n], 'type', format_type(f.types[n], null)) order by n)
       from generate_subscripts(f.types, 1) n
       where coalesce(f.proargmodes[n], 'i') in ('i', 'b', 'v')), '[]') as args,
     case when f.proargmodes is null
       then json_build_array(json_build_object('name', f.proname, 'type', format_type(f.prorettype, null)))
       else (
         select json_agg(json_build_object('name', f.proargnames[n], 'type', format_type(f.types[n], null)) order by n)
         from generate_subscripts(f.types, 1) n where f.proargmodes[n] in ('t', 'o')) end as returns
   from f join pg_language l on l.oid = f.prolang order by 1`,
  [releaseSchema("chatkeep")],
);

const entriesOf = (record: Readonly<Record<string, string>>): { name: string; type: string }[] =>
  Object.entries(record).map(([name, type]) => ({ name, type }));

describe("the SQL functions", () => {
  it.each(Object.entries(FUNCTIONS) as [string, SqlFunction][])(
    "%s takes and returns what TypeScript says",
    (name, { args, returns }) => {
      const found = declared.filter((fn) => fn.name === name);
      expect(found).toHaveLength(1);
      expect(found[0]?.args).toEqual(entriesOf(args));
      expect(found[0]?.returns).toEqual(entriesOf(returns));
    },
  );

  it("are called from TypeScript or by each other, all of them", () => {
    const source = fileURLToPath(new URL("../src", import.meta.url));
    const code = readdirSync(source, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.startsWith("generated"))
      .map((file) => readFileSync(join(source, file), "utf8"))
      .join("\n");
    const unused = declared
      .map(({ name }) => name)
      .filter((name) => !code.includes(`"${name}"`))
      .filter((name) => !declared.some((fn) => fn.name !== name && fn.body.includes(`${name}(`)));
    expect(unused).toEqual([]);
    expect(declared.map(({ name }) => name)).toEqual(Object.keys(FUNCTIONS).toSorted());
  });

  it("act as their owner on a search path of their own, and are nobody's but those who log in", () => {
    const loose = declared.filter((fn) => !fn.definer || !fn.path || fn.public);
    expect(loose).toEqual([]);
  });

  it("of an owner take the owner first", () => {
    const owners = declared.filter((fn) => fn.args.some((arg) => arg.name === "owner"));
    expect(owners.length).toBeGreaterThan(10);
    for (const fn of owners)
      expect([fn.name, fn.args[0]]).toEqual([fn.name, { name: "owner", type: "uuid" }]);
  });
});
