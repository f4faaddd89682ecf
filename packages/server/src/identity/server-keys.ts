import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A key of a trusted back end. Only its hash is kept. */
export interface ServerKey {
  /** Who holds it, for the audit; two keys of one holder may have the same, so that one can be exchanged. */
  readonly name: string;
  /** SHA-256 of the key, 32 bytes. */
  readonly hash: Uint8Array;
}

/** What every key begins with, so that it is told from a token and found by scanners of secrets. */
export const KEY_PREFIX = "ck_";

/** A new key of 256 random bits, and its hash in hex. */
export function makeServerKey(): { readonly key: string; readonly hash: string } {
  const key = KEY_PREFIX + randomBytes(32).toString("base64url");
  return { key, hash: hashOf(key).toString("hex") };
}

/**
 * Reads a list of keys: `name:key` or `name:<SHA-256 in hex>`, separated by commas. Throws a `TypeError`
 * that names the entry by its place and never repeats it.
 */
export function readServerKeys(text: string): ServerKey[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "")
    .map((entry, index) => {
      const [, name, secret] = /^([\w.-]{1,64}):(\S+)$/.exec(entry) ?? [];
      if (name === undefined || secret === undefined) {
        throw new TypeError(`entry ${index + 1} has to be name:key or name:<SHA-256 of the key in hex>`);
      }
      if (/^[0-9a-f]{64}$/i.test(secret)) return { name, hash: Buffer.from(secret, "hex") };
      if (!/^ck_[\w-]{43,}$/.test(secret)) {
        throw new TypeError(
          `entry ${index + 1} (${name}) holds no key of ours: make one with "chatkeep key"`,
        );
      }
      return { name, hash: hashOf(secret) };
    });
}

/** The key that `given` is, compared in constant time with each; `undefined` when it is none. */
export function findServerKey(keys: readonly ServerKey[], given: string): ServerKey | undefined {
  const hash = hashOf(given);
  let found: ServerKey | undefined;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
