import { randomBytes } from "node:crypto";

import type { ObjectStore } from "@chatkeep/core";

import type { Environment } from "../environment.ts";
import { loadObjects } from "../objects.ts";
import type { Finding } from "./checks.ts";

/** Whether the store of objects, if one is set, stores, gives back and deletes an object. */
export async function findObjects(environment: Environment): Promise<Finding[]> {
  const store = await loadObjects(environment);
  if (store === undefined) return [];
  const { bucket } = environment.objects!;
  try {
    await tryObject(store);
    return [{ check: "files", state: "ok", text: `the bucket "${bucket}" stores, gives back and deletes` }];
  } catch (error) {
    const { name, message } = error as Error;
    const reason = message === "" || message === name ? name : `${name}: ${message}`;
    return [{ check: "files", state: "fail", text: `the bucket "${bucket}" cannot be used (${reason})` }];
  } finally {
    store.close();
  }
}

async function tryObject(store: ObjectStore): Promise<void> {
  const key = `doctor-${crypto.randomUUID()}`;
  const bytes = randomBytes(100);
  await store.put(
    key,
    (async function* () {
      yield bytes;
    })(),
  );
  const got = await store.get(key, { start: 0, end: bytes.length });
  await store.delete(key);
  if (!bytes.equals(got)) throw new Error("It gave back other bytes.");
}
