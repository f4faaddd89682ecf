import { type Embedding, EmbeddingRefused } from "./embedding.ts";

/** Maximum code units of a text: about 2,000 tokens, which every model accepts. */
const LONGEST = 8000;
/** The greatest number in pgvector's `halfvec`, and its maximum dimensions. */
const GREATEST = 65_504;
const MOST_DIMENSIONS = 16_000;

/** The part of a text to embed; may be empty. Replaces half characters, which models refuse. */
export function embeddable(text: string): string {
  return text.slice(0, LONGEST).toWellFormed().trim();
}

/**
 * Embeds texts. Returns vectors as pgvector reads them, `[0.1,0.2]`, in order. Rejects as the model does, and with
 * {@link EmbeddingRefused} for an invalid vector: not finite, zero, or too large.
 */
export async function vectorsOf(
  embedding: Embedding,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const vectors = await embedding.embed(texts, signal);
  if (vectors.length !== texts.length)
    throw new Error(`The embedding model gave ${vectors.length} vectors for ${texts.length} texts.`);
  if (!vectors.every(isVector)) throw new EmbeddingRefused("The embedding model gave what is no vector.");
  return vectors.map((vector) => `[${vector.join(",")}]`);
}

/** Whether a `halfvec` can hold the vector, and it is not zero. */
function isVector(numbers: readonly number[]): boolean {
  return (
    numbers.length <= MOST_DIMENSIONS &&
    numbers.every((number) => Math.abs(number) <= GREATEST) &&
    numbers.some((number) => number !== 0)
  );
}
