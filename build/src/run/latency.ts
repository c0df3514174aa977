/** How long events took, in seconds. */
export interface Latency {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Collects how long events took, to the millisecond, for any number of events. */
interface Latencies {
  add(milliseconds: number, events: number): void;
  /** Undefined before the first event. */
  summary(): Latency | undefined;
}

export function latencies(): Latencies {
  const counts = new Map<number, number>();
  let total = 0;
  const atShare = (sorted: readonly (readonly [number, number])[], share: number) => {
    let left = share * total;
    return sorted.find(([, events]) => (left -= events) <= 0)?.[0] ?? sorted.at(-1)![0];
  };
  return {
    add(milliseconds, events) {
      const key = Math.max(0, Math.round(milliseconds));
      counts.set(key, (counts.get(key) ?? 0) + events);
      total += events;
    },
    summary() {
      if (total === 0) return undefined;
      const sorted = [...counts].toSorted(([a], [b]) => a - b);
      return {
        p50: atShare(sorted, 0.5) / 1000,
        p95: atShare(sorted, 0.95) / 1000,
        max: sorted.at(-1)![0] / 1000,
      };
    },
  };
}
