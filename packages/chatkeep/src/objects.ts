import type { Environment } from "./environment.ts";
import type { S3Store } from "./s3.ts";
import { StartError } from "./start-error.ts";

/** The store that the environment names; `undefined`: PostgreSQL keeps the bytes of files. */
export async function loadObjects({ objects }: Pick<Environment, "objects">): Promise<S3Store | undefined> {
  if (objects === undefined) return undefined;
  const { createS3Store } = await import("./s3.ts").catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new StartError(
      "CHATKEEP_S3_BUCKET needs two packages: npm install @aws-sdk/client-s3 @aws-sdk/lib-storage",
    );
  });
  return createS3Store(objects);
}
