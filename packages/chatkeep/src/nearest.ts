/** The name that differs least, by no more than three letters. */
export function nearestOf(name: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((known) => ({ known, edits: editsOf(name, known) }))
    .filter(({ edits }) => edits <= 3)
    .sort((a, b) => a.edits - b.edits);
  return best?.known;
}

/** Letters to add, drop or change (Levenshtein). */
function editsOf(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 0; i < from.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++)
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (from[i] === to[j] ? 0 : 1)));
    row = next;
  }
  return row[to.length]!;
}
