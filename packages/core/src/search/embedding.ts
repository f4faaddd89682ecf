/** Turns texts into vectors: `createEmbedding` of the agent package, or a host's own. */
export interface Embedding {
  /** The model's name with everything that affects its vectors. A change embeds everything again. */
  readonly model: string;
  /**
   * Returns a vector for each text, in order, all of one length. Rejects with {@link EmbeddingRefused} for a text that
   * the model will never accept, otherwise with a temporary error. No error may quote a text.
   */
  readonly embed: (texts: readonly string[], signal: AbortSignal) => Promise<readonly (readonly number[])[]>;
  /** The minimum cosine similarity of a match. Default 0.3. Models differ: unrelated texts have 0.1 to 0.7. */
  readonly leastSimilarity?: number | undefined;
}

/** A text that the model will never accept. */
export class EmbeddingRefused extends Error {
  override readonly name = "EmbeddingRefused";
}
