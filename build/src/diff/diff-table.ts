import { isAuditColumn, type Column, type ResultRow, type ResultValue, type Table } from "shopmetrics/plan";
import type { Connection } from "shopmetrics/engine";
import { InputError } from "shopmetrics/settings";

/** How one column differs between two warehouses. Totals are sums of numeric columns, as text. */
export interface ColumnDiff {
  readonly column: string;
  /** Rows that both have and in which it differs. */
  readonly changed: number;
  readonly before?: string | null;
  readonly after?: string | null;
  /** after − before. */
  readonly difference?: string;
}

/** A row that differs; a changed row with the columns that differ. */
export type RowDiff =
  | { readonly change: "added" | "removed"; readonly row: ResultRow }
  | {
      readonly change: "changed";
      readonly key: ResultRow;
      readonly columns: Readonly<Record<string, { before: ResultValue; after: ResultValue }>>;
    };

/** How a table's rows differ between two warehouses. */
export interface TableDiff {
  readonly table: string;
  /** Which of the two have it. */
  readonly in: "both" | "before" | "after";
  /** The columns that name a row. */
  readonly key: readonly string[];
  readonly rows: { readonly before: number; readonly after: number };
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly columns: readonly ColumnDiff[];
  /** Columns of the contract that only one of the two has. */
  readonly columnsAdded: readonly string[];
  readonly columnsRemoved: readonly string[];
  readonly samples: readonly RowDiff[];
}

/**
 * Compares the rows of a table in the databases `before` and `after`, matched by the contract's key. Audit and batch
 * columns, which say when a row was written, are not compared.
 *
 * @param samples the most rows to give of each kind of difference
 * @throws InputError when the table has nothing that names a row, or it names several
 */
export async function diffTable(
  connection: Connection,
  table: Table,
  options: { readonly samples: number },
): Promise<TableDiff> {
  const [before, after] = [
    await presentColumns(connection, "before", table),
    await presentColumns(connection, "after", table),
  ];
  const isIn = (present: ReadonlySet<string>) => {
    const taken = new Set<string>(takenOver(table, present).map(([column]) => column));
    return ({ name }: Column) => present.has(name) || taken.has(name);
  };
  const both = table.columns.filter(isIn(before)).filter(isIn(after));
  const compared = both.filter(({ name }) => !isAuditColumn(table, name));
  const shared = { table: table.name, key: rowKey(table) };
  const columnsAdded = [...after].filter((name) => before.size > 0 && !before.has(name));
  const columnsRemoved = [...before].filter((name) => after.size > 0 && !after.has(name));
  if (before.size === 0 || after.size === 0) {
    const there = before.size > 0 ? "before" : "after";
    const n = before.size + after.size > 0 ? await countOf(connection, `${there}.${table.name}`) : 0;
    const rows = { before: there === "before" ? n : 0, after: there === "after" ? n : 0 };
    const none = { changed: 0, columns: [], columnsAdded: [], columnsRemoved: [], samples: [] };
    return { ...shared, in: there, rows, added: rows.after, removed: rows.before, ...none };
  }
  const lacking = shared.key.find((name) => !both.some((column) => column.name === name));
  if (lacking)
    throw new InputError(
      `${table.name} can't be compared: ${before.has(lacking) ? "this warehouse" : "the one compared with"} is of another ` +
        `version, whose rows have no ${lacking}, by which rows are matched. Name another table to compare that one.`,
    );
  const sides = { before: sideOf("before", table, before), after: sideOf("after", table, after) };
  for (const side of ["before", "after"] as const) await refuseRepeatedKeys(connection, side, table, sides);
  const figures = await measure(connection, joined(sides, shared.key), shared.key, compared);
  return {
    ...shared,
    in: "both",
    ...figures,
    columnsAdded,
    columnsRemoved,
    samples: await sample(connection, joined(sides, shared.key), shared.key, compared, options.samples),
  };
}

/** The two warehouses' rows of a table, as relations. */
type Sides = Readonly<Record<"before" | "after", string>>;

/** The columns that an older table lacks and the ones whose values they take over. */
const takenOver = (table: Table, present: ReadonlySet<string>) =>
  Object.entries(table.options.formerly ?? {}).flatMap(([column, former]) => {
    if (!former || present.has(column)) return [];
    const [name, ...condition] = former.split(" ");
    const value = present.has(name!) ? `"${name}"` : "null";
    if (condition.length > 0) return [[column, `${value} ${condition.join(" ")}`] as const];
    return present.has(name!) ? [[column, value] as const] : [];
  });

function sideOf(side: keyof Sides, table: Table, present: ReadonlySet<string>): string {
  const taken = takenOver(table, present).map(([column, former]) => `, ${former} as "${column}"`);
  return `(select *${taken.join("")} from ${side}.${table.name})`;
}

/** The columns that name a row: the contract's key, or where a raw or refused row came from. */
function rowKey(table: Table): readonly string[] {
  if (table.options.key?.length) return table.options.key;
  const origin = ["table_name", "source_file", "source_row"].filter((name) =>
    table.columns.some((column) => column.name === name),
  );
  if (origin.length > 1) return origin;
  throw new InputError(
    `${table.name} can't be compared: its contract names no key. Add { key: [...] } to it in lib/src/shop/.`,
  );
}

async function presentColumns(connection: Connection, side: string, table: Table): Promise<Set<string>> {
  const [schema, name] = table.name.split(".");
  const { rows } = await connection.query(
    `select column_name from duckdb_columns()
where database_name = $side and schema_name = $schema and table_name = $name`,
    { side, schema: schema!, name: name! },
  );
  const known = new Set(table.columns.map((column) => column.name));
  return new Set(rows.map((row) => String(row["column_name"])).filter((column) => known.has(column)));
}

const countOf = async (connection: Connection, name: string) =>
  Number((await connection.query(`select count(*) as n from ${name}`)).rows[0]?.["n"]);

async function refuseRepeatedKeys(
  connection: Connection,
  side: keyof Sides,
  table: Table,
  sides: Sides,
): Promise<void> {
  const key = rowKey(table).join(", ");
  const { rows } = await connection.query(
    `select ${key}, count(*) as n from ${sides[side]} group by ${key} having count(*) > 1 limit 1`,
  );
  const [row] = rows;
  if (!row) return;
  const { n, ...values } = row;
  throw new InputError(
    `${table.name} can't be compared: ${side === "before" ? "the one compared with" : "this warehouse"} ` +
      `has ${String(n)} rows of ${JSON.stringify(values)}.`,
  );
}

/** Numbers whose total means something: not positions and ranks, and no averages, rates and prices of one. */
const isNumeric = ({ type, name }: Column) =>
  /^(INT|BIGINT|DOUBLE|DECIMAL)/.test(type) &&
  !/^(?:source_row|kafka_partition|kafka_offset|avg_.*|.*_(?:rank|rate|abandonment|price)|price|cost)$/.test(
    name,
  );

async function measure(
  connection: Connection,
  rowsOfBoth: string,
  key: readonly string[],
  columns: readonly Column[],
): Promise<Pick<TableDiff, "rows" | "added" | "removed" | "changed" | "columns">> {
  const others = columns.filter(({ name }) => !key.includes(name));
  const differs = ({ name }: Column) => `b."${name}" is distinct from a."${name}"`;
  const both = "b._here and a._here";
  const sums = others.filter(isNumeric).flatMap((column) => {
    // A sum of DOUBLEs depends on the order of its rows in its last digits.
    const sum = (of: string) =>
      column.type === "DOUBLE" ? `round(sum(${of}."${column.name}"), 6)` : `sum(${of}."${column.name}")`;
    return [
      `${sum("b")} as "before_${column.name}"`,
      `${sum("a")} as "after_${column.name}"`,
      `coalesce(${sum("a")}, 0) - coalesce(${sum("b")}, 0) as "difference_${column.name}"`,
    ];
  });
  const { rows } = await connection.query(
    `select ${[
      "count(b._here) as before",
      "count(a._here) as after",
      "count(*) filter (where b._here is null) as added",
      "count(*) filter (where a._here is null) as removed",
      `count(*) filter (where ${both} and (${others.map(differs).join(" or ") || "false"})) as changed`,
      ...others.map(
        (column) => `count(*) filter (where ${both} and ${differs(column)}) as "changed_${column.name}"`,
      ),
      ...sums,
    ].join(",\n  ")}
from ${rowsOfBoth}`,
  );
  const row = rows[0]!;
  return {
    rows: { before: Number(row["before"]), after: Number(row["after"]) },
    added: Number(row["added"]),
    removed: Number(row["removed"]),
    changed: Number(row["changed"]),
    columns: others.map((column) => ({
      column: column.name,
      changed: Number(row[`changed_${column.name}`]),
      ...(isNumeric(column) && {
        before: textOf(row[`before_${column.name}`]),
        after: textOf(row[`after_${column.name}`]),
        difference: textOf(row[`difference_${column.name}`]) ?? "0",
      }),
    })),
  };
}

const textOf = (value: ResultValue | undefined) =>
  value === null || value === undefined ? null : String(value as string | number);

const joined = ({ before, after }: Sides, key: readonly string[]) =>
  `(select *, true as _here from ${before}) as b
full join (select *, true as _here from ${after}) as a
  on ${key.map((name) => `b."${name}" = a."${name}"`).join(" and ")}`;

async function sample(
  connection: Connection,
  rowsOfBoth: string,
  key: readonly string[],
  columns: readonly Column[],
  limit: number,
): Promise<RowDiff[]> {
  const others = columns.map(({ name }) => name).filter((name) => !key.includes(name));
  const list = (of: string) => columns.map(({ name }) => `${of}."${name}"`).join(", ");
  const order = (of: string) => key.map((name) => `${of}."${name}"`).join(", ");
  const lone = async (change: "added" | "removed"): Promise<RowDiff[]> => {
    const [here, there] = change === "added" ? ["a", "b"] : ["b", "a"];
    const { rows } = await connection.query(
      `select ${list(here)} from ${rowsOfBoth} where ${there}._here is null order by ${order(here)} limit ${limit}`,
    );
    return rows.map((row) => ({ change, row }));
  };
  const differs = others.map((name) => `b."${name}" is distinct from a."${name}"`).join(" or ") || "false";
  const pairs = await connection.query(
    `select ${key.map((name) => `a."${name}" as "key_${name}"`).join(", ")}
  ${others.map((name) => `, b."${name}" as "before_${name}", a."${name}" as "after_${name}"`).join("")}
from ${rowsOfBoth} where b._here and a._here and (${differs}) order by ${order("a")} limit ${limit}`,
  );
  const changed = pairs.rows.map((row): RowDiff => {
    const value = (side: string, name: string) => row[`${side}_${name}`] ?? null;
    const different = others.filter(
      (name) => JSON.stringify(value("before", name)) !== JSON.stringify(value("after", name)),
    );
    return {
      change: "changed",
      key: Object.fromEntries(key.map((name) => [name, value("key", name)])),
      columns: Object.fromEntries(
        different.map((name) => [name, { before: value("before", name), after: value("after", name) }]),
      ),
    };
  });
  return [...changed, ...(await lone("added")), ...(await lone("removed"))];
}
