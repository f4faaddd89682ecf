import { hkdfSync } from "node:crypto";

import { EncryptJWT, type JWTPayload, jwtDecrypt } from "jose";

/** Values that a browser keeps and cannot read or change. */
export interface Sealed {
  /** Seals a value for so many seconds, under a name: what is sealed under another is not opened. */
  seal(name: string, value: JWTPayload, seconds: number): Promise<string>;
  /** The value, `undefined` once its time is over, or when it was made elsewhere. */
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
