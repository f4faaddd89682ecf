import { createHmac, generateKeyPairSync } from "node:crypto";
import { type Server as NodeServer, createServer as createNodeServer } from "node:http";
import type { AddressInfo } from "node:net";

import { createTokenCheck, mintToken } from "@chatkeep/server";
import { type JWTPayload, SignJWT, exportJWK } from "jose";
import { afterAll, describe, expect, it } from "vitest";

const SECRET = "a secret of tests that is longer than 32 bytes";
const ISSUER = "https://issuer.example";
const AUDIENCE = "chat";
const now = Math.floor(Date.now() / 1000);
const good: JWTPayload = { sub: "ada", iss: ISSUER, aud: AUDIENCE, exp: now + 600 };

/** A token of HS256 by hand, with any header and any secret. */
function sign(header: object, payload: object, secret: string | Buffer = SECRET): string {
  const text = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}
const HS256 = { alg: "HS256", typ: "JWT" };

describe("tokens signed with a secret", () => {
  const verify = createTokenCheck({ key: { secret: SECRET }, issuer: ISSUER, audience: AUDIENCE });

  it("give the user that they name, with the issuer", async () => {
    expect(await verify(sign(HS256, good))).toEqual({ kind: "user", id: "ada", issuer: ISSUER });
    const minted = await mintToken({ secret: SECRET, user: "ada", issuer: ISSUER, audience: AUDIENCE });
    expect(await verify(minted)).toEqual({ kind: "user", id: "ada", issuer: ISSUER });
  });

  it.each<[string, () => string]>([
    ["without a signature, as `none` has it", () => sign({ alg: "none" }, good).replace(/[^.]+$/, "")],
    ["of `none` with a signature", () => sign({ alg: "none" }, good)],
    ["of `None`", () => sign({ alg: "None" }, good)],
    ["of another algorithm than the configured one", () => sign({ alg: "HS512" }, good)],
    ["of an algorithm with public keys", () => sign({ alg: "RS256" }, good)],
    ["of another secret", () => sign(HS256, good, "another secret that is longer than 32 bytes")],
    ["of an empty secret", () => sign(HS256, good, "")],
    [
      "with another payload under the signature",
      () => {
        const [head, , tail] = sign(HS256, good).split(".");
        return [head, Buffer.from(JSON.stringify({ ...good, sub: "eve" })).toString("base64url"), tail].join(
          ".",
        );
      },
    ],
    ["for another audience", () => sign(HS256, { ...good, aud: "shop" })],
    ["for no audience", () => sign(HS256, { ...good, aud: undefined })],
    ["of another issuer", () => sign(HS256, { ...good, iss: "https://evil.example" })],
    ["of an issuer that begins alike", () => sign(HS256, { ...good, iss: `${ISSUER}.evil.example` })],
    ["of no issuer", () => sign(HS256, { ...good, iss: undefined })],
    ["that has expired", () => sign(HS256, { ...good, exp: now - 31 })],
    ["that never expires", () => sign(HS256, { ...good, exp: undefined })],
    ["whose expiry is no number", () => sign(HS256, { ...good, exp: "2099" })],
    ["that is not valid yet", () => sign(HS256, { ...good, nbf: now + 60 })],
    ["for nobody", () => sign(HS256, { ...good, sub: undefined })],
    ["for a nameless one", () => sign(HS256, { ...good, sub: "" })],
    ["for a number", () => sign(HS256, { ...good, sub: 7 })],
    ["for a list", () => sign(HS256, { ...good, sub: ["ada"] })],
    ["with a path as its key id", () => sign({ ...HS256, kid: "../../../dev/null" }, good, "")],
    ["with SQL as its key id", () => sign({ ...HS256, kid: "' union select 'x" }, good, "x")],
    ["that brings its own key", () => sign({ ...HS256, jwk: { kty: "oct", k: "eA" } }, good, "x")],
    ["that names where its key is", () => sign({ ...HS256, jku: "http://127.0.0.1:1/keys" }, good, "x")],
    ["with critical extensions that nobody knows", () => sign({ ...HS256, crit: ["exp2"], exp2: 1 }, good)],
    ["larger than 8 KiB", () => sign(HS256, { ...good, padding: "x".repeat(8192) })],
    ["of two parts", () => "e30.e30"],
    ["of five parts, as encrypted ones have", () => "e30.e30.e30.e30.e30"],
    ["of nothing", () => ""],
    ["of a session's id", () => "5b0e2e0e-6f3c-4f0a-9d3c-0f2f0f2f0f2f"],
  ])("are refused %s", async (_, make) => {
    await expect(verify(make())).rejects.toMatchObject({ code: "unauthenticated", status: 401 });
  });

  it("are taken within 30 seconds of a clock that goes wrong", async () => {
    expect(await verify(sign(HS256, { ...good, exp: now - 10 }))).toMatchObject({ id: "ada" });
    expect(await verify(sign(HS256, { ...good, nbf: now + 10 }))).toMatchObject({ id: "ada" });
  });

  it("are never repeated in the error", async () => {
    const token = sign(HS256, { ...good, exp: now - 100 });
    const error: unknown = await verify(token).catch((thrown: unknown) => thrown);
    expect((error as Error).message).toBe("The token has expired. Sign in again.");
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error as object))).not.toContain(
      token.slice(-20),
    );
  });

  it("need a secret of 32 bytes", () => {
    expect(() => createTokenCheck({ key: { secret: "x".repeat(31) } })).toThrow(TypeError);
    expect(() => createTokenCheck({ key: { secret: "x".repeat(32) } })).not.toThrow();
  });
});

describe("tokens signed with the keys of an issuer", async () => {
  const issuer = await startIssuer();
  const checkWith = (jwks: { fresh?: number; cooldown?: number } = {}) =>
    createTokenCheck({ key: { jwks: { url: issuer.url, ...jwks } }, issuer: ISSUER, audience: AUDIENCE });

  it("are taken, and the keys are asked for once", async () => {
    const verify = checkWith();
    const asked = issuer.asked();
    for (let count = 0; count < 5; count++) {
      expect(await verify(await issuer.token(good))).toMatchObject({ id: "ada" });
    }
    expect(issuer.asked() - asked).toBe(1);
  });

  it("are refused when the public key was taken for a secret", async () => {
    const verify = checkWith();
    const { publicKey } = issuer.key();
    for (const secret of [
      publicKey.export({ type: "spki", format: "pem" }),
      publicKey.export({ type: "spki", format: "der" }),
      JSON.stringify(await exportJWK(publicKey)),
    ]) {
      const forged = sign({ ...HS256, kid: issuer.kid() }, good, secret);
      await expect(verify(forged)).rejects.toMatchObject({ code: "unauthenticated" });
    }
  });

  it("are refused without a signature, and of a key that is not the issuer's", async () => {
    const verify = checkWith();
    await expect(verify(sign({ alg: "none", kid: issuer.kid() }, good))).rejects.toMatchObject({
      code: "unauthenticated",
    });
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const forged = await new SignJWT(good)
      .setProtectedHeader({ alg: "ES256", kid: issuer.kid() })
      .sign(privateKey);
    await expect(verify(forged)).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("go on after the issuer exchanged its keys", async () => {
    const verify = checkWith({ cooldown: 0 });
    const old = await issuer.token(good);
    expect(await verify(old)).toMatchObject({ id: "ada" });
    issuer.rotate();
    expect(await verify(await issuer.token(good))).toMatchObject({ id: "ada" });
    await expect(verify(old)).rejects.toMatchObject({ code: "unauthenticated" });
  });

  it("of a key that nobody knows make the issuer be asked once a cooldown, not once a token", async () => {
    const verify = checkWith({ cooldown: 60_000 });
    await verify(await issuer.token(good));
    const asked = issuer.asked();
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    for (let count = 0; count < 20; count++) {
      const forged = await new SignJWT(good)
        .setProtectedHeader({ alg: "ES256", kid: `k${count}` })
        .sign(privateKey);
      await expect(verify(forged)).rejects.toMatchObject({ code: "unauthenticated" });
    }
    expect(issuer.asked() - asked).toBe(0);
  });

  it("go on while the issuer is down, and say `unavailable`, not `unauthenticated`, where no key is known", async () => {
    const known = checkWith({ fresh: 0, cooldown: 0 });
    const token = await issuer.token(good);
    expect(await known(token)).toMatchObject({ id: "ada" });
    await issuer.stop();
    for (let count = 0; count < 3; count++) expect(await known(token)).toMatchObject({ id: "ada" });
    const fresh = checkWith();
    await expect(fresh(token)).rejects.toMatchObject({ code: "unavailable", retryAfter: 5 });
    await issuer.start();
    const late = checkWith();
    expect(await late(token)).toMatchObject({ id: "ada" });
  });

  it.each([
    ["a page of a proxy", "<html>"],
    ["no keys", "{}"],
    ["a symmetric key", JSON.stringify({ keys: [{ kty: "oct", k: "eA", alg: "HS256" }] })],
  ])("are not taken while it publishes %s", async (_, body) => {
    const token = await issuer.token(good);
    issuer.publish(body);
    const verdict: unknown = await checkWith()(token).catch((error: { code: string }) => error.code);
    issuer.publish(undefined);
    expect(["unavailable", "unauthenticated"]).toContain(verdict);
  });
});

/** An issuer with one key at a time, on a port of its own, which can be stopped and started. */
async function startIssuer() {
  let number = 0;
  let pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  let asked = 0;
  let published: string | undefined;
  let port = 0;
  let node: NodeServer;
  const start = async (): Promise<void> => {
    node = createNodeServer((_, response) => {
      asked += 1;
      void exportJWK(pair.publicKey).then((jwk) => {
        response.setHeader("content-type", "application/json");
        response.end(
          published ?? JSON.stringify({ keys: [{ ...jwk, kid: `key-${number}`, alg: "ES256", use: "sig" }] }),
        );
      });
    });
    await new Promise<void>((resolve) => node.listen(port, "127.0.0.1", resolve));
    ({ port } = node.address() as AddressInfo);
  };
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => node.close(resolve));
    node.closeAllConnections();
    await closed;
  };
  await start();
  afterAll(stop);
  return {
    url: `http://127.0.0.1:${port}/keys`,
    asked: () => asked,
    kid: () => `key-${number}`,
    key: () => pair,
    token: (payload: JWTPayload) =>
      new SignJWT(payload).setProtectedHeader({ alg: "ES256", kid: `key-${number}` }).sign(pair.privateKey),
    rotate() {
      number += 1;
      pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    },
    publish: (body: string | undefined) => void (published = body),
    start,
    stop,
  };
}
