import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { startFauxqs } from "fauxqs";

export { createS3Store } from "chatkeep/s3";

/** A server that speaks S3, with one bucket, which a test stops and starts. */
export interface TestObjectStore extends AsyncDisposable {
  readonly bucket: string;
  readonly endpoint: string;
  /** The keys of the objects that are there. */
  keys(): Promise<string[]>;
  /** Ends all connections and takes no more. */
  stop(): void;
  /** Takes connections again. */
  start(): void;
}

/** The environment of the store's clients. */
export const OBJECT_STORE_ENV = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "key",
  AWS_SECRET_ACCESS_KEY: "secret",
} as const;

/** Starts one. Objects are in memory. Its clients need {@link OBJECT_STORE_ENV}. */
export async function startObjectStore(): Promise<TestObjectStore> {
  const server = await startFauxqs({ port: 0, logger: false });
  const bucket = "files";
  server.createBucket(bucket);
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${server.port}`,
    region: OBJECT_STORE_ENV.AWS_REGION,
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
    forcePathStyle: true,
  });
  const open = new Set<Socket>();
  let isStopped = false;
  // In front of it, so that its objects outlive an outage.
  const front = createServer((socket) => {
    if (isStopped) {
      socket.destroy();
      return;
    }
    const upstream = connect(server.port, "127.0.0.1");
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      open.add(one.on("error", () => other.destroy()));
      one.once("close", () => {
        open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const stop = (): void => {
    isStopped = true;
    for (const socket of open) socket.destroy();
  };
  return {
    bucket,
    endpoint: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    async keys() {
      const { Contents: objects = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
      return objects.map(({ Key: key }) => key!);
    },
    stop,
    start() {
      isStopped = false;
    },
    async [Symbol.asyncDispose]() {
      stop();
      front.close();
      client.destroy();
      await server.stop();
    },
  };
}
