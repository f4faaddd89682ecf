import { hash as digest } from "node:crypto";

import { ChatkeepError, type Owner, isSessionId } from "@chatkeep/protocol";

/**
 * Derives the id of an owner's rows: a UUID (version 8, RFC 9562) from SHA-256 over the kind and the issuer with the
 * subject, or the session's secret. The secret is never stored, and no query is needed to identify an owner.
 *
 * Errors: `invalid_request` when a session id is not a UUID v4 or a user has no subject.
 */
export function ownerId(owner: Owner): string {
  const known = derived.get(owner);
  const issuer = owner.kind === "user" ? (owner.issuer ?? "") : "";
  // The caller may have changed the object since.
  if (known?.kind === owner.kind && known.id === owner.id && known.issuer === issuer) return known.ownerId;
  const made = derive(owner);
  derived.set(owner, { kind: owner.kind, id: owner.id, issuer, ownerId: made });
  return made;
}

/** Caches ids: a request needs its owner's id several times, at 8 µs each. */
const derived = new WeakMap<Owner, { kind: string; id: string; issuer: string; ownerId: string }>();

function derive(owner: Owner): string {
  if (owner.kind === "session" && !isSessionId(owner.id)) {
    throw new ChatkeepError("invalid_request", "The session id has to be a UUID v4.", {
      pointer: "X-Session-ID",
    });
  }
  if (owner.kind === "user" && owner.id === "") {
    throw new ChatkeepError("invalid_request", "The user has no id.");
  }
  // As JSON, so that no two owners have equal text, whatever their names hold.
  const name =
    owner.kind === "user" ? ["user", owner.issuer ?? "", owner.id] : ["session", owner.id.toLowerCase()];
  const hash = digest("sha256", JSON.stringify(name), "buffer").subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
