import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { createHistory } from "@chatkeep/core";
import { UNHURRIED, createDatabase } from "@chatkeep/testing";
import { OBJECT_STORE_ENV, createS3Store, startObjectStore } from "@chatkeep/testing/object-store";
import { afterAll, expect, it, onTestFinished } from "vitest";

import { findObjects } from "../src/doctor/objects.ts";
import { readEnvironment } from "../src/environment.ts";
import { callCommand } from "./command.ts";

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

it("the commands on people's data read, store and erase files in the bucket", async () => {
  await using database = await createDatabase();
  const env = { ...settings, DATABASE_URL: database.url };
  const store = createS3Store({
    bucket: s3.bucket,
    endpoint: s3.endpoint,
    region: OBJECT_STORE_ENV.AWS_REGION,
    credentials: { accessKeyId: "key", secretAccessKey: "secret" },
  });
  onTestFinished(() => store.close());
  await using history = createHistory({ ...UNHURRIED.history, pool: database.pool, objects: store });
  const ada = { kind: "user", id: "ada" } as const;
  const bytes = Buffer.alloc(50_000, "bytes of ada ").toString("base64");
  const { id } = (await history.createConversation(ada)).conversation;
  await history.appendMessages(ada, id, [
    { role: "user", parts: [{ type: "file", mime: "a/b", name: "a", url: `data:a/b;base64,${bytes}` }] },
  ]);
  expect(await s3.keys()).toHaveLength(1);

  const exported = await callCommand(["export", "--user", "ada"], env);
  expect(exported.stdout).toContain(bytes.slice(0, 1000));
  const path = join(mkdtempSync(join(tmpdir(), "chatkeep-")), "ada.jsonl");
  onTestFinished(() => rmSync(dirname(path), { recursive: true }));
  writeFileSync(path, exported.stdout);
  await callCommand(["import", path, "--user", "bob"], env);
  expect(await s3.keys()).toHaveLength(2);
  for (const user of ["ada", "bob"]) await callCommand(["erase", "--user", user], env);
  expect(await s3.keys()).toEqual([]);
});
