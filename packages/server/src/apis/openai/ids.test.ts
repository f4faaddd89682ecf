import { fc } from "@chatkeep/testing/properties";
import { expect, it } from "vitest";

import { type IdPrefix, idFromOpenai, idToOpenai } from "./ids.ts";

const prefix = fc.constantFrom<IdPrefix>("conv", "msg", "fc", "fco", "rs");
const hex = fc.stringMatching(/^[0-9a-f]{32}$/);
const id = fc.oneof(
  fc.stringMatching(/^[!-~]{1,128}$/),
  fc.uuid(),
  fc.tuple(prefix, hex).map(([name, digits]) => `${name}_${digits}`),
  fc.tuple(prefix, fc.stringMatching(/^_?[A-Za-z0-9_-]{1,40}$/)).map(([name, rest]) => `${name}_${rest}`),
  fc.tuple(prefix, hex, fc.nat(9)).map(([name, digits, place]) => `${name}_${digits}.${place}`),
);

it("gives back any id of ours, whatever form it has itself", () => {
  fc.assert(
    fc.property(prefix, id, fc.nat(9999), (name, own, place) => {
      expect(idFromOpenai(idToOpenai(name, own, place))).toEqual({ id: own, place });
    }),
    { numRuns: 2000 },
  );
});

it("writes ids that OpenAI's clients and every path take", () => {
  fc.assert(
    fc.property(prefix, id, fc.nat(20), (name, own, place) => {
      expect(idToOpenai(name, own, place)).toMatch(/^[a-z]+_[A-Za-z0-9_-]+(\.\d+)?$/);
    }),
  );
});

it("leaves ids alone that are OpenAI's by themselves", () => {
  expect(idToOpenai("msg", "msg_abc123")).toBe("msg_abc123");
  expect(idToOpenai("conv", "0f8b1c9e-6d0e-4b7e-9d60-0a4c6b7a2f10")).toBe(
    "conv_0f8b1c9e6d0e4b7e9d600a4c6b7a2f10",
  );
});
