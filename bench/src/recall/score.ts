/** How good rankings are. */
export interface Score {
  readonly "recall@1": number;
  readonly "recall@5": number;
  readonly "recall@10": number;
  readonly "recall@20": number;
  readonly "NDCG@10": number;
}

/**
 * recall@k: the share of questions with any of their evidence among the first k. NDCG@10: each evidence
 * counts 1 / log2(1 + its place), against the best that could be (Järvelin and Kekäläinen 2002).
 */
export function scoreRankings(
  rankings: readonly (readonly string[])[],
  evidence: readonly ReadonlySet<string>[],
): Score {
  const mean = (value: (ranking: readonly string[], wanted: ReadonlySet<string>) => number): number =>
    rankings.reduce((sum, ranking, index) => sum + value(ranking, evidence[index] ?? new Set()), 0) /
    Math.max(1, rankings.length);
  const recall = (k: number): number =>
    mean((ranking, wanted) => (ranking.slice(0, k).some((id) => wanted.has(id)) ? 1 : 0));
  return {
    "recall@1": recall(1),
    "recall@5": recall(5),
    "recall@10": recall(10),
    "recall@20": recall(20),
    "NDCG@10": mean((ranking, wanted) => {
      const best = gain(Array.from({ length: Math.min(10, wanted.size) }, (_, place) => place));
      const places = ranking.slice(0, 10).flatMap((id, place) => (wanted.has(id) ? [place] : []));
      return best === 0 ? 0 : gain(places) / best;
    }),
  };
}

function gain(places: readonly number[]): number {
  return places.reduce((sum, place) => sum + 1 / Math.log2(place + 2), 0);
}
