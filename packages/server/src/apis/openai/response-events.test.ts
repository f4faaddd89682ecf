import type { TurnEvent } from "@chatkeep/protocol";
import { expect, it, vi } from "vitest";

import { responseFrames } from "./response-events.ts";
import type { ResponseBody } from "./response.ts";

const DELTAS = 2_000;
const DELTA = "a few words of it. ";

async function* answer(): AsyncGenerator<TurnEvent, void, void> {
  let seq = 0;
  yield { seq: ++seq, chunk: { type: "start", messageId: "r", messageMetadata: {} } };
  yield { seq: ++seq, chunk: { type: "text-start", id: "1" } };
  for (let count = 0; count < DELTAS; count += 1)
    yield { seq: ++seq, chunk: { type: "text-delta", id: "1", delta: DELTA } };
  yield { seq: ++seq, chunk: { type: "finish" } };
}

const body = (output: ResponseBody["output"]): ResponseBody => ({ id: "resp", status: "completed", output });

it("sends a delta without a copy of the answer before it", async () => {
  const join = vi.spyOn(Array.prototype, "join");
  const events: { type: string; sequence_number: number; delta?: string }[] = [];
  const frames = responseFrames({
    events: answer(),
    begun: () => body([]),
    settled: async ({ parts }) =>
      body([
        {
          id: "msg__cg",
          type: "message",
          role: "assistant",
          content: [{ type: "output_text", text: (parts[0] as { text: string }).text, annotations: [] }],
        },
      ]),
  });
  for await (const frame of frames) {
    for (const line of frame.split("\n"))
      if (line.startsWith("data: ")) events.push(JSON.parse(line.slice(6)) as (typeof events)[number]);
  }
  const copied = join.mock.results.reduce((sum, { value }) => sum + String(value).length, 0);
  join.mockRestore();

  const text = DELTA.repeat(DELTAS);
  expect(events.map(({ sequence_number: number }) => number)).toEqual(events.map((_, index) => index));
  expect(events.flatMap(({ type, delta }) => (type.endsWith(".delta") ? [delta] : [])).join("")).toBe(text);
  expect(events.filter(({ type }) => type === "response.content_part.added")).toHaveLength(1);
  expect(copied).toBeLessThan((text.length * DELTAS) / 32);
});
