import { setImmediate as afterOthers } from "node:timers/promises";

import { expect, test } from "vitest";

import { readAnswer } from "./streams.ts";

// A rejection that nobody handles ends the process.
test("an answer that fails before anybody reads it harms nobody, and a reader gets its error", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  const failing = (): Promise<never> => Promise.reject(new Error("of the model"));
  await readAnswer(failing()).return?.();
  await afterOthers();
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
  await expect(readAnswer(failing()).next()).rejects.toThrow("of the model");
});

test("leaving an answer that nobody has read cancels its stream, also one that arrives later", async () => {
  for (const give of [
    (stream: ReadableStream) => stream,
    (stream: ReadableStream) => Promise.resolve(stream),
  ]) {
    const cancelled = Promise.withResolvers<void>();
    await readAnswer(give(new ReadableStream({ cancel: () => cancelled.resolve() }))).return?.();
    await expect(cancelled.promise).resolves.toBeUndefined();
  }
});
