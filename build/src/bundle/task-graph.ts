import type { Needs } from "../compile/needs.js";

/*
 * The maps of needs here are in an order in which a task comes after all that it waits for; `inOrder` makes one so.
 */

/** Restricts a graph to some of its steps. Those that wait for a step outside wait for what it waits for. */
export function within(needs: Needs, steps: ReadonlySet<string>): Needs {
  const passedOn = new Map<string, readonly string[]>();
  for (const [step, waits] of needs) {
    const inside = waits.flatMap((need) => (steps.has(need) ? [need] : (passedOn.get(need) ?? [])));
    passedOn.set(step, [...new Set(inside)]);
  }
  return new Map([...passedOn].filter(([step]) => steps.has(step)));
}

/**
 * Makes tasks wait for one another until no more than `limit` can run at once. A graph that is narrow enough stays as it
 * is. Otherwise each task follows another in one of `limit` lanes: one that it waits for in any case, otherwise the one that is
 * expected to be free first.
 */
export function limitParallelism(needs: Needs, limit: number): Needs {
  if (width(needs) <= limit) return needs;
  const narrow = new Map<string, readonly string[]>();
  const before = new Map<string, Set<string>>();
  const depth = new Map<string, number>();
  const lanes: string[] = [];
  for (const [task, waits] of needs) {
    const earlier = closure(waits, before);
    let lane = last(lanes, (tail) => earlier.has(tail), depth);
    if (lane < 0 && lanes.length < limit) lane = lanes.length;
    if (lane < 0) lane = lanes.indexOf(lanes.reduce((a, b) => (depth.get(b)! < depth.get(a)! ? b : a)));
    const tail = lanes[lane];
    const all = tail === undefined || earlier.has(tail) ? waits : [...waits, tail];
    narrow.set(task, all);
    before.set(task, closure(all, before));
    depth.set(task, 1 + Math.max(0, ...all.map((need) => depth.get(need) ?? 0)));
    lanes[lane] = task;
  }
  return narrow;
}

/** The lane with the deepest tail among those that fit, or -1. */
function last(
  lanes: readonly string[],
  fits: (tail: string) => boolean,
  depth: ReadonlyMap<string, number>,
): number {
  let best = -1;
  lanes.forEach((tail, index) => {
    if (fits(tail) && (best < 0 || depth.get(tail)! > depth.get(lanes[best]!)!)) best = index;
  });
  return best;
}

const closure = (waits: readonly string[], before: ReadonlyMap<string, ReadonlySet<string>>) =>
  new Set(waits.flatMap((need) => [need, ...(before.get(need) ?? [])]));

/**
 * How many tasks can run at once: the largest set of tasks that do not wait for each other. By Dilworth's theorem it is the
 * number of tasks less the largest matching between tasks and tasks that come later.
 */
export function width(needs: Needs): number {
  const before = new Map<string, Set<string>>();
  for (const [task, waits] of needs) before.set(task, closure(waits, before));
  const partner = new Map<string, string>();
  const match = (task: string, tried: Set<string>): boolean => {
    for (const earlier of before.get(task) ?? []) {
      if (tried.has(earlier)) continue;
      tried.add(earlier);
      const taken = partner.get(earlier);
      if (taken === undefined || match(taken, tried)) {
        partner.set(earlier, task);
        return true;
      }
    }
    return false;
  };
  const matched = [...needs.keys()].filter((task) => match(task, new Set())).length;
  return needs.size - matched;
}

/** In an order in which each task comes after what it waits for; there must be no cycle. */
export function inOrder(needs: Needs): Needs {
  const ordered = new Map<string, readonly string[]>();
  const visit = (task: string) => {
    const waits = needs.get(task);
    if (!waits || ordered.has(task)) return;
    waits.forEach(visit);
    ordered.set(task, waits);
  };
  for (const task of needs.keys()) visit(task);
  return ordered;
}
