import type { Item } from "shopmetrics/internal/plan";

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
