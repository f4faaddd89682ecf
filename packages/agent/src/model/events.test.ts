import { expect, test } from "vitest";

import { createCallReader } from "./events.ts";

test("a file of a model without tools keeps its bytes, its text or its address", () => {
  const read = createCallReader("fake");
  const file = { type: "file", mediaType: "image/png" } as const;
  const bytes = "data:image/png;base64,AAE=";
  const datas = [
    [{ type: "data", data: new Uint8Array([0, 1]) }, bytes],
    [{ type: "data", data: "AAE=" }, bytes],
    [{ type: "url", url: new URL("https://a.example/b.png") }, "https://a.example/b.png"],
  ] as const;
  for (const [data, url] of datas)
    expect(read({ ...file, data })).toEqual([{ type: "file", mime: "image/png", url }]);
});

test("a call that the provider made has its result, and another the error that there is no such tool", () => {
  const read = createCallReader("fake");
  const call = { type: "tool-call", toolCallId: "c", toolName: "look", input: "" } as const;
  const said = { type: "tool-call", id: "c", name: "look", arguments: "{}" };
  expect(read({ ...call, providerExecuted: true })).toEqual([{ ...said, executor: "provider" }]);
  const found = { type: "tool-result", toolCallId: "c", toolName: "look", result: { n: 1 } } as const;
  expect(read(found)).toEqual([{ type: "tool-result", id: "c", result: { n: 1 } }]);
  const error = { type: "tool-result", id: "c", result: "There is no tool named look.", error: true };
  expect(read(call)).toEqual([said, error]);
});
