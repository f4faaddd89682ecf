/** What SQL's `recall_words` gives; lists are in the order of the question's words. */
export interface Postings {
  /** Messages of the conversation. */
  readonly total: number;
  /** How many of the latest were looked at, and how many words they have. */
  readonly sampled: number;
  readonly words: number;
  /** How many of those hold each word. */
  readonly counts: readonly number[];
  /**
   * The messages with each word, as three lists: their numbers, their sizes in words, and 100,000 times their
   * ts_rank for it; `null` for a word too common to fetch.
   */
  readonly postings: readonly (readonly [readonly number[], readonly number[], readonly number[]] | null)[];
}

/** A message and how well it fits; greater is better. */
export interface Ranked {
  readonly seq: number;
  readonly score: number;
}

/**
 * BM25's saturation of repeated words, and how much long messages count less (Robertson and Zaragoza 2009, 3.4):
 * both below what is usual for documents, for a long message is not diluted, it tells more.
 */
const K1 = 0.9;
const B = 0.3;
/** What a message has of the better one beside it, by distance: below what the other has itself. */
const NEAR = [0, 0.4, 0.25];
/** How much more a message counts that holds all of a question than one that holds as much weight in one word. */
const COVER = 2;

/**
 * Ranks messages: BM25 with the statistics of the conversation itself, more for those that hold more of the
 * question's words, and a share of the better one that stands beside them, for what answers a question need not
 * repeat its words.
 */
export function rankMessages({ total, sampled, words, counts, postings }: Postings): Ranked[] {
  const average = words / Math.max(1, sampled);
  const weights = postings.map((posting, index) => {
    const held = posting?.[0].length ?? ((counts[index] ?? 0) * total) / Math.max(1, sampled);
    return Math.log(1 + (total - held + 0.5) / (held + 0.5));
  });
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const own = new Map<number, { score: number; covered: number }>();
  for (const [index, posting] of postings.entries()) {
    const weight = weights[index] ?? 0;
    const [seqs, sizes, ranks] = posting ?? [[], [], []];
    for (const [place, seq] of seqs.entries()) {
      const [size, rank] = [sizes[place] ?? 1, (ranks[place] ?? 0) / 100_000];
      const often = timesOf(rank);
      const part = (weight * often * (K1 + 1)) / (often + K1 * (1 - B + (B * size) / average));
      const entry = own.get(seq) ?? { score: 0, covered: 0 };
      own.set(seq, { score: entry.score + part, covered: entry.covered + weight });
    }
  }

  const full = new Map<number, number>();
  for (const [seq, { score, covered }] of own) full.set(seq, score * (1 + (COVER * covered) / whole));
  const beside = new Map<number, number>();
  for (const [seq, score] of full) {
    for (const [distance, share] of NEAR.entries()) {
      for (const place of [seq - distance, seq + distance]) {
        if (place > 0) beside.set(place, Math.max(beside.get(place) ?? 0, share * score));
      }
    }
  }
  return [...beside]
    .map(([seq, share]) => ({ seq, score: (full.get(seq) ?? 0) + share }))
    .sort((a, b) => b.score - a.score || b.seq - a.seq);
}

/** ts_rank of one word said n times is 0.1 · (1 + 1/4 + … + 1/n²) · 6/π². */
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
