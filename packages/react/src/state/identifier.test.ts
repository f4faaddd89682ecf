import { isSessionId } from "@chatkeep/protocol";
import { expect, test } from "vitest";

import { newId } from "./identifier.ts";

test("an id is a UUID v4, also where the page came over plain http and only getRandomValues exists", () => {
  const plain = { getRandomValues: (array: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(array) };
  const ids = Array.from({ length: 200 }, () => newId(plain));
  expect(ids.every(isSessionId)).toBe(true);
  expect(new Set(ids).size).toBe(200);
  expect(isSessionId(newId())).toBe(true);
});
