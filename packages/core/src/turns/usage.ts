import { type Chunk, type Usage, usageFromWire, usageToWire } from "@chatkeep/protocol";

/** Adds what earlier attempts used to the usage that a chunk tells, if it tells any. */
export function addUsage(chunk: Chunk, before: Usage): Chunk {
  if (chunk.type !== "message-metadata") return chunk;
  const now = usageFromWire(chunk.messageMetadata["usage"] ?? null);
  if (now === null) return chunk;
  const cachedTokens = sum(before.cachedTokens, now.cachedTokens);
  const reasoningTokens = sum(before.reasoningTokens, now.reasoningTokens);
  const cost = sum(before.cost, now.cost);
  const usage = usageToWire({
    inputTokens: sum(before.inputTokens, now.inputTokens),
    outputTokens: sum(before.outputTokens, now.outputTokens),
    totalTokens: sum(before.totalTokens, now.totalTokens),
    ...(cachedTokens === null ? {} : { cachedTokens }),
    ...(reasoningTokens === null ? {} : { reasoningTokens }),
    ...(cost === null ? {} : { cost }),
  });
  return { ...chunk, messageMetadata: { ...chunk.messageMetadata, usage } };
}

function sum(one: number | null = null, other: number | null = null): number | null {
  return one === null && other === null ? null : (one ?? 0) + (other ?? 0);
}
