import type { PlainValue } from "../contracts/plain-value.js";
import type { Tables } from "../contracts/table.js";
import type { Plan } from "../plan/plan.js";
import type { NamedRows, UnitTest } from "../plan/unit-test.js";

/**
 * A unit test whose rows come as the step reads them: where it takes changes of a database in the place of an export, each row of the
 * export is a change that was read. A row that was updated later stands later in the log.
 */
export function asChanges(
  { reads, writes }: Pick<Plan, "reads" | "writes">,
  test: UnitTest,
  tables: Tables,
): UnitTest {
  const known = new Set([...reads, ...writes]);
  const standIn = new Map(
    [...tables.values()].flatMap(({ name, options }) =>
      options.standsFor !== undefined && known.has(name) ? [[options.standsFor.name, name]] : [],
    ),
  );
  let count = 0;
  const changed = ({ table, rows }: NamedRows): NamedRows => {
    const name = known.has(table) ? undefined : standIn.get(table);
    return name === undefined
      ? { table, rows }
      : { table: name, rows: rows.map((row) => changeOf(row, ++count)) };
  };
  return {
    ...test,
    arrivals: test.arrivals.map((arrival) => ({ ...arrival, given: arrival.given.map(changed) })),
  };
}

function changeOf(
  row: Readonly<Record<string, PlainValue>>,
  count: number,
): Readonly<Record<string, PlainValue>> {
  const updated = Date.parse(String(row["updated_at"])) || 0;
  const source = JSON.stringify({ lsn: String(updated * 1000 + count) });
  const [op, after] = ["r", JSON.stringify(row)];
  return { op, after, source, value: `{"op":"r","before":null,"after":${after},"source":${source}}` };
}
