import { createHash } from "node:crypto";

/**
 * A vector of 256 dimensions for a text that is similar to those of texts with words in common: each word points
 * where its hash says. `same` maps words onto one that means the same, which a model knows and a list of words not.
 */
export function meaningOf(text: string, same: Readonly<Record<string, string>> = {}): number[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ["nothing"];
  const hashes = words.map((word) =>
    createHash("sha256")
      .update(same[word] ?? word)
      .digest(),
  );
  return Array.from({ length: 256 }, (_, bit) =>
    hashes.reduce((sum, hash) => sum + (((hash[bit >> 3] ?? 0) >> (bit & 7)) & 1 ? 1 : -1), 0),
  );
}

/** The texts of a request for embeddings, of OpenAI's shape or Google's. */
export function textsToEmbed(body: unknown): string[] {
  const { input, requests, content } = body as {
    input?: string | string[];
    requests?: { content: GoogleContent }[];
    content?: GoogleContent;
  };
  if (input !== undefined) return [input].flat();
  return (requests ?? (content === undefined ? [] : [{ content }])).map((one) =>
    one.content.parts.map(({ text }) => text).join(""),
  );
}

interface GoogleContent {
  readonly parts: readonly { readonly text: string }[];
}

/** The reply with these vectors, in the shape that the path asks for. */
export function embeddingReply(path: string, vectors: readonly (readonly number[])[]): object {
  if (path.endsWith(":batchEmbedContents")) return { embeddings: vectors.map((values) => ({ values })) };
  if (path.endsWith(":embedContent")) return { embedding: { values: vectors[0] } };
  const data = vectors.map((embedding, index) => ({ object: "embedding", index, embedding }));
  return { object: "list", data, model: "fake", usage: { prompt_tokens: 1, total_tokens: 1 } };
}

/** Whether a path is one of those that give embeddings. */
export function isEmbedding(path: string): boolean {
  return /(\/embeddings|:embedContent|:batchEmbedContents)$/.test(path);
}
