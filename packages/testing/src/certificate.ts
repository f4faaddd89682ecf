import { type KeyObject, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate with its key, both as PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** Whom a certificate is for. */
export interface CertificateOptions {
  /** The host's name (default `localhost`, and the address 127.0.0.1 besides). */
  readonly name?: string;
  /** Until when it is valid (default: for a day). */
  readonly until?: Date;
}

/** Makes a certificate that signs itself: X.509 v3 with a P-256 key, as RFC 5280 writes it. */
export function createCertificate(options: CertificateOptions = {}): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const certificate = createDer(publicKey, privateKey, {
    name: options.name ?? "localhost",
    address: options.name === undefined ? [127, 0, 0, 1] : undefined,
    until: options.until ?? new Date(Date.now() + DAY),
  });
  const lines = certificate.toString("base64").replaceAll(/.{64}/g, "$&\n");
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

const DAY = 24 * 60 * 60 * 1000;

interface Subject {
  readonly name: string;
  readonly address: readonly number[] | undefined;
  readonly until: Date;
}

function createDer(publicKey: KeyObject, privateKey: KeyObject, { name, address, until }: Subject): Buffer {
  const algorithm = sequence(oid("2a8648ce3d040302")); // ecdsa-with-SHA256
  const subject = sequence(der(0x31, sequence(oid("550403"), der(0x0c, Buffer.from(name))))); // commonName
  const names = [
    der(0x82, Buffer.from(name)),
    ...(address === undefined ? [] : [der(0x87, Buffer.from(address))]),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])), // serial number
    algorithm,
    subject, // of the issuer
    sequence(time(new Date(until.getTime() - 2 * DAY)), time(until)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(oid("551d11"), der(0x04, sequence(...names))))), // subjectAltName
  );
  const signature = sign("sha256", body, privateKey);
  return sequence(body, algorithm, der(0x03, Buffer.from([0]), signature));
}

/** A value of ASN.1: its tag, its length and its content. */
function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const { length } = bytes;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), bytes]);
}

function sequence(...content: readonly Buffer[]): Buffer {
  return der(0x30, ...content);
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, "hex"));
}

/** `YYMMDDHHMMSSZ` */
function time(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().replaceAll(/\D/g, "").slice(2, 14)}Z`));
}
