import { stemmer } from "stemmer";

/** The usual values (Robertson and Zaragoza 2009, 3.4). */
const K1 = 1.2;
const B = 0.75;

/** Lucene's English stop words. */
const STOP = new Set(
  `a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was
  will with`.split(/\s+/),
);

/**
 * BM25 over texts as it is published for English: words in small letters, without stop words, stemmed by Porter's rules.
 * Gives the indexes of the best texts, best first; those with no word of the query are not given.
 */
export function createBm25(texts: readonly string[]): (query: string, limit: number) => number[] {
  const documents = texts.map(wordsOf);
  const average = documents.reduce((sum, words) => sum + words.length, 0) / Math.max(1, documents.length);
  const postings = new Map<string, Map<number, number>>();
  for (const [index, words] of documents.entries()) {
    for (const word of words) {
      const posting = postings.get(word) ?? new Map<number, number>();
      posting.set(index, (posting.get(index) ?? 0) + 1);
      postings.set(word, posting);
    }
  }
  return (query, limit) => {
    const scores = new Map<number, number>();
    for (const word of wordsOf(query)) {
      const posting = postings.get(word);
      if (posting === undefined) continue;
      const weight = Math.log(1 + (documents.length - posting.size + 0.5) / (posting.size + 0.5));
      for (const [index, often] of posting) {
        const length = 1 - B + (B * (documents[index]?.length ?? 0)) / average;
        const part = (weight * often * (K1 + 1)) / (often + K1 * length);
        scores.set(index, (scores.get(index) ?? 0) + part);
      }
    }
    return [...scores]
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, limit)
      .map(([index]) => index);
  };
}

function wordsOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.filter((word) => !STOP.has(word)).map(stemmer);
}
