import { type Embedding, EmbeddingRefused } from "./embedding.ts";

/** Code units of a text that are embedded: about 2,000 tokens, which every model takes. */
const LONGEST = 8000;
/** The greatest number of pgvector's `halfvec`, and how many it holds. */
const GREATEST = 65_504;
const MOST_DIMENSIONS = 16_000;

/** What is embedded of a text; empty where there is nothing. Half a character is no text that a model takes. */
export function embeddable(text: string): string {
  return text.slice(0, LONGEST).toWellFormed().trim();
}

/**
 * The vectors of texts as pgvector reads them, `[0.1,0.2]`, in their order. Rejects as the model does, with an
 * {@link EmbeddingRefused} too where it gave no vector for a text: not finite, of no direction, or too large.
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

/** Whether it has a direction that a `halfvec` can keep. */
function isVector(numbers: readonly number[]): boolean {
  return (
    numbers.length <= MOST_DIMENSIONS &&
    numbers.every((number) => Math.abs(number) <= GREATEST) &&
    numbers.some((number) => number !== 0)
  );
}
