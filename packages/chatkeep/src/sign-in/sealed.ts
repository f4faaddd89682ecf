import { hkdfSync } from "node:crypto";

import { EncryptJWT, type JWTPayload, jwtDecrypt } from "jose";

/** Values that a browser keeps and cannot read or change. */
export interface Sealed {
  /** Seals a value for `seconds`. Only `open` with this name opens it. */
  seal(name: string, value: JWTPayload, seconds: number): Promise<string>;
  /** The value, or `undefined` if it has expired, was sealed under another name, or with another secret. */
  open(name: string, sealed: string): Promise<JWTPayload | undefined>;
}

/** Encrypts with AES-256-GCM (JWE) and a key that is derived from a secret: all nodes with the secret open it. */
export function createSealed(secret: string): Sealed {
  const key = new Uint8Array(hkdfSync("sha256", secret, "", "chatkeep sign-in", 32));
  return {
    seal: (name, value, seconds) =>
      new EncryptJWT(value)
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .setAudience(name)
        .setExpirationTime(`${seconds}s`)
        .encrypt(key),
    async open(name, sealed) {
      try {
        const { payload } = await jwtDecrypt(sealed, key, {
          audience: name,
          keyManagementAlgorithms: ["dir"],
          contentEncryptionAlgorithms: ["A256GCM"],
        });
        return payload;
      } catch {
        return undefined;
      }
    },
  };
}
