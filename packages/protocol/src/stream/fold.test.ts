import { describe, expect, it } from "vitest";

import type { Chunk } from "../chunk.ts";
import { createFold } from "./fold.ts";

describe("fold", () => {
  it("passes over chunks that it does not know", () => {
    const fold = createFold();
    fold.push({ type: "text-delta", id: "1", delta: "a" });
    fold.push({ type: "x-begin" } as unknown as Chunk);
    fold.push({ type: "x-request", toolCallId: "c1" } as unknown as Chunk);
    fold.push({ type: "text-delta", id: "1", delta: "b" });
    expect(fold.answer().parts).toEqual([{ type: "text", text: "ab" }]);
  });

  it("leaves transient data out of the answer", () => {
    const fold = createFold();
    fold.push({ type: "data-progress", data: 0.5, transient: true });
    expect(fold.answer().parts).toEqual([]);
  });

  it("keeps two blocks apart that are written at the same time", () => {
    const fold = createFold();
    fold.push({ type: "text-delta", id: "1", delta: "a" });
    fold.push({ type: "text-delta", id: "2", delta: "x" });
    fold.push({ type: "text-delta", id: "1", delta: "b" });
    expect(fold.answer().parts).toEqual([
      { type: "text", text: "ab" },
      { type: "text", text: "x" },
    ]);
  });

  it("keeps a text and a reasoning block of one id apart", () => {
    const fold = createFold();
    fold.push({ type: "reasoning-delta", id: "1", delta: "why" });
    fold.push({ type: "text-delta", id: "1", delta: "so" });
    expect(fold.answer().parts).toEqual([
      { type: "reasoning", text: "why" },
      { type: "text", text: "so" },
    ]);
  });

  it("gives the finished parts of an answer as the same objects again", () => {
    const fold = createFold();
    fold.push({ type: "text-delta", id: "1", delta: "first" });
    fold.push({ type: "text-delta", id: "2", delta: "second" });
    const before = fold.answer().parts[0];
    fold.push({ type: "text-delta", id: "2", delta: "…" });
    expect(fold.answer().parts[0]).toBe(before);
  });

  it("says that an answer is not being saved", () => {
    const fold = createFold();
    fold.push({ type: "start", messageId: "m1", messageMetadata: { persisted: false } });
    expect(fold.answer().persisted).toBe(false);
  });
});
