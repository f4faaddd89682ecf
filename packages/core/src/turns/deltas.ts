import type { Chunk } from "@chatkeep/protocol";

/** UTF-16 units of one delta: an event of 100 MB would hold up the events of everybody else. */
const MOST = 16 * 1024;

/** The text of a delta; `undefined` for other chunks. */
export function deltaOf(chunk: Chunk): string | undefined {
  if (chunk.type === "text-delta" || chunk.type === "reasoning-delta") return chunk.delta;
  return chunk.type === "tool-input-delta" ? chunk.inputTextDelta : undefined;
}

/** A long delta as several; any other chunk as it is. */
export function splitDelta(chunk: Chunk): Chunk[] {
  const text = deltaOf(chunk);
  if (text === undefined || text.length <= MOST) return [chunk];
  const pieces: Chunk[] = [];
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + MOST, text.length);
    // Not between the halves of an emoji: each piece is shown for itself.
    if (to < text.length && /[\ud800-\udbff]/.test(text[to - 1]!)) to -= 1;
    const piece = text.slice(from, to);
    pieces.push({
      ...chunk,
      ...(chunk.type === "tool-input-delta" ? { inputTextDelta: piece } : { delta: piece }),
    });
    from = to;
  }
  return pieces;
}

/** Two deltas of a text that wait together, as one: fewer rows under load, the same text. `undefined` where they do not go together. */
export function joinDeltas(before: Chunk | undefined, chunk: Chunk): Chunk | undefined {
  if (before?.type !== "text-delta" || chunk.type !== "text-delta" || before.id !== chunk.id)
    return undefined;
  if (before.delta.length + chunk.delta.length > MOST) return undefined;
  return { ...chunk, delta: before.delta + chunk.delta };
}
