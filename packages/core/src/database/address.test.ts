import { expect, it, onTestFinished, vi } from "vitest";

import { readAddress } from "./address.ts";

const HERE = encodeURIComponent(import.meta.filename);
const SOCKET = "/cloudsql/project:region:instance";

// [what the URL has, the URL, where it leads], as `psql "$URL" -c '\conninfo'` says.
it.each([
  ["nothing special", "postgresql://ada:pw@db.example:6432/chats", {}],
  ["the path of a socket in `host`", `postgres://ada:pw@/chats?host=${SOCKET}`, { host: SOCKET, port: 5432 }],
  [
    "the path of a socket as its host",
    "postgres://ada:pw@%2Frun%2Fpg:5433/chats",
    { host: "/run/pg", port: 5433 },
  ],
  [
    "port, user, password and database as parameters",
    "postgres://db.example?port=6432&user=ada&password=pw&dbname=chats",
    {},
  ],
  [
    "a parameter that repeats a part",
    "postgres://eve:x@nowhere:1/none?host=db.example&port=6432&user=ada&password=pw&dbname=chats",
    {},
  ],
  ["an address for its host", "postgres://ada:pw@/chats?hostaddr=10.0.0.7", { host: "10.0.0.7", port: 5432 }],
  ["an IPv6 address", "postgres://ada:pw@[fd00::7]:6432/chats", { host: "fd00::7" }],
  [
    "characters of a password that need no encoding",
    "postgres://ada:p#w?x:y&z@db.example:6432/chats",
    { password: "p#w?x:y&z" },
  ],
  ["an encoded password", "postgres://ada:p%40%2F%25%3A@db.example:6432/chats", { password: "p@/%:" }],
  [
    "a database with an encoded name",
    "postgres://ada:pw@db.example:6432/my%2Fchats%3F",
    { database: "my/chats?" },
  ],
  ["spaces around it", " postgres://ada:pw@db.example:6432/chats\n", {}],
])("a URL with %s is read as psql reads it", (_, url, expected) => {
  const { host, port, user, database, config } = readAddress(url);
  const { password } = config;
  expect({ host, port, user, password, database }).toEqual({
    host: "db.example",
    port: 6432,
    user: "ada",
    password: "pw",
    database: "chats",
    ...expected,
  });
});

it.each([
  [
    "Prisma",
    "schema=public&connection_limit=3&pool_timeout=10&pgbouncer=true",
    { connectionLimit: 3, unused: ["schema", "pool_timeout", "pgbouncer"] },
  ],
  [
    "Neon",
    "sslmode=require&channel_binding=require&options=endpoint%3Dep-cool-1",
    { sslmode: "require", unused: [] },
  ],
  [
    "a database that sleeps",
    "connect_timeout=10",
    { connectTimeout: 10_000, databaseTimeout: 10_300, unused: [] },
  ],
  ["JDBC", "ssl=true", { sslmode: "require", unused: [] }],
  [
    "postgres.js",
    "ssl=verify-full&max=5&idle_timeout=20",
    { sslmode: "verify-full", unused: ["max", "idle_timeout"] },
  ],
  ["a system's authorities", "sslrootcert=system", { sslmode: "verify-full", unused: [] }],
  ["TLS without asking first", "sslnegotiation=direct", { sslmode: "verify-full", unused: [] }],
  ["a certificate of one's own", `sslcert=${HERE}&sslkey=${HERE}`, { sslmode: "verify-full", unused: [] }],
  ["an address beside the host", "hostaddr=10.0.0.7", { host: "db.example", unused: ["hostaddr"] }],
])("the parameters of %s are taken or listed as unused", (_, query, expected) => {
  expect(readAddress(`postgres://ada:pw@db.example/chats?${query}`)).toMatchObject(expected);
});

it.each(["0", "00"])("a time and a number of %s leave the defaults", (none) => {
  const address = readAddress(`postgres://db.example/chats?connect_timeout=${none}&connection_limit=${none}`);
  expect(address).not.toHaveProperty("connectTimeout");
  expect(address).not.toHaveProperty("databaseTimeout");
  expect(address).not.toHaveProperty("connectionLimit");
});

it("an IPv6 address stands in brackets before the port", () => {
  expect(readAddress("postgres://[fd00::7]:6432/chats").place).toBe("[fd00::7]:6432");
});

it("`prefer` asks for TLS of a remote server that PGHOST names", () => {
  vi.stubEnv("PGHOST", "db.example");
  onTestFinished(() => void vi.unstubAllEnvs());
  const { isLocal, config } = readAddress("postgres:///chats?sslmode=prefer");
  expect({ isLocal, ssl: config.ssl }).toEqual({ isLocal: false, ssl: {} });
});

it.each([undefined, null, ""])("a URL that is missing (%s) says so", (url) => {
  expect(() => readAddress(url as string)).toThrow(
    new TypeError("The database URL is missing: set DATABASE_URL to postgres://user:password@host/database."),
  );
});

it("an option and a client's name reach the server, and TLS is verified", () => {
  const { config } = readAddress(
    "postgres://ada:pw@db.example/chats?sslmode=require&options=endpoint%3Dep-1&application_name=shop&channel_binding=require",
  );
  expect(config).toMatchObject({
    options: "endpoint=ep-1",
    application_name: "shop",
    enableChannelBinding: true,
    ssl: {},
  });
  expect((config.ssl as { rejectUnauthorized?: boolean }).rejectUnauthorized).not.toBe(false);
});

it.each([
  ["an @ in its password", "postgres://ada:s3cr@t@db.example/chats", /Write @ as %40, \/ as %2F/],
  ["a / in its password", "postgres://ada:s3/cret@db.example/chats", /Write @ as %40, \/ as %2F/],
  ["a % in its password", "postgres://ada:s3%cret@db.example/chats", /Write % as %25/],
  ["quotes around it", '"postgres://ada:s3cret@db.example/chats"', /something around it, such as quotes/],
  ["the command psql around it", "psql 'postgres://ada:s3cret@db.example/chats'", /something around it/],
  [
    "Java's scheme",
    "jdbc:postgresql://db.example/chats?password=s3cret",
    /must look like postgres:.*begins with jdbc:postgresql:\/\//,
  ],
  [
    "SQLAlchemy's scheme",
    "postgresql+psycopg://ada:s3cret@db.example/chats",
    /must look like postgres:.*begins with postgresql\+psycopg:\/\//,
  ],
  ["the keywords of libpq", "host=db.example password=s3cret", /must look like postgres:\/\//],
  ["several hosts", "postgres://ada:s3cret@one.example,two.example/chats", /several hosts/],
  ["a port that is none", "postgres://ada:s3cret@db.example:54321x/chats", /port .* must be a number/],
  [
    "a misspelt sslmode",
    "postgres://ada:s3cret@db.example/chats?sslmod=require",
    /has sslmod, which Chatkeep does not know/,
  ],
  [
    "an unknown mode",
    "postgres://ada:s3cret@db.example/chats?sslmode=required",
    /sslmode .* must be one of disable, /,
  ],
  [
    "a mode of another object",
    "postgres://ada:s3cret@db.example/chats?ssl=toString",
    /sslmode .* must be one/,
  ],
  ["a folder as its certificate", "postgres://ada:s3cret@db.example/chats?sslrootcert=/", /must name files/],
  [
    "a certificate that is not there",
    "postgres://ada:s3cret@db.example/chats?sslrootcert=/nowhere.pem",
    /no sslrootcert=\/nowhere\.pem here/,
  ],
  [
    "a limit that is no number",
    "postgres://ada:s3cret@db.example/chats?connection_limit=few",
    /connection_limit .* must be a whole number/,
  ],
])("a URL with %s is refused in a sentence without its secrets", (_, url, sentence) => {
  const refused = (): unknown => readAddress(url);
  expect(refused).toThrow(TypeError);
  expect(refused).toThrow(sentence);
  expect(refused).not.toThrow(/s3|cret/);
});
