import type { Connection } from "shopmetrics/engine";
import { InputError } from "shopmetrics/settings";
import type { Result } from "shopmetrics/plan";
import { ask, orderOfRun } from "shopmetrics/run";
import { tables } from "shopmetrics/shop";
import { count, counted, nearest } from "../text.js";
import { terminalTable, terminalWidth, wrapped } from "../terminal-table.js";
import { reading } from "./reading.js";
import { rowsTable } from "./rows.js";

interface ShowCommand {
  readonly limit: number;
  readonly offset?: number;
  readonly where?: string;
  readonly order?: string;
  readonly last?: boolean;
  readonly columns?: boolean;
  readonly json?: boolean;
}

export async function show(name: string | undefined, options: ShowCommand): Promise<void> {
  const table = name === undefined ? undefined : tableNamed(name);
  if (table && options.columns) return printColumns(table, Boolean(options.json));
  if (!Number.isInteger(options.limit) || options.limit < 0)
    throw new InputError("--limit takes a whole number from 0.");
  await reading(async (connection, engine) => {
    if (!table) return printTables(await rowCounts(connection.query), Boolean(options.json));
    if (options.where ?? options.order ?? options.offset ?? options.last)
      return showChosen(connection, engine, table, options);
    const columns = table.columns.map((column) => `t.${column.name}`).join(", ");
    // The latest run first, since that is the one people ask about.
    const keys = (table.options.key ?? []) as readonly string[];
    const byRun = keys.includes("run_id");
    const runs = byRun ? " left join ops.runs as runs on runs.run_id = t.run_id" : "";
    const order = [...(byRun ? [`${orderOfRun} desc`] : []), ...keys.map((key) => `t.${key}`)].join(", ");
    const result = await connection.query(
      `select ${columns} from ${table.name} as t${runs}${order && ` order by ${order}`} limit ${options.limit}`,
    );
    const total = await connection.query(`select count(*) as n from ${table.name}`);
    printRows(table.name, result, Number(total.rows[0]?.["n"]), Boolean(options.json));
  });
}

/** The rows that the options choose, in their order. */
async function showChosen(
  connection: Connection,
  engine: string,
  table: ReturnType<typeof tableNamed>,
  { where, order, offset = 0, last, limit, json }: ShowCommand,
): Promise<void> {
  if (last && order) throw new InputError("--last is an order of its own: leave out --order or --last.");
  if (!Number.isInteger(offset) || offset < 0) throw new InputError("--offset takes a whole number from 0.");
  const { newest, key } = table.options;
  const latest = [...(newest ?? []), ...(key ?? [])].map((column) => `${column} desc`);
  if (last && latest.length === 0)
    throw new InputError(`${table.name} has no column that says what is newest: give --order.`);
  const ordered = last ? latest.join(", ") : (order ?? (key ?? []).join(", "));
  const chosen = `from ${table.name}${where ? ` where ${where}` : ""}`;
  const columns = table.columns.map(({ name }) => name).join(", ");
  const text = `select ${columns} ${chosen}${ordered && ` order by ${ordered}`}`;
  const result = await ask(connection, engine, text, { tables, limit, offset });
  const total = await ask(connection, engine, `select count(*) as n ${chosen}`, { tables, limit: 1 });
  printRows(table.name, result, Number(total.rows[0]?.["n"]), Boolean(json));
}

const all = [...tables.values()];

/** The contract of a table, whose layer may be left out. @throws InputError with the name that comes near */
export function tableNamed(name: string) {
  const found = tables.get(name) ?? all.find((table) => table.name.endsWith(`.${name}`));
  if (found) return found;
  const near = nearest(
    name,
    all.map((table) => table.name),
  );
  throw new InputError(
    `There is no table "${name}". ${near ? `Did you mean ${near}?` : "`npx shopmetrics show` lists them."}`,
  );
}

async function rowCounts(query: (sql: string) => Promise<Result>): Promise<Result> {
  const counts = all.map(({ name }) => `select '${name}' as table_name, count(*) as row_count from ${name}`);
  return query(counts.join(" union all "));
}

function printTables(result: Result, json: boolean): void {
  const counts = result.rows.map((row) => ({
    table: String(row["table_name"]),
    rows: Number(row["row_count"]),
  }));
  if (json) return console.log(JSON.stringify({ tables: counts }));
  const text = terminalTable({
    head: ["table", "rows", "what it holds"],
    aligns: ["left", "right", "left"],
    rows: counts.map(({ table, rows }) => [table, count(rows), tables.get(table)?.comment ?? ""]),
  });
  console.log(text);
}

function printColumns(shown: ReturnType<typeof tableNamed>, json: boolean): void {
  if (json)
    return console.log(JSON.stringify({ table: shown.name, comment: shown.comment, columns: shown.columns }));
  const text = terminalTable({
    head: ["column", "type", "null", "comment"],
    aligns: ["left", "left", "left", "left"],
    rows: shown.columns.map(({ name, type, nullable, comment }) => [
      name,
      type,
      nullable ? "yes" : "",
      comment,
    ]),
    prose: true,
  });
  const title = wrapped(`${shown.name}: ${shown.comment}`, terminalWidth());
  console.log(`${title.join("\n")}\n${text}`);
}

function printRows(name: string, result: Result, total: number, json: boolean): void {
  if (json) return console.log(JSON.stringify({ table: name, total, rows: result.rows }));
  console.log(`${rowsTable(result)}\n${count(result.rows.length)} of ${counted(total, "row")} of ${name}`);
}
