/** The result of `recall_words`. Lists are in the order of the question's words. */
export interface Postings {
  /** Words of a message, on average. */
  readonly average: number;
  /** The inverse document frequency of each word. */
  readonly weights: readonly number[];
  /**
   * The messages with each word, as three lists: their places on the branch, their sizes in words, and their ts_rank for
   * the word times 100,000; `null` for a word too common to fetch.
   */
  readonly postings: readonly (readonly [readonly number[], readonly number[], readonly number[]] | null)[];
  /** The places of the branch's first and last message. */
  readonly first: number;
  readonly last: number;
  /** The `seq` of the last message. Where it equals the place, all places are numbers. */
  readonly leaf: number;
}

/**
 * BM25's constants for term saturation and length normalization (Robertson and Zaragoza 2009, 3.4). Both are lower than
 * usual for documents, because a long message is not diluted but says more.
 */
const K1 = 0.9;
const B = 0.3;
/** The share of a better neighbour's score that a message gets, by distance. */
const NEAR = [0, 0.4, 0.25];
/** The bonus of a message that holds all words of a question over one with equal weight in one word. */
const COVER = 2;

/**
 * Ranks messages: BM25 with the conversation's own statistics, a bonus for holding more of the question's words, and a
 * share of a better neighbour's score, because an answer need not repeat the words of its question.
 */
export function rankMessages({
  average,
  weights,
  postings,
  first,
  last,
}: Postings): { readonly place: number; readonly score: number }[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const own = new Map<number, { score: number; covered: number }>();
  for (const [index, posting] of postings.entries()) {
    const weight = weights[index] ?? 0;
    const [places, sizes, ranks] = posting ?? [[], [], []];
    for (const [at, place] of places.entries()) {
      const [size, rank] = [sizes[at] ?? 1, (ranks[at] ?? 0) / 100_000];
      const often = timesOf(rank);
      const part = (weight * often * (K1 + 1)) / (often + K1 * (1 - B + (B * size) / average));
      const entry = own.get(place) ?? { score: 0, covered: 0 };
      own.set(place, { score: entry.score + part, covered: entry.covered + weight });
    }
  }

  const full = new Map<number, number>();
  for (const [place, { score, covered }] of own) full.set(place, score * (1 + (COVER * covered) / whole));
  const beside = new Map<number, number>();
  for (const [at, score] of full) {
    for (const [distance, share] of NEAR.entries()) {
      for (const place of [at - distance, at + distance]) {
        if (place >= first && place <= last)
          beside.set(place, Math.max(beside.get(place) ?? 0, share * score));
      }
    }
  }
  return [...beside]
    .map(([place, share]) => ({ place, score: (full.get(place) ?? 0) + share }))
    .sort((a, b) => b.score - a.score || b.place - a.place);
}

/** The ts_rank of a word with n occurrences is 0.1 · (1 + 1/4 + … + 1/n²) · 6/π². */
const RANK_ONCE = 0.1 / (Math.PI ** 2 / 6);

function timesOf(rank: number): number {
  let sum = RANK_ONCE;
  for (let times = 1; times < 8; times += 1) {
    const next = sum + RANK_ONCE / (times + 1) ** 2;
    if (rank < (sum + next) / 2) return times;
    sum = next;
  }
  return 8;
}
