/** The name that is nearest to one that does not exist; undefined where none is near. */
export function nearestOf(name: string, names: readonly string[]): string | undefined {
  const best = names
    .map((known) => ({ known, far: distance(name.toLowerCase(), known.toLowerCase()) }))
    .toSorted((a, b) => a.far - b.far)[0];
  return best && best.far <= Math.max(2, name.length / 2) ? best.known : undefined;
}

/** Letters to insert, delete or replace to come from one word to the other (Levenshtein). */
export function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j++)
      next.push(Math.min(row[j + 1]! + 1, next[j]! + 1, row[j]! + (letter === to[j] ? 0 : 1)));
    row = next;
  }
  return row[to.length]!;
}
