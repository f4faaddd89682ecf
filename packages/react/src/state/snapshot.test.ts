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

test("what arrived is there at once, and the frame that was asked for before builds nothing anew", () => {
  const frames: (() => void)[] = [];
  let status = "loading";
  let told = 0;
  const snapshot = createSnapshot({ build: () => ({ status }), schedule: (run) => frames.push(run) });
  snapshot.subscribe(() => told++);
  snapshot.changed();
  status = "ready";
  snapshot.arrived();
  const arrived = snapshot.getSnapshot();
  expect(arrived).toEqual({ status: "ready" });
  frames.shift()?.();
  expect(snapshot.getSnapshot()).toBe(arrived);
  expect(told).toBe(1);
});
