type Posting = readonly [readonly number[], readonly number[], readonly number[]] | null;

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
  readonly postings: readonly Posting[];
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
const K1 = 0.6;
const B = 0.2;
/** The share of a word that a message gets from one before it, by distance: an answer need not repeat its question. */
const FROM_BEFORE = [0.6, 0.4, 0.3];
/** The share from one after it. */
const FROM_AFTER = [0.35, 0.2, 0.1];
/**
 * In a branch of more messages, a word that most of them hold, such as a name, finds none. It only ranks messages that
 * other words find.
 */
const FEW = 100;
const COMMON = 4;
/** The bonus of a message that holds all words of a question over one with equal weight in one word. */
const COVER = 2;

/**
 * Ranks messages: BM25 with the conversation's own statistics over a message and a share of its neighbours, and a
 * bonus for holding more of the question's words.
 */
export function rankMessages({
  average,
  weights,
  postings,
  first,
  last,
}: Postings): { readonly place: number; readonly score: number }[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const found = new Map<number, { score: number; covered: number }>();
  const total = last - first + 1;
  const isCommon = (posting: Posting): boolean => total > FEW && 2 * (posting?.[0].length ?? 0) > total;
  for (const [index, posting] of postings.entries()) {
    const weight = weights[index] ?? 0;
    if (isCommon(posting)) continue;
    for (const [place, part] of partsOf(posting, average, first, last)) {
      const entry = found.get(place) ?? { score: 0, covered: 0 };
      entry.score += weight * part;
      entry.covered += weight * Math.min(1, part);
      found.set(place, entry);
    }
  }
  for (const [index, posting] of postings.entries()) {
    if (!isCommon(posting)) continue;
    for (const place of posting![0]) {
      const entry = found.get(place);
      if (entry !== undefined) entry.score += COMMON * (weights[index] ?? 0);
    }
  }
  return [...found]
    .map(([place, { score, covered }]) => ({ place, score: score * (1 + (COVER * covered) / whole) }))
    .sort((a, b) => b.score - a.score || b.place - a.place);
}

/** How much of a word each message has, by its place: its own, or the greatest share of one around it. */
function partsOf(posting: Posting, average: number, first: number, last: number): Map<number, number> {
  const parts = new Map<number, number>();
  const put = (place: number, part: number): void => {
    if (place >= first && place <= last && part > (parts.get(place) ?? 0)) parts.set(place, part);
  };
  const [places, sizes, ranks] = posting ?? [[], [], []];
  for (const [at, place] of places.entries()) {
    const often = timesOf((ranks[at] ?? 0) / 100_000);
    const length = 1 - B + (B * (sizes[at] ?? 1)) / average;
    const part = (often * (K1 + 1)) / (often + K1 * length);
    put(place, part);
    for (const [before, share] of FROM_BEFORE.entries()) put(place + before + 1, share * part);
    for (const [after, share] of FROM_AFTER.entries()) put(place - after - 1, share * part);
  }
  return parts;
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
