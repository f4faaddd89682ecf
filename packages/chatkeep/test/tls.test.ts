import { createPool } from "@chatkeep/core";
import { startPostgres, switchTlsOn } from "@chatkeep/testing";
import { afterAll, expect, test } from "vitest";

import { callCommand } from "./command.ts";

const postgres = await startPostgres({ settings: { fsync: "off" } });
afterAll(() => postgres.remove());

function urlWith(parameters: Record<string, string>): string {
  const url = new URL(postgres.url("postgres"));
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** What the connection that the URL gives is like. */
async function connectionOf(url: string): Promise<unknown> {
  const pool = createPool(url);
  try {
    const { rows } = await pool.query("select ssl, version from pg_stat_ssl where pid = pg_backend_pid()");
    return rows[0];
  } finally {
    await pool.end();
  }
}

/** What `migrate` and `doctor` say of a URL that they cannot use: the same sentence. */
async function refusalOf(url: string): Promise<string> {
  const env = { DATABASE_URL: url };
  const [migrate, doctor] = await Promise.all([callCommand(["migrate"], env), callCommand(["doctor"], env)]);
  expect([migrate.code, doctor.code]).toEqual([1, 1]);
  const sentence = migrate.stderr.trim();
  expect(doctor.stdout).toContain(`fail  connect   ${sentence}\n`);
  return sentence;
}

test("a certificate that nobody vouches for is refused with what to do, and taken when it is named", async () => {
  const file = await switchTlsOn(postgres);
  for (const sslmode of ["require", "verify-ca", "verify-full"]) {
    expect(await refusalOf(urlWith({ sslmode }))).toMatch(
      /^The certificate of 127\.0\.0\.1:\d+ is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\): add sslrootcert=<the file of its authority's certificate> to DATABASE_URL, or sslmode=no-verify to do without\.$/,
    );
  }
  const trusted = urlWith({ sslmode: "verify-full", sslrootcert: file, channel_binding: "require" });
  expect(await connectionOf(trusted)).toMatchObject({ ssl: true });
  const doctor = await callCommand(["doctor"], { DATABASE_URL: trusted });
  expect(doctor).toMatchObject({ code: 0, stderr: "" });
  expect(doctor.stdout).toMatch(/^ok +TLS +encrypted, certificate verified$/m);
});

test("sslmode=no-verify encrypts without verifying, and doctor says so; disable and prefer do not encrypt here", async () => {
  await switchTlsOn(postgres);
  const unverified = urlWith({ sslmode: "no-verify", channel_binding: "prefer" });
  expect(await connectionOf(unverified)).toMatchObject({ ssl: true });
  const doctor = await callCommand(["doctor"], { DATABASE_URL: unverified });
  expect(doctor).toMatchObject({ code: 0, stderr: "" });
  expect(doctor.stdout).toMatch(/^note +TLS +encrypted, but the server's certificate is not verified: /m);
  for (const sslmode of ["disable", "prefer"])
    expect(await connectionOf(urlWith({ sslmode }))).toMatchObject({ ssl: false });
});

test("a certificate for another name, or one that has expired, is told apart from an untrusted one", async () => {
  const other = await switchTlsOn(postgres, { name: "db.example" });
  expect(await refusalOf(urlWith({ sslmode: "require", sslrootcert: other }))).toMatch(
    /^The certificate of 127\.0\.0\.1:\d+ is for another name: correct the host in DATABASE_URL, /,
  );
  const old = await switchTlsOn(postgres, { until: new Date(Date.now() - 60_000) });
  expect(await refusalOf(urlWith({ sslmode: "require", sslrootcert: old }))).toMatch(
    /^The certificate of 127\.0\.0\.1:\d+ has expired: renew it in the server\.$/,
  );
});

test("a file that is not there is named", async () => {
  const { code, stderr } = await callCommand(["migrate"], {
    DATABASE_URL: urlWith({ sslmode: "require", sslrootcert: "/nowhere/ca.pem" }),
  });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "DATABASE_URL must name files that are there; there is no sslrootcert=/nowhere/ca.pem here.\n",
  });
});
