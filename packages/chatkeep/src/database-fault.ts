import { isUnavailable, readAddress } from "@chatkeep/core";
import { isChatkeepError } from "@chatkeep/protocol";

/** What a failure to reach or use a database means to the person who started us. */
export interface DatabaseFault {
  /** One sentence that says what to do. */
  readonly sentence: string;
  /** Whether it may pass by itself, as for a server that starts later than we. */
  readonly passing: boolean;
}

/** OpenSSL's codes of a certificate for which no authority that we know vouches. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/;

/** Explains an error of the driver, of TLS or of PostgreSQL; `undefined` for one that is not of these. */
export function explainDatabaseError(thrown: unknown, url: string): DatabaseFault | undefined {
  const isOutage = isChatkeepError(thrown, "unavailable");
  const error = (isOutage ? thrown.cause : thrown) ?? {};
  const { code = "", message = "" } = error as { code?: string; message?: string };
  const { host, user, database, place } = readAddress(url);
  const lasting = (sentence: string): DatabaseFault => ({ sentence, passing: false });
  const passing = (sentence: string): DatabaseFault => ({ sentence, passing: true });

  switch (code) {
    case "28P01":
      return lasting(`PostgreSQL at ${place} refused the password of "${user}": correct it in DATABASE_URL.`);
    case "28000":
      return /no encryption|SSL off/i.test(message)
        ? lasting(
            `PostgreSQL at ${place} takes encrypted connections only: add ?sslmode=require to DATABASE_URL.`,
          )
        : lasting(
            `PostgreSQL at ${place} does not let "${user}" in: correct the user in DATABASE_URL, or allow it in pg_hba.conf.`,
          );
    case "3D000":
      return lasting(
        `There is no database "${database}" at ${place}: make it (createdb ${database}), or correct DATABASE_URL.`,
      );
    case "42501":
      return lasting(
        `The role "${user}" lacks a right: run "chatkeep grant ${user}" with the role that migrated the schema, or "chatkeep migrate" with one that owns the database "${database}".`,
      );
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return passing(`No machine is known as "${host}": correct the host in DATABASE_URL.`);
    case "ECONNREFUSED":
    case "ENOENT":
      return passing(
        `Nothing answers at ${place}: start PostgreSQL there, or correct the host and port in DATABASE_URL.`,
      );
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
      return passing(
        `${place} cannot be reached: check the network and firewalls, or correct the host in DATABASE_URL.`,
      );
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return lasting(
        `The certificate of ${place} is for another name: correct the host in DATABASE_URL, or give the server a certificate for it.`,
      );
    case "CERT_HAS_EXPIRED":
      return lasting(`The certificate of ${place} has expired: renew it in the server.`);
    case "25006":
      return passing(
        `PostgreSQL at ${place} is read-only, as a standby is: point DATABASE_URL at the primary server, or unset default_transaction_read_only.`,
      );
    case "57P03":
      return passing(`PostgreSQL at ${place} is starting up: wait a moment.`);
    case "40P01":
    case "55P03":
      return passing(
        `The tables in "${database}" are in use by something that takes long, as a backup does: wait until it has ended.`,
      );
    case "53100":
      return passing(`The disk of PostgreSQL at ${place} is full: make room there.`);
    case "53300":
      return passing(
        `PostgreSQL at ${place} has no connection left: raise max_connections, or put a pooler in front.`,
      );
    default:
  }
  if (/does not support SSL/i.test(message)) {
    return lasting(
      `PostgreSQL at ${place} offers no TLS: remove sslmode from DATABASE_URL, or switch TLS on in the server.`,
    );
  }
  if (UNTRUSTED.test(code)) {
    return lasting(
      `The certificate of ${place} is not trusted (${code}): add sslrootcert=<the file of its authority's certificate> to DATABASE_URL, or sslmode=no-verify to do without.`,
    );
  }
  // An answer of the server's own: it runs, and the network lets us through.
  if (/^(57014|08...)$/.test(code)) return passing(`PostgreSQL at ${place} says: ${message}.`);
  if (isOutage || isUnavailable(error)) {
    return passing(
      `${place} does not answer: check that PostgreSQL runs there and that the network lets us through.`,
    );
  }
  return undefined;
}
