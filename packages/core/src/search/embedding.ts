/** What turns texts into vectors: `createEmbedding` of the agent package, or a host's own. */
export interface Embedding {
  /** Its name, with all that makes its vectors others than another's: when it changes, all is embedded anew. */
  readonly model: string;
  /**
   * The vector of each text, in their order, all of one length. Rejects with an {@link EmbeddingRefused} when it
   * will not take a text however often it is asked, otherwise with what may pass. No error may quote a text.
   */
  readonly embed: (texts: readonly string[], signal: AbortSignal) => Promise<readonly (readonly number[])[]>;
  /** How similar (cosine) what is found has to be (default 0.3). Models differ: unrelated texts have 0.1 to 0.7. */
  readonly leastSimilarity?: number | undefined;
}

/** A text that the model will not take, however often it is asked. */
export class EmbeddingRefused extends Error {
  override readonly name = "EmbeddingRefused";
}
