import type { Result, Table } from "shopmetrics/plan";
import { shownColumns } from "shopmetrics/display";
import type { Connection } from "shopmetrics/engine";

/** How many values of a column are shown. */
const most = 3;

/** Among how many rows a value is looked for that the first ones do not have. */
const searched = 100_000;

/**
 * Some different values of each column, as people read them, by `table.column`. Personal columns are never read. The
 * values come from a table's first rows; for a column with too few different values there, from more of them.
 */
export async function examplesOf(
  connection: Connection,
  tables: readonly Table[],
): Promise<Map<string, readonly string[]>> {
  const examples = new Map<string, readonly string[]>();
  for (const table of tables) {
    const columns = table.columns.map(({ name }) => name).filter((name) => !isPersonal(table, name));
    if (columns.length === 0) continue;
    const first = valuesOf(
      await connection.query(`select ${columns.join(", ")} from ${table.name} limit 200`),
    );
    const incomplete = columns.filter((name) => first.get(name)!.length < most);
    const more = valuesOf(await distinctValues(connection, table.name, incomplete));
    for (const name of columns) {
      const found = incomplete.includes(name) ? more.get(name)! : first.get(name)!;
      examples.set(`${table.name}.${name}`, found.slice(0, most));
    }
  }
  return examples;
}

async function distinctValues(
  connection: Connection,
  table: string,
  columns: readonly string[],
): Promise<Result> {
  const results: Result[] = [];
  for (const name of columns)
    results.push(
      await connection.query(
        `select distinct ${name} from (select ${name} from ${table} limit ${searched}) as first_rows
where ${name} is not null order by ${name} limit ${most}`,
      ),
    );
  return {
    columns: results.flatMap((result) => result.columns),
    rows: results.flatMap((result) => result.rows),
  };
}

/** An example may be cut. */
const longest = 60;

function valuesOf(result: Result): Map<string, string[]> {
  return new Map(
    shownColumns(result).map(({ name, cells }) => {
      const texts = cells.filter(({ kind }) => kind !== "none").map(({ text }) => text);
      return [name, [...new Set(texts)].slice(0, most).map(cut)];
    }),
  );
}

const cut = (text: string) =>
  text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, "")}…`;

/**
 * Whether a column may identify a person, so that its values are never shown. In a table that is tagged personal but
 * does not say which columns are, all columns are personal except those with a closed set of values.
 */
export function isPersonal(table: Table, column: string): boolean {
  const { personal, tags = {} } = table.options;
  if (personal) return personal.includes(column);
  const known = table.columns.find(({ name }) => name === column);
  return tags["sensitivity"] === "personal" && !known?.accepts && !harmless.has(column);
}

/** Columns that the pipeline adds; they say nothing about a person. */
const harmless = new Set(["source_file", "source_row", "ingested_at", "table_name", "run_id", "rejected_at"]);
