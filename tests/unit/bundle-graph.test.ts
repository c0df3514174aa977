import { describe, expect, it } from "vitest";
import { findCycle } from "../../build/src/compile/needs.ts";
import { inOrder, limitParallelism, width, within } from "../../build/src/bundle/task-graph.ts";

const needs = (graph: Record<string, string[]>) => new Map(Object.entries(graph));

/** A random graph in which each task waits for some of those before it. The same seed gives the same graph. */
function random(seed: number): Map<string, string[]> {
  let state = seed;
  const next = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
  const tasks = Array.from({ length: 4 + Math.floor(next() * 20) }, (_, index) => `t${index}`);
  const density = next() * 0.4;
  return new Map(tasks.map((task, index) => [task, tasks.slice(0, index).filter(() => next() < density)]));
}

/** The largest set of tasks of which none waits for another, by trying all sets. */
function widthByTrying(graph: ReadonlyMap<string, readonly string[]>): number {
  const tasks = [...graph.keys()];
  const before = new Map<string, Set<string>>();
  for (const [task, waits] of graph)
    before.set(task, new Set(waits.flatMap((need) => [need, ...(before.get(need) ?? [])])));
  const grow = (from: number, chosen: readonly string[]): number =>
    tasks
      .slice(from)
      .reduce(
        (most, task, index) =>
          chosen.some((other) => before.get(task)!.has(other))
            ? most
            : Math.max(most, grow(from + index + 1, [...chosen, task])),
        chosen.length,
      );
  return grow(0, []);
}

describe("the width of a graph", () => {
  it("is the number of tasks that can run at once", () => {
    expect(width(needs({ a: [], b: ["a"], c: ["a"], d: ["b", "c"] }))).toBe(2);
    expect(width(needs({}))).toBe(0);
  });

  it("is that of the largest set of tasks none of which waits for another", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const graph = new Map([...random(seed)].slice(0, 12));
      expect([seed, width(graph)]).toEqual([seed, widthByTrying(graph)]);
    }
  });
});

describe("narrowing a graph", () => {
  it("leaves a graph alone that is narrow enough", () => {
    const graph = needs({ a: [], b: [], c: [], d: [], e: [], f: ["a", "b", "c", "d", "e"] });
    expect(limitParallelism(graph, 5)).toBe(graph);
  });

  it("lets no more than five tasks run at once, and keeps what each waits for", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const graph = random(seed);
      const narrow = limitParallelism(graph, 5);
      expect([seed, width(narrow) <= 5]).toEqual([seed, true]);
      expect(findCycle(narrow)).toBeUndefined();
      for (const [task, waits] of graph) expect(narrow.get(task)).toEqual(expect.arrayContaining([...waits]));
    }
  });

  it("adds one dependency at most to a task", () => {
    const wide = needs(Object.fromEntries("abcdefgh".split("").map((task) => [task, []])));
    const added = [...limitParallelism(wide, 5)].map(([, waits]) => waits.length);
    expect(added).toEqual([0, 0, 0, 0, 0, 1, 1, 1]);
  });
});

describe("restricting a graph to a job", () => {
  const graph = needs({ a: [], b: ["a"], c: ["b"], d: ["c", "a"] });

  it("waits for what a step of another job waits for", () => {
    expect(within(graph, new Set(["a", "d"]))).toEqual(needs({ a: [], d: ["a"] }));
  });

  it("has no needs where those are all of other jobs", () => {
    expect(within(graph, new Set(["d"]))).toEqual(needs({ d: [] }));
  });
});

describe("order and circles", () => {
  it("finds the tasks of a circle", () => {
    expect(findCycle(needs({ a: [], b: ["a", "d"], c: ["b"], d: ["c"] }))).toEqual(["b", "d", "c", "b"]);
    expect(findCycle(needs({ a: ["a"] }))).toEqual(["a", "a"]);
  });

  it("puts tasks after what they wait for", () => {
    expect([...inOrder(needs({ c: ["b"], b: ["a"], a: [] })).keys()]).toEqual(["a", "b", "c"]);
  });
});
