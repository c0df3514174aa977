import { findTable } from "shopmetrics/internal/contracts/declare";
import "shopmetrics/internal/contracts/index";
import type { Table } from "shopmetrics/internal/contracts/table";
import { afterImage } from "shopmetrics/internal/engine/databricks/dialect";
import type { Item } from "shopmetrics/internal/plan";
import { withExpression } from "./sql-stages.js";

/**
 * A step's items, in which each check that stands behind a verb reads the verb's table as it will be, since it is measured
 * before the verb writes. Stages keep reading it as it is: on an engine with transactions they are made before, too.
 */
export function withAfterImages(items: readonly Item[]): Item[] {
  let kept: ReturnType<typeof keptBy>;
  return items.map((item) => {
    const verb = kept;
    kept = keptBy(item) ?? kept;
    if (item.kind !== "check" || !verb) return item;
    const databricks = item.scripts.databricks.map((one) => ({
      ...one,
      sql: readingAfter(one.sql, verb.table, afterImage(verb.table, verb.kind)),
    }));
    return { ...item, scripts: { ...item.scripts, databricks } };
  });
}

/** The table that an item keeps and the verb that does, if it is one of those that first make their incoming rows. */
export function keptBy({ kind, table: name }: Item) {
  const table = name === undefined ? undefined : findTable(name);
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
