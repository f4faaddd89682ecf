/** Random choices that a seed repeats; see {@link createRandom}. */
export interface Random {
  /** From `low` to below `high`. */
  between(low: number, high: number): number;
  pick<T>(items: readonly T[]): T;
  /** True in this share of cases. */
  chance(share: number): boolean;
  /** Another source, of its own, so that what one part draws does not move another's choices. */
  fork(): Random;
}

/** A source of random choices (mulberry32): the same seed gives the same choices in the same order. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    between: (low, high) => low + next() * (high - low),
    pick: (items) => items[Math.floor(next() * items.length)]!,
    chance: (share) => next() < share,
    fork: () => createRandom(Math.floor(next() * 4_294_967_296)),
  };
}
