import type { S3Options } from "../s3.ts";
import type { Reader } from "./reader.ts";

/** Reads where the bytes of files are kept; `undefined`: in PostgreSQL. */
export function readObjects({ text, faults }: Reader): S3Options | undefined {
  const bucket = text("CHATKEEP_S3_BUCKET");
  const endpoint = text("CHATKEEP_S3_ENDPOINT");
  if (endpoint !== undefined && (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))) {
    faults.push(`CHATKEEP_S3_ENDPOINT must be an address such as https://s3.example.org, not "${endpoint}".`);
  }
  const accessKeyId = text("AWS_ACCESS_KEY_ID");
  const secretAccessKey = text("AWS_SECRET_ACCESS_KEY");
  const sessionToken = text("AWS_SESSION_TOKEN");
  if (bucket === undefined) {
    if (endpoint !== undefined) faults.push("CHATKEEP_S3_ENDPOINT needs CHATKEEP_S3_BUCKET.");
    return undefined;
  }
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined))
    faults.push("Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY both, or neither.");
  return {
    bucket,
    prefix: text("CHATKEEP_S3_PREFIX"),
    endpoint,
    // Others have no regions, and want the name of one in a signature.
    region: text("AWS_REGION") ?? (endpoint === undefined ? undefined : "us-east-1"),
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
  };
}
