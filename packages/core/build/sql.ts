import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

const SOURCE: string = join(import.meta.dirname, "../src");
const GENERATED: string = join(SOURCE, "generated");

/** The functions' folders, and the role that each folder's functions run as. */
const FOLDERS = { sql: "store", "sql/engine": "engine", "sql/docs": "engine" } as const;

const MIGRATION = /^(\d{4})_[a-z_]+\.sql$/;
/** The first line of a migration after which the functions of older releases fail. */
const BREAKING = "--! breaking\n";
const HEAD =
  /^create function ([a-z_]+)\(([^)]*)\)\s+returns\s+(?:table\s*\(([^)]*)\)|(double precision|\S+))/m;

interface SqlFunction {
  readonly name: string;
  readonly role: "store" | "engine";
  readonly writes: boolean;
  readonly args: Record<string, string>;
  readonly returns: Record<string, string>;
  readonly sql: string;
}

/**
 * Writes the SQL of this package as modules: `generated/functions.ts` has every function's argument and result
 * types, `generated/sql.ts` the texts. A bundler takes modules along; files that are read at run time it drops.
 * Writes nothing when nothing changed.
 */
export function writeSqlModules(): void {
  const functions = Object.entries(FOLDERS).flatMap(([folder, role]) =>
    readFolder(folder).map(({ file, sql }) => ({ ...parseFunction(`${folder}/${file}`, sql), role })),
  );
  mkdirSync(GENERATED, { recursive: true });
  writeWhenChanged("functions.ts", functionsModule(functions));
  writeWhenChanged("sql.ts", sqlModule(functions));
}

/** A function's name and types, as its `create function` head says. */
function parseFunction(path: string, sql: string): Omit<SqlFunction, "role"> {
  const code = sql.replaceAll(/--.*$/gm, "");
  const [, name, args, columns, type] = HEAD.exec(code) ?? [];
  if (name === undefined || `${name}.sql` !== basename(path)) {
    throw new Error(`${path} has to create one function, named as the file.`);
  }
  const returns = columns === undefined ? { [name]: type! } : parseFields(path, columns);
  const writes = !/\b(?:stable|immutable)\b/.test(code.slice(0, code.indexOf("$$")));
  return { name, writes, args: parseFields(path, args!), returns, sql };
}

/** Fields such as `owner uuid, ids text[]`. */
function parseFields(path: string, list: string): Record<string, string> {
  const fields = list
    .split(",")
    .map((field) => field.trim())
    .filter((field) => field !== "")
    .map((field) => {
      const [, name, type] = /^([a-z_]+)\s+([a-z ]+(?:\[\])?)$/.exec(field) ?? [];
      if (name === undefined || /\bdefault\b/.test(field)) {
        throw new Error(`${path}: an argument or column is a name and a type, not "${field}".`);
      }
      return [name, type!];
    });
  return Object.fromEntries(fields) as Record<string, string>;
}

function functionsModule(functions: readonly SqlFunction[]): string {
  const lines = functions.map(
    ({ name, role, writes, args, returns }) =>
      `  ${name}: ${JSON.stringify({ role, writes, args, returns })},`,
  );
  return `${NOTE}export const FUNCTIONS = {\n${lines.join("\n")}\n} as const;\n`;
}

function sqlModule(functions: readonly SqlFunction[]): string {
  const migrations = readFolder("migrations").map(({ file, sql }) => {
    const [, version] = MIGRATION.exec(file) ?? [];
    if (version === undefined) throw new Error(`migrations/${file} has to be named like 0001_history.sql.`);
    return { version: Number(version), name: file, breaking: sql.startsWith(BREAKING), sql };
  });
  const texts = Object.fromEntries(functions.map(({ name, sql }) => [name, sql]));
  const views = readFolder("install/views").map(({ sql }) => sql);
  // A release whose views differ has functions of its own too, so that `migrate` has something to do.
  const digest = createHash("sha256")
    .update([...Object.values(texts), ...views].join("\n"))
    .digest("hex")
    .slice(0, 8);
  return [
    NOTE,
    constant(
      "MIGRATIONS",
      "readonly { readonly version: number; readonly name: string; readonly breaking: boolean; readonly sql: string }[]",
      migrations,
    ),
    constant("FUNCTION_TEXTS", "Readonly<Record<string, string>>", texts),
    constant("FUNCTIONS_DIGEST", "string", digest),
    constant("SECURITY", "Readonly<Record<'roles' | 'forced', string>>", {
      roles: readText("install/security/roles.sql"),
      forced: readText("install/security/forced.sql"),
    }),
    constant("VIEWS", "readonly string[]", views),
    constant("VECTOR_TABLES", "string", readText("search/vectors.sql")),
    constant(
      "SCHEMA_OBJECTS",
      "readonly { readonly kind: 'table' | 'constraint' | 'index' | 'policy' | 'right'; readonly table: string; readonly name: string; readonly sql: string }[]",
      parseSchema(readText("../schema.sql")),
    ),
  ].join("\n");
}

/** How the statements of `schema.sql` begin: what they make, on which table, under which name. */
const OBJECTS = {
  table: /^create (?:unlogged )?table (?<table>\w+)(?: partition of \w+ .*| \()/,
  constraint: /^alter table (?<table>\w+) add constraint (?<name>\w+) /,
  index: /^CREATE (?:UNIQUE )?INDEX (?<name>\w+) ON chatkeep\.(?<table>\w+) /,
  policy: /^create policy (?<name>\w+) on (?<table>\w+) /,
  right: /^grant .* on (?<table>\w+) to \w+;/,
} as const;

/** What a whole schema holds, by which one that was restored in part is known, and mended. */
function parseSchema(text: string): { kind: string; table: string; name: string; sql: string }[] {
  const [, ...lines] = text.split("\n");
  const statements = lines.join("\n").split(/(?<=;)(?: -- .*)?\n/);
  return statements.flatMap((statement) => {
    const sql = statement.replaceAll(/^--.*\n|^\n/gm, "");
    for (const [kind, head] of Object.entries(OBJECTS)) {
      const { table, name = "" } = head.exec(sql)?.groups ?? {};
      // A table that is lost with its rows comes back from a backup only.
      if (table !== undefined) return [{ kind, table, name, sql: kind === "table" ? "" : sql }];
    }
    return [];
  });
}

const NOTE = "// Generated from the .sql files by packages/core/build/sql.ts; `npm run sql` writes it.\n";

function constant(name: string, type: string, value: unknown): string {
  return `export const ${name}: ${type} = ${JSON.stringify(value, null, 2)};\n`;
}

function readFolder(folder: string): { readonly file: string; readonly sql: string }[] {
  return readdirSync(join(SOURCE, folder))
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => ({ file, sql: readText(join(folder, file)) }));
}

function readText(path: string): string {
  return readFileSync(join(SOURCE, path), "utf8");
}

/** By a rename, so that a process which starts meanwhile reads the old module or the new one. */
function writeWhenChanged(file: string, text: string): void {
  const path = join(GENERATED, file);
  try {
    if (readFileSync(path, "utf8") === text) return;
  } catch {
    // It is not there yet.
  }
  const fresh = `${path}.${process.pid}`;
  writeFileSync(fresh, text);
  renameSync(fresh, path);
}

if (import.meta.main) writeSqlModules();
