import { OBJECT_STORE_ENV, startObjectStore } from "@chatkeep/testing/object-store";
import { afterAll, expect, it } from "vitest";

import { findObjects } from "../src/doctor/objects.ts";
import { readEnvironment } from "../src/environment.ts";

const s3 = await startObjectStore();
const settings = {
  ...OBJECT_STORE_ENV,
  CHATKEEP_S3_BUCKET: s3.bucket,
  CHATKEEP_S3_ENDPOINT: s3.endpoint,
};
afterAll(() => s3[Symbol.asyncDispose]());

it("doctor stores, reads and deletes an object in the bucket", async () => {
  expect(await findObjects(readEnvironment(settings))).toEqual([
    { check: "files", state: "ok", text: 'the bucket "files" stores, gives back and deletes' },
  ]);
  expect(await s3.keys()).toEqual([]);
});

it("doctor says nothing without a bucket, and why a bucket cannot be used", async () => {
  expect(await findObjects(readEnvironment({}))).toEqual([]);
  const environment = readEnvironment({ ...settings, CHATKEEP_S3_BUCKET: "none" });
  expect(await findObjects(environment)).toMatchObject([
    { check: "files", state: "fail", text: expect.stringContaining("NoSuchBucket") },
  ]);
});

it("settings that cannot be used are named", () => {
  expect(() => readEnvironment({ ...settings, CHATKEEP_S3_ENDPOINT: "s3" })).toThrow(
    "CHATKEEP_S3_ENDPOINT must be an address",
  );
  expect(() => readEnvironment({ ...settings, AWS_SECRET_ACCESS_KEY: "" })).toThrow("both, or neither");
  expect(() => readEnvironment({ ...settings, CHATKEEP_S3_BUCKET: "" })).toThrow(
    "CHATKEEP_S3_ENDPOINT needs CHATKEEP_S3_BUCKET.",
  );
});
