/** What each step or task waits for. */
export type Needs = ReadonlyMap<string, readonly string[]>;

/** The tasks of a cycle, the first one again at the end; undefined where there is none. Needs that are no key are ignored. */
export function findCycle(needs: Needs): string[] | undefined {
  const done = new Set<string>();
  const visit = (task: string, walk: readonly string[]): string[] | undefined => {
    const start = walk.indexOf(task);
    if (start >= 0) return [...walk.slice(start), task];
    if (done.has(task)) return undefined;
    for (const need of needs.get(task) ?? []) {
      const found = visit(need, [...walk, task]);
      if (found) return found;
    }
    done.add(task);
    return undefined;
  };
  for (const task of needs.keys()) {
    const found = visit(task, []);
    if (found) return found;
  }
  return undefined;
}

/** What some steps lead to, directly or not; they themselves only where one leads to another. */
export function reach(starts: readonly string[], next: (step: string) => readonly string[]): Set<string> {
  const seen = new Set<string>();
  const queue = starts.flatMap(next);
  for (let step = queue.pop(); step !== undefined; step = queue.pop()) {
    if (seen.has(step)) continue;
    seen.add(step);
    queue.push(...next(step));
  }
  return seen;
}
