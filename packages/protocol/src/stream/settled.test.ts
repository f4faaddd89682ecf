import { fc } from "@chatkeep/testing/properties";
import { anyString } from "@chatkeep/testing/values";
import { describe, expect, it } from "vitest";

import type { Failure } from "../message.ts";
import { isLastChunk, settledChunks } from "./encode.ts";
import { createFold } from "./fold.ts";

const anyFailure: fc.Arbitrary<Failure | null> = fc.option(
  fc.record({ code: anyString, detail: anyString }, { noNullPrototype: true }),
);

describe("how a turn's stream ends", () => {
  it("tells status, error, persistence and token, so that a reader needs nothing else", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("complete", "stopped", "interrupted", "failed"),
        anyFailure,
        fc.option(fc.record({ token: fc.string() }), { nil: undefined }),
        (status, error, unsaved) => {
          const fold = createFold();
          for (const chunk of settledChunks(status, error, unsaved)) fold.push(chunk);
          const persisted = unsaved === undefined;
          expect(fold.answer()).toMatchObject({
            status,
            error,
            persisted,
            token: unsaved?.token ?? null,
          });
        },
      ),
    );
  });

  it("ends with the one chunk that the AI SDK's clients take for the end", () => {
    const types = (["complete", "stopped", "interrupted", "failed"] as const).map((status) => {
      const chunks = settledChunks(status, null);
      expect(chunks.slice(0, -1).some(isLastChunk)).toBe(false);
      expect(isLastChunk(chunks.at(-1)!)).toBe(true);
      return chunks.at(-1)!.type;
    });
    expect(types).toEqual(["finish", "abort", "error", "error"]);
  });

  it("shows the failure's sentence to clients that know only the AI SDK's words", () => {
    const error = { code: "model_timeout", detail: "The model did not answer within 60 s." };
    expect(settledChunks("failed", error).at(-1)).toEqual({ type: "error", errorText: error.detail });
  });

  it("takes an error of another server's stream for a failure", () => {
    const fold = createFold();
    fold.push({ type: "error", errorText: "Overloaded." });
    expect(fold.answer()).toMatchObject({
      status: "failed",
      error: { code: "model_error", detail: "Overloaded." },
    });
  });
});
