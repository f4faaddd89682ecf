import { fc } from "@chatkeep/testing/properties";
import { anyJson, anyString } from "@chatkeep/testing/values";
import { describe, expect, it } from "vitest";

import type { Chunk } from "../chunk.ts";
import type { TurnEvent } from "../turn.ts";
import { DONE_FRAME, HEARTBEAT_FRAME, decodeFrames, encodeFrame } from "./sse.ts";

const anyEvents: fc.Arbitrary<TurnEvent[]> = fc
  .array(
    fc.oneof(
      fc.record({ type: fc.constant("text-delta"), id: anyString, delta: anyString }),
      fc.record({ type: fc.constant("data-x"), data: anyJson }),
    ),
    { maxLength: 6 },
  )
  .map((chunks) => chunks.map((chunk, index) => ({ seq: index + 1, chunk: chunk as Chunk })));

/** `text` as a body that arrives in pieces, cut at these shares of its bytes. */
function bodyOf(text: string, cuts: readonly number[] = [], failure?: Error): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const at = [...new Set([0, ...cuts.map((cut) => Math.floor(cut * bytes.length)), bytes.length])];
  const pieces = at
    .toSorted((a, b) => a - b)
    .map((start, index, all) => bytes.slice(start, all[index + 1]))
    .filter((piece) => piece.length > 0);
  return new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (failure === undefined) controller.close();
      else controller.error(failure);
    },
  });
}

async function read(body: ReadableStream<Uint8Array>): Promise<{ events: TurnEvent[]; error: unknown }> {
  const events: TurnEvent[] = [];
  try {
    for await (const event of decodeFrames(body)) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error };
  }
}

describe("server-sent events", () => {
  it("decodes what was encoded, whatever the bytes are cut into and whatever heartbeats come between", async () => {
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(anyEvents, cuts, fc.boolean(), async (events, at, heartbeats) => {
        const between = heartbeats ? HEARTBEAT_FRAME : "";
        const text = between + events.map((event) => encodeFrame(event) + between).join("") + DONE_FRAME;
        const got = await read(bodyOf(text, at));
        expect(got.error).toBeUndefined();
        expect(JSON.stringify(got.events)).toBe(JSON.stringify(events));
      }),
    );
  });

  it("decodes what arrives byte by byte", async () => {
    const event: TurnEvent = { seq: 1, chunk: { type: "text-delta", id: "1", delta: "👩‍👩‍👧 שלום \0 \ud800" } };
    const text = encodeFrame(event) + DONE_FRAME;
    const cuts = Array.from({ length: 400 }, (_, index) => index / 400);
    expect(await read(bodyOf(text, cuts))).toEqual({ events: [event], error: undefined });
  });

  it("keeps an event on one data line, so that no text can end it or begin another", () => {
    fc.assert(
      fc.property(anyString, (delta) => {
        const frame = encodeFrame({ seq: 7, chunk: { type: "text-delta", id: "1", delta } });
        expect(frame.split(/\r\n|\r|\n/).length).toBe(4);
        expect(frame.startsWith("id: 7\ndata: {")).toBe(true);
      }),
    );
  });

  it("says after a cut that the stream is to be resumed, with each whole event before it", async () => {
    await fc.assert(
      fc.asyncProperty(anyEvents, fc.double({ min: 0, max: 1, noNaN: true }), async (events, share) => {
        const frames = events.map(encodeFrame);
        const text = frames.join("") + DONE_FRAME;
        const cut = Math.floor(share * (text.length - 2));
        const got = await read(bodyOf(text.slice(0, cut)));
        expect(got.error).toMatchObject({ name: "ChatkeepError", code: "unavailable" });
        let whole = 0;
        for (let length = 0; whole < frames.length; whole++) {
          length += frames[whole]!.length;
          if (length > cut) break;
        }
        expect(JSON.stringify(got.events)).toBe(JSON.stringify(events.slice(0, whole)));
      }),
    );
  });

  it("says the same when the connection breaks", async () => {
    const event: TurnEvent = { seq: 1, chunk: { type: "text-delta", id: "1", delta: "a" } };
    const failure = new TypeError("terminated");
    const got = await read(bodyOf(encodeFrame(event), [], failure));
    expect(got.events).toEqual([event]);
    expect(got.error).toMatchObject({ name: "ChatkeepError", code: "unavailable", cause: failure });
  });

  it("reads nothing after the end", async () => {
    const late = encodeFrame({ seq: 9, chunk: { type: "abort" } });
    expect(await read(bodyOf(DONE_FRAME + late))).toEqual({ events: [], error: undefined });
  });

  it("closes the connection of a reader that leaves", async () => {
    const closed = Promise.withResolvers<void>();
    const frame = new TextEncoder().encode(encodeFrame({ seq: 1, chunk: { type: "abort" } }));
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(frame),
      cancel: () => closed.resolve(),
    });
    for await (const event of decodeFrames(body)) {
      expect(event.seq).toBe(1);
      break;
    }
    await closed.promise;
  });
});
