import { effect, signal, type Signal } from "@preact/signals-core";
import type { Columns, RowOf } from "./snapshot-columns.js";
import type { Snapshot } from "./snapshot.js";

/** Notices which columns of which queries a drawing is made of, also by way of what was computed for an earlier one. */
interface Noticing {
  /** A snapshot that is noticed when it is read. */
  readonly over: <C extends Columns>(snapshot: Snapshot<C>) => Snapshot<C>;
  /** Draws. @returns what was drawn and, as `query.column`, what was read for it; `query.*` where only rows were counted */
  readonly while: <T>(draw: () => T) => { readonly drawn: T; readonly reads: readonly string[] };
}

export function noticing(): Noticing {
  const read = new Set<string>();
  // What has been computed before is not computed again, but it keeps what it was computed from: a signal for each column.
  const mark = (name: string): Signal<null> => signal(null, { watched: () => void read.add(name) });
  return {
    over(snapshot) {
      const { name } = snapshot;
      const all = mark(`${name}.*`);
      const columns = new Map<PropertyKey, Signal<null>>();
      const noticed = new WeakMap<readonly object[], readonly RowOf<Columns>[]>();
      const handler: ProxyHandler<RowOf<Columns>> = {
        get(row, key) {
          if (!columns.has(key) && Object.hasOwn(row, key)) columns.set(key, mark(`${name}.${String(key)}`));
          void columns.get(key)?.value;
          return Reflect.get(row, key) as unknown;
        },
      };
      return {
        name,
        get rows() {
          void all.value;
          const { rows } = snapshot;
          const known = noticed.get(rows) ?? rows.map((row) => new Proxy(row as RowOf<Columns>, handler));
          noticed.set(rows, known);
          return known as typeof rows;
        },
      };
    },
    while(draw) {
      read.clear();
      let drawn!: ReturnType<typeof draw>;
      effect(() => {
        drawn = draw();
      })();
      const isNamed = (query: string) =>
        [...read].some((other) => other !== query && other.startsWith(query.slice(0, -1)));
      const reads = [...read].filter((name) => !name.endsWith(".*") || !isNamed(name));
      return { drawn, reads: reads.toSorted() };
    },
  };
}
