import { afterImage, operation as readAgain } from "shopmetrics/engine";
import type { Item, Operation, Table, Tables } from "shopmetrics/plan";

/** One statement of an item, or the loading of its files. */
export interface Piece {
  readonly item: Item;
  readonly operation: Operation | undefined;
}

/** Statements that belong together: rows are prepared, then all is checked, then tables are written. */
export interface Passage {
  readonly preparations: Piece[];
  readonly checks: Piece[];
  readonly writes: Piece[];
}

/**
 * A step's statements in the order in which a warehouse takes them. It has no transaction over several tables, so all
 * checks come before the first write: one that stands behind the verb is measured on the table as it will be. A verb that
 * may read what another one writes begins a new passage.
 */
export function passages(items: readonly Item[], tables: Tables): Passage[] {
  const begun = (): Passage => ({ preparations: [], checks: [], writes: [] });
  const all = [begun()];
  let isKept = false;
  for (const item of withoutSmallStages(withAfterImages(items, tables))) {
    if (keptBy(item, tables) && isKept) all.push(begun());
    isKept ||= keptBy(item, tables) !== undefined;
    const { preparations, checks, writes } = all.at(-1)!;
    if (item.load) preparations.push({ item, operation: undefined });
    for (const operation of item.scripts.databricks) {
      if (operation.kind === "check") checks.push({ item, operation });
      else if (isPreparation(operation.sql)) preparations.push({ item, operation });
      else if (operation.kind === "execute") writes.push({ item, operation });
    }
  }
  return all;
}

/** The same as items, for a run that speaks to the warehouse. A statement binds what the stages in it bind, too. */
export const inPassages = (items: readonly Item[], tables: Tables): Item[] =>
  passages(items, tables)
    .flatMap(({ preparations, checks, writes }) => [...preparations, ...checks, ...writes])
    .map(({ item: { load, ...item }, operation }) => ({
      ...item,
      ...(load && !operation && { load }),
      scripts: {
        duckdb: [],
        databricks: operation ? [{ ...operation, params: readAgain(operation.sql).params }] : [],
      },
    }));

/** How the statement begins that makes a stage, or a verb's incoming rows, as the dialect writes it. */
const makes = /^create or replace (?:temporary view (\w+)|table [\w.]+ using delta) as\n/i;

/** Whether a statement makes rows that later ones read, and changes nothing that anybody else reads. */
export const isPreparation = (sql: string) => makes.test(sql);

/**
 * A step's items, with each stage that at most two selects read written into these as a common table expression, so that
 * it costs no statement of its own. One that a writing statement reads stays a view.
 */
export function withoutSmallStages(items: readonly Item[]): Item[] {
  let left = [...items];
  for (const { name: wanted } of items.filter(({ kind }) => kind === "stage")) {
    const stage = left.find((item) => item.kind === "stage" && item.name === wanted)!;
    const [made] = stage.scripts.databricks;
    const name = made && makes.exec(made.sql)?.[1];
    if (!name) continue;
    const others = left.filter((item) => item !== stage);
    const reads = new RegExp(`\\b${name}\\b`);
    const readers = others.flatMap(({ scripts }) => scripts.databricks).filter(({ sql }) => reads.test(sql));
    const selects = readers.filter(({ kind, sql }) => kind !== "execute" || isPreparation(sql));
    const needed = selects.filter(({ kind }) => kind !== "show");
    if (selects.length < readers.length || needed.length > 2) continue;
    const body = made.sql.replace(makes, "");
    left = others.map((item) => ({
      ...item,
      scripts: {
        ...item.scripts,
        databricks: item.scripts.databricks.map((one) =>
          reads.test(one.sql) ? { ...one, sql: withExpression(one.sql, name, body) } : one,
        ),
      },
    }));
  }
  return left;
}

/** Puts a common table expression before the select of a statement, which may have some of its own. */
export function withExpression(sql: string, name: string, body: string): string {
  const [head = ""] = makes.exec(sql) ?? [];
  const select = sql.slice(head.length);
  const own = /^with\b\s*/i.exec(select);
  const expression = `with ${name} as (\n${body}\n)`;
  return `${head}${own ? `${expression},\n${select.slice(own[0].length)}` : `${expression}\n${select}`}`;
}

/**
 * A step's items, in which each check that stands behind a verb reads the verb's table as it will be, since it is measured
 * before the verb writes. Stages keep reading it as it is: on an engine with transactions they are made before, too.
 */
export function withAfterImages(items: readonly Item[], tables: Tables): Item[] {
  let kept: ReturnType<typeof keptBy>;
  return items.map((item) => {
    const verb = kept;
    kept = keptBy(item, tables) ?? kept;
    if (item.kind !== "check" || !verb) return item;
    const databricks = item.scripts.databricks.map((one) => ({
      ...one,
      sql: readingAfter(one.sql, verb.table, afterImage(verb.table, verb.kind)),
    }));
    return { ...item, scripts: { ...item.scripts, databricks } };
  });
}

/** The table that an item keeps and the verb that does, if it is one of those that first make their incoming rows. */
export function keptBy({ kind, table: name }: Item, tables: Tables) {
  const table = name === undefined ? undefined : tables.get(name);
  if (!table || (kind !== "append" && kind !== "merge" && kind !== "history" && kind !== "refresh"))
    return undefined;
  return { kind, table };
}

function readingAfter(measure: string, table: Table, image: string): string {
  const named = new RegExp(String.raw`(?<![\w.'])${table.name.replace(".", String.raw`\.`)}(?![\w.'])`, "g");
  const name = `${table.name.slice(table.name.indexOf(".") + 1)}_written`;
  const text = measure.replaceAll(named, name);
  return text === measure ? measure : withExpression(text, name, image);
}
