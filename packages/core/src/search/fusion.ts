/** The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009): it limits the weight of the top ranks. */
const K = 60;

/**
 * Joins rankings by rank alone (reciprocal rank fusion), because their scores are not comparable: an entry gets
 * 1 / (60 + rank) from each list that holds it. Entries with equal `keyOf` are one; the earlier list's is returned.
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
