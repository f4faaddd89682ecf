/** Cormack, Clarke and Büttcher 2009: how little the places at the very top count more than those behind them. */
const K = 60;

/**
 * Joins rankings by their places alone (reciprocal rank fusion), since their scores cannot be compared: an entry
 * has 1 / (60 + its place) of each list that holds it. `keyOf` tells which entries are the same; of those the one
 * of the earlier list is given.
 */
export function fuse<T>(
  rankings: readonly (readonly T[])[],
  keyOf: (entry: T) => string | number,
): { readonly entry: T; readonly score: number }[] {
  const fused = new Map<string | number, { entry: T; score: number }>();
  for (const ranking of rankings) {
    for (const [place, entry] of ranking.entries()) {
      const key = keyOf(entry);
      const known = fused.get(key) ?? { entry, score: 0 };
      fused.set(key, { entry: known.entry, score: known.score + 1 / (K + place + 1) });
    }
  }
  return [...fused.values()].sort((a, b) => b.score - a.score);
}
