import { createPool, releaseSchema } from "@chatkeep/core";
import {
  UNHURRIED,
  createDatabase,
  fileDatabase,
  hasPgBouncer,
  startPgBouncer,
  startPostgres,
  startStandby,
  startDatabaseProxy,
} from "@chatkeep/testing";
import { expect, onTestFinished, test } from "vitest";

import { type Ran, callCommand, runCommand, startServe } from "./command.ts";

const migrated = await fileDatabase();

const run = (command: string, env: Record<string, string>): Promise<Ran> =>
  (command === "serve" ? runCommand : callCommand)([command], env);

function changed(url: string, change: (url: URL) => void): string {
  const copy = new URL(url);
  change(copy);
  return copy.href;
}

const BAD: [string, (url: URL) => void, RegExp][] = [
  [
    "a wrong password",
    (url) => (url.password = "wrong-secret"),
    /^PostgreSQL at 127\.0\.0\.1:\d+ refused the password of "\w+": correct it in DATABASE_URL\.$/,
  ],
  [
    "an unknown database",
    (url) => (url.pathname = "/nowhere"),
    /^There is no database "nowhere" at 127\.0\.0\.1:\d+: make it \(createdb nowhere\), or correct DATABASE_URL\.$/,
  ],
  [
    "TLS that is not there",
    (url) => url.searchParams.set("sslmode", "require"),
    /offers no TLS: remove sslmode from DATABASE_URL, or switch TLS on in the server\.$/,
  ],
];

test.each(BAD)("%s is answered with a sentence by each command", async (_, change, sentence) => {
  const env = { PORT: "0", DATABASE_URL: changed(migrated.url, change) };
  for (const command of ["serve", "migrate"]) {
    const { code, stderr } = await run(command, env);
    expect(code).toBe(1);
    expect(stderr.trim()).toMatch(sentence);
  }
  const doctor = await callCommand(["doctor"], env);
  expect(doctor.code).toBe(1);
  const line = doctor.stdout.split("\n").find((one) => one.startsWith("fail")) ?? "";
  expect(line.replace(/^fail +\w+ +/, "")).toMatch(sentence);
  expect(doctor.stdout).not.toContain("wrong-secret");
});

test.each([
  [
    "a host that nobody knows",
    "postgres://me@nowhere.invalid/db",
    /^No machine is known as "nowhere\.invalid": /,
  ],
  [
    "a port where nothing listens",
    "postgres://me@127.0.0.1:1/db",
    /^Nothing answers at 127\.0\.0\.1:1: start /,
  ],
  [
    "a host and a port in parameters",
    "postgres://me@/db?host=127.0.0.1&port=1",
    /^Nothing answers at 127\.0\.0\.1:1: start /,
  ],
  [
    "a socket that is not there",
    "postgres://me:secret@/db?host=/nowhere/project:region:instance",
    /^Nothing answers at \/nowhere\/project:region:instance\/\.s\.PGSQL\.5432: start /,
  ],
])("%s is answered with a sentence", async (_, url, sentence) => {
  const [migrate, doctor] = await Promise.all(
    ["migrate", "doctor"].map((command) => callCommand([command], { DATABASE_URL: url })),
  );
  expect([migrate!.code, doctor!.code]).toEqual([1, 1]);
  expect(migrate!.stderr).toMatch(sentence);
  expect(doctor!.stdout).toContain(migrate!.stderr);
});

test("parameters of other clients are told to have no effect, and the rest of the URL works", async () => {
  const url = changed(
    migrated.url,
    (copy) => (copy.search = "schema=public&pgbouncer=true&connection_limit=1"),
  );
  const { code, stderr } = await callCommand(["doctor"], { DATABASE_URL: url });
  expect({ code, stderr }).toEqual({
    code: 0,
    stderr:
      "DATABASE_URL has parameters without effect here: schema, pgbouncer. Chatkeep's schema is CHATKEEP_SCHEMA.\n",
  });
});

test("a role without rights is told to whom to turn", async () => {
  await using database = await createDatabase({ contents: "empty" });
  const role = `poor_${database.name}`;
  await database.pool.query(`create role ${role} login password 'poor'`);
  const url = changed(database.url, (copy) => {
    copy.username = role;
    copy.password = "poor";
  });
  const { code, stderr } = await callCommand(["migrate"], { DATABASE_URL: url });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /may not set up the schema .*Run "chatkeep migrate" with a role that owns the database, then "chatkeep grant /,
  );
  const doctor = await callCommand(["doctor"], { DATABASE_URL: url });
  expect(doctor.code).toBe(1);
  expect(doctor.stdout).toMatch(/^fail +rights +"poor_\w+" may not make the schema "chatkeep": /m);
  await database.pool.query(`drop owned by ${role}; drop role ${role}`);
});

test("migrate makes the tables, in the schema that is named, and then finds nothing to do", async () => {
  await using database = await createDatabase({ contents: "empty" });
  const env = { DATABASE_URL: database.url, CHATKEEP_SCHEMA: "mine" };
  const first = await callCommand(["migrate"], env);
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first.stdout).toMatch(/^The schema "mine" was brought from version 0 to \d+\.\n$/);
  const second = await callCommand(["migrate"], env);
  expect(second.stdout).toMatch(/^The schema "mine" is at version \d+; there was nothing to do\.\n$/);
});

test("doctor tells a line a check, and changes nothing", async () => {
  const good = await callCommand(["doctor"], { DATABASE_URL: migrated.url });
  expect(good).toMatchObject({ code: 0, stderr: "" });
  const lines = good.stdout.trimEnd().split("\n");
  expect(lines.map((line) => line.split(/ +/).slice(0, 2).join(" "))).toEqual([
    "ok URL",
    // The tests' server runs without fsync.
    "note durability",
    ...["TLS", "version", "rights", "pooler", "latency", "schema", "isolation", "backup"].map(
      (check) => `ok ${check}`,
    ),
  ]);
  expect(good.stdout).not.toContain(new URL(migrated.url).password);

  await using database = await createDatabase({ contents: "empty" });
  const empty = await callCommand(["doctor"], { DATABASE_URL: database.url });
  expect(empty.code).toBe(0);
  expect(empty.stdout).toMatch(/^note +schema +"chatkeep" is not there yet/m);
  const { rows } = await database.pool.query("select from pg_namespace where nspname like 'chatkeep%'");
  expect(rows).toEqual([]);
});

test.runIf(hasPgBouncer())("doctor sees a pooler, and what else it checks holds behind it", async () => {
  await using bouncer = await startPgBouncer(migrated.url);
  const { code, stdout, stderr } = await callCommand(["doctor"], { DATABASE_URL: bouncer.url });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^ok +pooler +there is one: nothing here needs a session, /m);
  expect(stdout).toMatch(/^ok +isolation /m);
});

test("a schema of a newer release is refused after a breaking migration", async () => {
  await using database = await createDatabase();
  await database.pool.query(
    "insert into chatkeep.migrations (version, name, breaking) values (9999, 'later', true)",
  );
  const env = { PORT: "0", DATABASE_URL: database.url };
  const { code, stderr } = await runCommand(["serve"], env);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^The schema "chatkeep" is at version 9999, and this release works with none after 9998\. .*\.\n$/,
  );
  expect((await callCommand(["doctor"], env)).stdout).toMatch(/^fail +schema .*9999/m);
});

test("a login that another lets serve is told so, and serves; doctor says what it lacks before", async () => {
  await using database = await createDatabase();
  const login = `${database.name}_app`;
  await database.pool.query(`create role ${login} login password 'secret'`);
  const url = new URL(database.url);
  url.username = login;
  url.password = "secret";
  const env = { PORT: "0", DATABASE_URL: url.href };
  const refused = await runCommand(["serve"], env);
  expect(refused.stderr).toMatch(
    new RegExp(`^"${login}" may not use .* Run "chatkeep grant ${login}" as a superuser`),
  );
  const doctor = await callCommand(["doctor"], env);
  expect(doctor).toMatchObject({ code: 1, stderr: "" });
  expect(doctor.stdout).toMatch(new RegExp(`^fail +rights .*"chatkeep grant ${login}"`, "m"));

  const granted = await callCommand(["grant", login], { DATABASE_URL: database.url });
  expect(granted.stdout).toMatch(new RegExp(`"${login}" may serve it, in later releases too\\.\n$`));
  expect(await callCommand(["doctor"], env)).toMatchObject({ code: 0, stderr: "" });
  await database.pool.query(`drop owned by ${login}; drop role ${login}`);
  expect((await callCommand(["grant"], { DATABASE_URL: database.url })).stderr).toMatch(/needs a login/);
});

test.each([
  ["a function", (login: string) => `revoke execute on function :functions.page_messages from ${login}`],
  ["the schema of the tables", (login: string) => `revoke usage on schema chatkeep from ${login}`],
])("doctor says when a login that was granted lacks %s, and grant gives it again", async (_, revoke) => {
  await using database = await createDatabase();
  const login = `${database.name}_app`;
  await database.pool.query(`create role ${login} login password 'secret'`);
  await callCommand(["grant", login], { DATABASE_URL: database.url });
  await database.pool.query(revoke(login).replace(":functions", releaseSchema("chatkeep")));
  const url = changed(database.url, (copy) => {
    copy.username = login;
    copy.password = "secret";
  });
  const { code, stdout, stderr } = await callCommand(["doctor"], { DATABASE_URL: url });
  expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
  expect(stdout.match(/^fail .*/gm)).toEqual([
    expect.stringMatching(new RegExp(`^fail +rights .*run "chatkeep grant ${login}" with the role`)),
  ]);
  await callCommand(["grant", login], { DATABASE_URL: database.url });
  expect(await callCommand(["doctor"], { DATABASE_URL: url })).toMatchObject({ code: 0 });
  await database.pool.query(`drop owned by ${login}; drop role ${login}`);
});

test.each(["holds", "starting"] as const)(
  "migrate and doctor wait for a database that wakes (%s)",
  async (sleep) => {
    for (const command of ["migrate", "doctor"]) {
      await using proxy = await startDatabaseProxy(migrated.url, sleep);
      const running = runCommand([command], { DATABASE_URL: proxy.url });
      await proxy.asked();
      proxy.wake();
      expect(await running).toMatchObject({ code: 0, stderr: "" });
    }
  },
);

test("the owner that a platform gives serves, and is warned once that it may read everything", async () => {
  await using database = await createDatabase({ contents: "empty" });
  const owner = `${database.name}_owner`;
  await database.pool.query(
    `create role ${owner} login password 'secret' createrole createdb in role pg_read_all_data, pg_write_all_data`,
  );
  await database.pool.query(`alter database ${database.name} owner to ${owner}`);
  const url = new URL(database.url);
  url.username = owner;
  url.password = "secret";
  const serving = startServe({ DATABASE_URL: url.href });
  try {
    const { url: address } = (await serving.logged("listening")) as { url: string };
    expect((await fetch(`${address}/ready`)).status).toBe(200);
  } finally {
    serving.signal("SIGTERM");
    expect(await serving.ended).toBe(0);
  }
  const doctor = await callCommand(["doctor"], { DATABASE_URL: url.href });
  expect(doctor).toMatchObject({ code: 0, stderr: "" });
  expect(doctor.stdout.match(/pg_read_all_data/g)).toHaveLength(1);
  expect(doctor.stdout).toMatch(/^note +isolation .*"chatkeep grant LOGIN"/m);
});

test("a database that comes late is waited for, and told of until it is there", async () => {
  await using postgres = await startPostgres();
  const url = postgres.url("postgres");
  await postgres.stop();
  const serving = startServe({ DATABASE_URL: url });
  try {
    const { hint } = await serving.logged("the database is not there yet");
    expect(hint).toMatch(/^Nothing answers at 127\.0\.0\.1:\d+: start PostgreSQL there/);
    const { url: address } = (await serving.logged("listening")) as { url: string };
    expect((await fetch(`${address}/ready`)).status).toBe(503);
    const headers = { "x-session-id": "0b3f6e0a-6d0e-4b7e-9d60-0a4c6b7a2f10" };
    const list = await fetch(`${address}/api/conversations`, { headers });
    expect(list.status).toBe(503);
    expect(list.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await list.json()).toMatchObject({ code: "unavailable" });

    await postgres.start();
    await serving.logged("read the docs");
    const after = await fetch(`${address}/api/conversations`, { headers });
    expect(await after.json()).toMatchObject({ conversations: [], total: 0 });
    expect((await fetch(`${address}/ready`)).status).toBe(200);
  } finally {
    serving.signal("SIGTERM");
    expect(await serving.ended).toBe(0);
  }
});

test("a database that goes away while the docs are read at the start is waited for", async () => {
  await using postgres = await startPostgres();
  const url = postgres.url("postgres");
  await runCommand(["migrate"], { DATABASE_URL: url });
  const holder = createPool(url, UNHURRIED.pool);
  // One transaction: the reading of the docs waits for it.
  const held = holder.query(
    `begin; lock table chatkeep.documents in access exclusive mode;
     do $$ begin while not exists (select from pg_locks where not granted) loop perform pg_sleep(0.01); end loop; end $$`,
  );
  const serving = startServe({ DATABASE_URL: url });
  try {
    await held;
    await postgres.stop("immediate");
    await serving.logged("the database is not there yet");
    await postgres.start();
    await serving.logged("read the docs");
  } finally {
    await holder.end();
    serving.signal("SIGTERM");
    expect(await serving.ended).toBe(0);
  }
});

test("uninstall says what it removes, removes nothing unasked, and with --yes leaves nothing", async () => {
  await using database = await createDatabase({ contents: "empty" });
  const env = { DATABASE_URL: database.url };
  await callCommand(["migrate"], env);
  const asked = await runCommand(["uninstall"], env);
  expect(asked.code).toBe(1);
  expect(asked.stderr).toBe("Nothing was removed: add --yes to remove it without being asked.\n");
  expect(asked.stdout).toMatch(
    /^DATABASE_URL: .*\nTo be removed permanently:\n {2}schemas: chatkeep, chatkeep_v\S+, chatkeep_views \([01]\.\d MB, about 0 conversations\)\n {2}roles: chatkeep_engine_\w+, chatkeep_store_\w+\n$/,
  );
  expect((await callCommand(["doctor"], env)).code).toBe(0);
  const removed = await callCommand(["uninstall", "--yes"], env);
  expect(removed).toMatchObject({ code: 0, stderr: "" });
  expect(removed.stdout).toMatch(
    /\nChatkeep was removed\. Extensions stay, since other tables may use them\.\n$/,
  );
  const again = await callCommand(["uninstall", "--yes"], env);
  expect(again).toMatchObject({ code: 0, stdout: 'Nothing of Chatkeep is in the schema "chatkeep".\n' });
});

test.each([
  [
    "the tables",
    "drop schema chatkeep cascade",
    /^The tables of "chatkeep" are gone, .*Run "chatkeep migrate --repair" /,
  ],
  [
    "an index",
    "drop index chatkeep.conversations_active",
    /lacks index conversations_active of conversations\. Run "chatkeep migrate --repair" /,
  ],
  [
    "a table",
    "drop table chatkeep.turn_contexts",
    /lacks tables \(turn_contexts\)\. Restore all of its schemas from a backup\.$/,
  ],
])("%s removed by hand is one sentence of serve, migrate and doctor", async (_, statement, sentence) => {
  await using database = await createDatabase();
  await database.pool.query(statement);
  const env = { PORT: "0", DATABASE_URL: database.url };
  for (const command of ["serve", "migrate"]) {
    const { code, stderr } = await run(command, env);
    expect(code).toBe(1);
    expect(stderr.trim()).toMatch(sentence);
    expect(stderr.trim()).not.toContain("\n");
  }
  const doctor = await callCommand(["doctor"], env);
  expect(doctor).toMatchObject({ code: 1, stderr: "" });
  const [line, ...more] = doctor.stdout.split("\n").filter((one) => one.startsWith("fail"));
  expect(more).toEqual([]);
  expect(line!.replace(/^fail +schema +/, "")).toMatch(sentence);
});

test.each(["SQL_ASCII", "LATIN1"])(
  "a database in %s is one sentence of serve, migrate and doctor",
  async (encoding) => {
    const name = `chatkeep_${encoding.toLowerCase()}_${process.pid}`;
    await migrated.pool.query(
      `create database ${name} template template0 encoding '${encoding}' locale_provider libc locale 'C'`,
    );
    onTestFinished(async () => void (await migrated.pool.query(`drop database ${name}`)));
    const env = { PORT: "0", DATABASE_URL: changed(migrated.url, (url) => (url.pathname = name)) };
    const sentence = new RegExp(`has the encoding ${encoding}, and Chatkeep needs UTF8`);
    for (const command of ["serve", "migrate"]) {
      const { code, stderr } = await run(command, env);
      expect(code).toBe(1);
      expect(stderr.trim()).toMatch(sentence);
      expect(stderr.trim()).not.toContain("\n");
    }
    const doctor = await callCommand(["doctor"], env);
    expect(doctor).toMatchObject({ code: 1, stderr: "" });
    expect(doctor.stdout).toMatch(/^fail +encoding +/m);
    expect(doctor.stdout).toMatch(sentence);
  },
);

test("a read-only database is one sentence of serve, migrate and doctor", async () => {
  await using database = await createDatabase();
  await database.pool.query(`alter database ${database.name} set default_transaction_read_only = on`);
  const env = { DATABASE_URL: database.url };
  const { code, stderr } = await callCommand(["migrate"], env);
  expect(code).toBe(1);
  expect(stderr.trim()).toMatch(/^PostgreSQL at \S+ is read-only, [^\n]+$/);
  const doctor = await callCommand(["doctor"], env);
  expect(doctor).toMatchObject({ code: 1, stderr: "" });
  expect(doctor.stdout).toMatch(/^fail +writes +the database is read-only: /m);

  // A standby may become the primary: serve waits for that.
  const serving = startServe(env);
  try {
    const { hint } = await serving.logged("the database is not there yet");
    expect(hint).toBe(stderr.trim());
    const { url } = (await serving.logged("listening")) as { url: string };
    expect((await fetch(`${url}/ready`)).status).toBe(503);
  } finally {
    serving.signal("SIGTERM");
    expect(await serving.ended).toBe(0);
  }
});

test("the start and doctor say when PostgreSQL may lose what was acknowledged", async () => {
  await using database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  // Chatkeep sets this one itself.
  await database.pool.query(`alter database ${database.name} set synchronous_commit = off`);
  const { code, stdout } = await callCommand(["doctor"], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^note +durability +.*\(fsync = off\): set it on/m);
  const serving = startServe({ ...env, PORT: "0" });
  onTestFinished(async () => {
    serving.signal("SIGTERM");
    await serving.ended;
  });
  await serving.logged("messages that were acknowledged can be lost");
});

test("doctor says what a failover to a standby would lose, and that writes wait for one that is away", async () => {
  await using primary = await startPostgres();
  await using database = await createDatabase({ server: primary.url("postgres") });
  const durability = async (): Promise<string | undefined> =>
    /^(\w+ +durability .*)$/m.exec(
      (await runCommand(["doctor"], { DATABASE_URL: database.url })).stdout,
    )?.[1];
  expect(await durability()).toMatch(/^ok .* on the disk before it is acknowledged$/);
  await using standby = await startStandby(primary);
  expect(await durability()).toMatch(/^note .*a failover to it loses .* set synchronous_standby_names$/);
  const set = (names: string) =>
    database.pool
      .query(`alter system set synchronous_standby_names = ${names}`)
      .then(() => database.pool.query("select pg_reload_conf()"));
  await set("standby");
  await expect.poll(durability).toMatch(/^ok .* on the disk and on a standby \(standby\)/);
  await standby.stop();
  await expect.poll(durability).toMatch(/^note .*no standby is connected/);
  await set("''");
});

test("doctor says when PostgreSQL's log gets what people write", async () => {
  await using database = await createDatabase();
  const env = { DATABASE_URL: database.url };
  await database.pool.query(`alter database ${database.name} set log_min_duration_statement = 200`);
  // The embedded PostgreSQL logs no parameters; -1 is the default of others.
  expect((await callCommand(["doctor"], env)).stdout).not.toMatch(/^\w+ +log /m);
  await database.pool.query(`alter database ${database.name} set log_parameter_max_length = -1`);
  const { code, stdout } = await callCommand(["doctor"], env);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^note +log .*log_min_duration_statement = 200ms.* set log_parameter_max_length = 0/m,
  );
  await database.pool.query(`alter database ${database.name} set log_parameter_max_length = 0`);
  expect((await callCommand(["doctor"], env)).stdout).not.toMatch(/^\w+ +log /m);
});

test("an application's own table in our schema is left alone", async () => {
  await using database = await createDatabase();
  await database.pool.query("create table chatkeep.todos (id integer primary key)");
  const env = { DATABASE_URL: database.url };
  expect(await callCommand(["migrate"], env)).toMatchObject({ code: 0, stderr: "" });
  expect(await callCommand(["doctor"], env)).toMatchObject({ code: 0 });
});

test("what was removed by hand is put back by migrate --repair", async () => {
  await using database = await createDatabase();
  await database.pool.query(
    "drop index chatkeep.conversations_active; drop policy owner on chatkeep.messages",
  );
  const env = { DATABASE_URL: database.url };
  expect(await callCommand(["migrate", "--repair"], env)).toMatchObject({
    code: 0,
    stderr: "",
    stdout: expect.stringMatching(/^The schema "chatkeep" is at version \d+, and whole\.\n$/) as string,
  });
  expect(await callCommand(["doctor"], env)).toMatchObject({ code: 0 });
});

test("doctor says how to back up with each login, and grant --backup lets one", async () => {
  await using database = await createDatabase();
  const login = `${database.name}_backup`;
  await database.pool.query(`create role ${login} login password 'secret'`);
  const url = changed(database.url, (copy) => {
    copy.username = login;
    copy.password = "secret";
  });
  await callCommand(["grant", login], { DATABASE_URL: database.url });
  const before = await callCommand(["doctor"], { DATABASE_URL: url });
  expect(before.stdout).toMatch(
    /^note +backup +pg_dump with "\w+" fails: run "chatkeep grant --backup LOGIN"/m,
  );
  const granted = await callCommand(["grant", "--backup", login], { DATABASE_URL: database.url });
  expect(granted.stdout).toBe(
    `"${login}" may read all rows of the schema "chatkeep": back up with pg_dump --enable-row-security.\n`,
  );
  const after = await callCommand(["doctor"], { DATABASE_URL: url });
  expect(after).toMatchObject({ code: 0 });
  expect(after.stdout).toMatch(
    /^ok +backup +pg_dump --enable-row-security with this login holds everything$/m,
  );
  await database.pool.query(`drop owned by ${login}; drop role ${login}`);
});

test("doctor names the foreign keys that would stop a claim, an erasure or pruning", async () => {
  await using database = await createDatabase();
  const key = "foreign key (owner_id, conversation_id) references chatkeep.conversations (owner_id, id)";
  await database.pool.query(`
    create table public.good (owner_id uuid, conversation_id text, ${key} on update cascade on delete set null);
    create table public.bad (owner_id uuid, conversation_id text, constraint bad_key ${key})`);
  const { code, stdout } = await callCommand(["doctor"], { DATABASE_URL: database.url });
  expect(code).toBe(0);
  expect(stdout.split("\n").filter((line) => / keys /.test(line))).toEqual([
    "note  keys      the foreign key bad_key of public.bad stops claims (add on update cascade) and erasing and pruning (add on delete cascade or set null)",
  ]);
});
