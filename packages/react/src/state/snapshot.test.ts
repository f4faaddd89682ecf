import { expect, test } from "vitest";

import { createSnapshot } from "./snapshot.ts";

test("however often the state changes, there is one new snapshot a frame", () => {
  const frames: (() => void)[] = [];
  let count = 0;
  let told = 0;
  const snapshot = createSnapshot({ build: () => ({ count }), schedule: (run) => frames.push(run) });
  const before = snapshot.getSnapshot();
  const end = snapshot.subscribe(() => told++);
  for (; count < 300; count++) snapshot.changed();
  expect(frames).toHaveLength(1);
  expect(snapshot.getSnapshot()).toBe(before);
  frames.shift()?.();
  expect(snapshot.getSnapshot()).toEqual({ count: 300 });
  expect(told).toBe(1);
  end();
  snapshot.changed();
  frames.shift()?.();
  expect(told).toBe(1);
});
