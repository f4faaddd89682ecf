import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A key of a trusted back end. Only its hash is kept. */
export interface ServerKey {
  /** The holder's name in the audit log. Two keys may have one name, so that a key can be exchanged. */
  readonly name: string;
  /** SHA-256 of the key, 32 bytes. */
  readonly hash: Uint8Array;
}

/** The beginning of every key. It tells keys from tokens, and lets scanners of secrets find them. */
export const KEY_PREFIX = "ck_";

/** Makes a key of 256 random bits. Its hash is in hex. */
export function makeServerKey(): { readonly key: string; readonly hash: string } {
  const key = KEY_PREFIX + randomBytes(32).toString("base64url");
  return { key, hash: hashOf(key).toString("hex") };
}

/**
 * Reads a list of `name:key` or `name:<SHA-256 in hex>`, separated by commas. Errors: a `TypeError` that tells the place
 * of the entry and never quotes it.
 */
export function readServerKeys(text: string): ServerKey[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry, index) => {
      const [, name, secret] = /^([\w.-]{1,64}):(\S+)$/.exec(entry) ?? [];
      if (name === undefined || secret === undefined) {
        throw new TypeError(`entry ${index + 1} must be name:key or name:<SHA-256 of the key in hex>`);
      }
      if (/^[0-9a-f]{64}$/i.test(secret)) return { name, hash: Buffer.from(secret, "hex") };
      if (!/^ck_[\w-]{43,}$/.test(secret)) {
        throw new TypeError(`entry ${index + 1} (${name}) has no key in it. Make one with "chatkeep key"`);
      }
      return { name, hash: hashOf(secret) };
    });
}

/** Finds a key. Each is compared in constant time. */
export function findServerKey(keys: readonly ServerKey[], given: string): ServerKey | undefined {
  const hash = hashOf(given);
  let found: ServerKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
