import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  RELEASE,
  checkInstall,
  createHistory,
  migrate,
  releaseSchema,
  requireIsolation,
  uninstall,
} from "@chatkeep/core";
import { type Database, UNHURRIED, hasPgDump, pgDump, pgRestore } from "@chatkeep/testing";
import { expect, it } from "vitest";

import { newUser } from "./fixture.ts";
import { type Login, createRole, serves, shareServers } from "./logins.ts";

const GUIDE = new URL("../../../docs/guide/the-database.md", import.meta.url);
const me = newUser();

/** The row of the guide's table for a platform. */
function rowOf(name: string): string[] | undefined {
  const row = readFileSync(GUIDE, "utf8")
    .split("\n")
    .find((line) => line.startsWith(`| ${name} |`));
  return row
    ?.split("|")
    .slice(2, -1)
    .map((cell) => cell.trim());
}

/**
 * The login that a host of PostgreSQL gives: its attributes and memberships as the host documents them or as
 * `\du` shows them there (November 2026), made with real roles and grants.
 */
interface Platform {
  readonly name: string;
  /** The host's group, which the login is a member of: its attributes. */
  readonly group?: string;
  readonly attributes: string;
  /** Who owns the database. Default `login`. */
  readonly owner?: "login" | "group" | "host";
  /** What else the host, or the customer's administrator, does in the database. */
  readonly prepare?: (login: string) => string;
}

const ADMIN = "createrole createdb";
const SEES_ALL = "in role pg_read_all_data, pg_write_all_data, pg_monitor";

const PLATFORMS: readonly Platform[] = [
  // neon.com/docs/manage/roles: roles of the console are members of neon_superuser.
  { name: "Neon", group: `${ADMIN} bypassrls ${SEES_ALL}`, attributes: `${ADMIN} bypassrls` },
  // supabase.com/docs/guides/database/postgres/roles: `postgres` is no superuser.
  { name: "Supabase", attributes: `${ADMIN} bypassrls in role pg_read_all_data, pg_monitor` },
  // docs.aws.amazon.com/AmazonRDS: the master user is a member of rds_superuser.
  { name: "Amazon RDS, Aurora", group: SEES_ALL, attributes: ADMIN },
  // cloud.google.com/sql/docs/postgres/users: databases belong to cloudsqlsuperuser.
  { name: "Google Cloud SQL", group: `${ADMIN} in role pg_monitor`, attributes: ADMIN, owner: "group" },
  // learn.microsoft.com/azure/postgresql: the server admin is a member of azure_pg_admin.
  { name: "Azure", group: `${ADMIN} ${SEES_ALL}`, attributes: ADMIN },
  // DigitalOcean's `doadmin`, Aiven's `avnadmin`.
  { name: "DigitalOcean, Aiven", attributes: ADMIN },
  // devcenter.heroku.com/articles/heroku-postgresql-credentials: no role can make roles.
  { name: "Heroku, Render", attributes: "" },
  {
    name: "a shared server",
    attributes: "",
    owner: "host",
    prepare: (login) =>
      `revoke all on schema public from public; grant create on database :database to ${login}`,
  },
  { name: "your own server, as superuser", attributes: "superuser" },
];

/** The platform's login on an empty database, with a name that has to be quoted. */
async function rent(database: Database, platform: Platform): Promise<Login> {
  const group = `${database.name}_group`;
  const { owner = "login", attributes } = platform;
  if (platform.group !== undefined) await database.pool.query(`create role ${group} ${platform.group}`);
  const memberships =
    platform.group === undefined ? "" : attributes.includes("in role") ? `, ${group}` : ` in role ${group}`;
  const login = await createRole(database, `${attributes}${memberships}`, "My-App");
  const quoted = `"${login.name}"`;
  const owned = { login: quoted, group, host: "current_user" }[owner];
  await database.pool.query(`alter database ${database.name} owner to ${owned}`);
  await database.pool.query("revoke create on schema public from public");
  const prepare = platform.prepare?.(quoted).replaceAll(":database", database.name);
  if (prepare !== undefined) await database.pool.query(prepare);
  return {
    ...login,
    async [Symbol.asyncDispose]() {
      await database.pool.query(`alter database ${database.name} owner to current_user`);
      await login[Symbol.asyncDispose]();
      if (platform.group !== undefined)
        await database.pool.query(`drop owned by ${group}; drop role ${group}`);
    },
  };
}

/** Tests of every platform, on PostgreSQL of this npm package (default: the run's own). */
export function testPlatforms(program?: string): void {
  const openEmpty = shareServers();
  it.runIf(hasPgDump).each(PLATFORMS)(
    "the login of $name migrates, serves, upgrades, backs up, restores and uninstalls, as the guide says",
    async (platform) => {
      await using database = await openEmpty(program);
      await using login = await rent(database, platform);
      const { security } = await migrate(login.pool);
      expect(await checkInstall(login.pool)).toEqual([]);
      const warnings = await requireIsolation(login.pool);
      expect(await serves(login.pool)).toBe(true);

      const history = createHistory({ ...UNHURRIED.history, pool: login.pool });
      await history.createConversation(me, { id: "c1" });
      await history.appendMessages(me, "c1", [{ role: "user", content: "Hello" }]);
      await history.close();

      // The next release, and a login that may call functions only.
      await database.pool.query(`alter schema ${releaseSchema("chatkeep")} rename to chatkeep_v9_00000000`);
      await using limited = await createRole(database, "", "limited");
      expect(await migrate(login.pool, { grantTo: [limited.name] })).toMatchObject({
        from: RELEASE,
        security,
      });
      expect(await requireIsolation(limited.pool)).toEqual([]);
      expect(await serves(limited.pool)).toBe(true);

      const file = join(tmpdir(), `ck-${database.name}.dump`);
      const url = new URL(database.url);
      url.username = encodeURIComponent(login.name);
      url.password = "secret";
      const dump = async (options: string[], env: Record<string, string>): Promise<boolean> =>
        (await pgDump(url.href, file, options, env)).code === 0;
      let backup = "`pg_dump`";
      let isWhole = await dump([], {});
      if (!isWhole && security === "forced") {
        backup = "with `PGOPTIONS`";
        isWhole = await dump(["--enable-row-security"], { PGOPTIONS: "-c chatkeep.engine=on" });
      } else if (!isWhole) {
        backup = "after `grant --backup`";
        await migrate(login.pool, { backupTo: [login.name] });
        isWhole = await dump(["--enable-row-security"], {});
      }
      expect(isWhole).toBe(true);

      // Another server, another login, none of our roles.
      await using elsewhere = await openEmpty(program, "another");
      await using tenant = await rent(elsewhere, platform);
      const restored = new URL(elsewhere.url);
      restored.username = encodeURIComponent(tenant.name);
      restored.password = "secret";
      await pgRestore(restored.href, file, ["--no-owner", "--no-acl"]);
      rmSync(file);
      await migrate(tenant.pool, { repair: true });
      const again = createHistory({ ...UNHURRIED.history, pool: tenant.pool });
      expect((await again.listMessages(me, "c1")).messages).toMatchObject([{ content: "Hello" }]);
      await again.close();
      await uninstall(tenant.pool);

      await uninstall(login.pool);
      const { rows } = await login.pool.query(
        "select nspname from pg_namespace where nspname ~ '^chatkeep' union all select rolname from pg_roles where rolname ~ ('^chatkeep_.*_' || left(md5(current_database()), 8))",
      );
      expect(rows).toEqual([]);

      expect(rowOf(platform.name)).toEqual([
        security === "roles" ? "roles of its own" : "forced on the login",
        warnings.length === 0 ? "none" : "it may read all tables",
        backup,
      ]);
      for (const warning of warnings) expect(warning).toMatch(/may read all rows/);
    },
  );
}
