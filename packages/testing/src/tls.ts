import { chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Client } from "pg";

import { type CertificateOptions, createCertificate } from "./certificate.ts";
import type { Postgres } from "./postgres.ts";

/**
 * Lets a running server of a test's own offer TLS from the next connection on, with a certificate for which
 * nobody vouches. Returns the certificate's file.
 */
export async function switchTlsOn(postgres: Postgres, options: CertificateOptions = {}): Promise<string> {
  const { certificate, key } = createCertificate(options);
  const file = join(postgres.directory, "server.crt");
  const keyFile = join(postgres.directory, "server.key");
  writeFileSync(file, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  // It takes a key of its own account only.
  const { uid, gid } = statSync(join(postgres.directory, "data"));
  chownSync(keyFile, uid, gid);
  const client = new Client({ connectionString: postgres.url("postgres") });
  await client.connect();
  for (const setting of [`ssl_cert_file = '${file}'`, `ssl_key_file = '${keyFile}'`, "ssl = on"]) {
    await client.query(`alter system set ${setting}`);
  }
  await client.query("select pg_reload_conf()");
  await client.end();
  return file;
}
