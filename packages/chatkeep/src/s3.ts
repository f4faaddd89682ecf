import { Readable } from "node:stream";

import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import type { ObjectStore } from "@chatkeep/core";

/** Options of {@link createS3Store}. */
export interface S3Options {
  readonly bucket: string;
  /** The prefix of each key, such as `chatkeep/`. Default: none. */
  readonly prefix?: string | undefined;
  /** The address of a store that is not Amazon's, such as `https://s3.example.org`. Default: Amazon's. */
  readonly endpoint?: string | undefined;
  /** Default: that of the environment (`AWS_REGION`). */
  readonly region?: string | undefined;
  /** Default: found as AWS's SDK finds them, in `AWS_ACCESS_KEY_ID`, a profile, or the role of the machine. */
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string }
    | undefined;
}

/** {@link ObjectStore} on S3. */
export interface S3Store extends ObjectStore {
  /** Ends its connections. */
  close(): void;
}

/** Bytes of one part of an upload: two are in memory. S3 takes 10,000 parts, 80 GB. */
const PART = 8 * 1024 * 1024;

/** Milliseconds to connect, and without a byte on a connection. */
const TIMEOUTS = { connectionTimeout: 2_000, socketTimeout: 10_000 };

/**
 * Keeps the bytes of files in a bucket of S3, or of a store that speaks its protocol. Opens no connection until the first
 * call. Needs `@aws-sdk/client-s3` and `@aws-sdk/lib-storage`.
 */
export function createS3Store({ bucket, prefix = "", endpoint, region, credentials }: S3Options): S3Store {
  const client = new S3Client({
    ...(credentials === undefined ? {} : { credentials }),
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint, ...ELSEWHERE }),
    requestHandler: TIMEOUTS,
  });
  const place = (key: string) => ({ Bucket: bucket, Key: prefix + key });
  return {
    async put(key, bytes) {
      const source = Readable.from(bytes, { objectMode: false, highWaterMark: 0 });
      try {
        await new Upload({
          client,
          params: { ...place(key), Body: source, ContentType: "application/octet-stream" },
          partSize: PART,
          queueSize: 1,
        }).done();
      } finally {
        source.destroy();
      }
    },

    async get(key, { start, end }) {
      const range = { ...place(key), Range: `bytes=${start}-${end - 1}` };
      for (let tries = 1; ; tries += 1) {
        const { Body: body } = await client.send(new GetObjectCommand(range));
        try {
          return await bytesOf(body);
        } catch (error) {
          // The SDK retries requests, but not a reply that breaks off after its head.
          if (tries === 3) throw error;
        }
      }
    },

    async delete(key) {
      await client.send(new DeleteObjectCommand(place(key)));
    },

    close: () => client.destroy(),
  };
}

/** Other stores may lack buckets as host names, and the checksums of newer SDKs. */
const ELSEWHERE = {
  forcePathStyle: true,
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
} as const;

function bytesOf(body: GetObjectCommandOutput["Body"]): Promise<Uint8Array> {
  return body === undefined ? Promise.resolve(new Uint8Array()) : body.transformToByteArray();
}
