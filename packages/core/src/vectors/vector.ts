/** A vector as pgvector reads it: `[0.1,0.2]`. */
export function vectorText(vector: readonly number[]): string {
  return `[${vector.join(",")}]`;
}
