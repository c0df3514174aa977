import {
  batchColumns,
  type Item,
  type Operation,
  type Plan,
  type Result,
  type Tables,
} from "shopmetrics/plan";
import type { Shown } from "shopmetrics/display";
import type { Connection } from "shopmetrics/engine";
import { readWindows, valueOf } from "shopmetrics/run";
import { analyse } from "../compile/lineage/select.js";
import { isPersonal } from "./examples.js";

/**
 * Runs each notebook's `show` on the warehouse as the last run left it, with all rows of the tables it reads. Text from
 * a personal column is masked.
 *
 * @param has tells whether the warehouse has a table
 * @returns for each `show` its rows, or a sentence that says why there are none
 */
export async function showRows(
  connection: Connection,
  engine: string,
  { plans, tables }: { plans: readonly Plan[]; tables: Tables },
  has: (table: string) => boolean,
): Promise<Map<Item, Shown | string>> {
  const shows = new Map<Item, Shown | string>();
  for (const plan of plans) {
    for (const item of plan.items.filter(({ kind }) => kind === "show")) {
      const missing = tablesNamed(item, tables).find((table) => !has(table));
      shows.set(
        item,
        missing
          ? `The warehouse has no table ${missing} yet: a run makes it.`
          : await shown(connection, engine, plan, item, tables),
      );
    }
  }
  return shows;
}

async function shown(
  connection: Connection,
  engine: string,
  plan: Plan,
  item: Item,
  tables: Tables,
): Promise<Shown | string> {
  const operation = item.scripts[engine]?.find(({ role }) => role === "show");
  if (!operation) return "There is nothing to show on this engine.";
  try {
    const result = await connection.query(operation.sql, await valuesFor(connection, plan, operation));
    const { limit = Infinity, offset = 0 } = operation;
    const rows = result.rows.length;
    return {
      result: masked(result, await personalColumns(item, tables)),
      offset,
      total: (rows > 0 || offset === 0) && rows < limit ? offset + rows : undefined,
    };
  } catch (error) {
    return `The warehouse could not answer: ${(error as Error).message.split("\n")[0]}`;
  }
}

/** Parameters as a full run binds them now. */
async function valuesFor(connection: Connection, plan: Plan, { params: names }: Operation) {
  const params = new Map(plan.params.map((param) => [param.name, param]));
  const used = names.flatMap((name) => params.get(name) ?? []);
  const upstream = used.flatMap((param) => (param.kind === "lo" || param.kind === "hi" ? [param.table] : []));
  const now = new Date().toISOString();
  const context = {
    runId: "docs",
    date: now.slice(0, 10),
    now,
    full: true,
    landing: "",
    ...(upstream.length === 0
      ? { windows: new Map(), batches: new Map() }
      : await readWindows(connection, plan.step, { changes: upstream, writes: [], full: true })),
  };
  return Object.fromEntries(names.map((name) => [name, valueOf(params.get(name), name, context)]));
}

const tablesNamed = ({ select = "" }: Item, tables: Tables) =>
  [...select.matchAll(/\b(?:bronze|silver|gold|ops)\.\w+/g)]
    .map(([name]) => name)
    .filter((name) => tables.has(name));

/** Names of the columns whose values come from a personal column, or may come from one. */
async function personalColumns(item: Item, tables: Tables): Promise<Set<string>> {
  const named = tablesNamed(item, tables).map((name) => tables.get(name)!);
  const hasPersonal = named.some((table) => table.columns.some(({ name }) => isPersonal(table, name)));
  if (!hasPersonal || item.select === undefined) return new Set();
  const columns = await analyse({ select: item.select, tables: known(tables) });
  return new Set(
    columns
      .filter(
        ({ sources, unresolved }) =>
          unresolved.length > 0 ||
          sources.some(({ table, column }) => {
            const contract = tables.get(table);
            return contract !== undefined && column !== "*" && isPersonal(contract, column);
          }),
      )
      .map(({ name }) => name),
  );
}

const known = (tables: Tables) =>
  Object.fromEntries(
    [...tables.values()].map((table) => [
      table.name,
      [...table.columns.map(({ name }) => name), ...batchColumns(table)],
    ]),
  );

const mask = "•••";

/** Masks text, not figures: a count of people identifies nobody. */
function masked({ columns, rows }: Result, personal: ReadonlySet<string>): Result {
  const hidden = columns.filter(({ name, type }) => personal.has(name) && !figures.test(type));
  return {
    columns,
    rows: rows.map((row) => ({
      ...row,
      ...Object.fromEntries(hidden.map(({ name }) => [name, row[name] === null ? null : mask])),
    })),
  };
}

const figures = /^(U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|DECIMAL|DOUBLE|FLOAT|BOOLEAN)/;
