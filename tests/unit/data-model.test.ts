import { shop } from "#lib/shop/index.js";
import type { Table } from "#lib/contracts/table.js";
import { readFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { expect, it } from "vitest";

const page = path.resolve(import.meta.dirname, "../../docs/data-model.md");
const mark = "<!-- From here on the page is generated: npm run golden. -->";

/** The tables that people ask, without bronze, which has no keys, and without the run's own records. */
const tables = [...shop.tables.values()].filter(
  ({ name, options }) => /^(silver|gold)\./.test(name) && options.key,
);

const keyOf = ({ options }: Table) => (options.key ?? []) as readonly string[];
const idOf = (name: string) => name.replace(".", "_");

interface Relation {
  readonly from: string;
  readonly column: string;
  readonly to: string;
  /** Declared and checked in a contract, or only a column of the key's name. */
  readonly isDeclared: boolean;
}

const declared = tables.flatMap(({ name, options }) =>
  Object.entries((options.references ?? {}) as Record<string, string>).map(([column, target]): Relation => ({
    from: name,
    column,
    to: target.split(".").slice(0, 2).join("."),
    isDeclared: true,
  })),
);

/** A column named as the only key column of another table leads to it, if nothing is declared. */
const named = tables.flatMap((table) =>
  table.columns.flatMap(({ name: column }) =>
    tables
      .filter((other) => other !== table && keyOf(other).length === 1 && keyOf(other)[0] === column)
      .filter((other) => !declared.some((known) => known.from === table.name && known.to === other.name))
      .filter(
        (other) => !(keyOf(table).length === 1 && keyOf(table)[0] === column && table.name < other.name),
      )
      .map((other): Relation => ({ from: table.name, column, to: other.name, isDeclared: false })),
  ),
);
const relations = [...declared, ...named];

it("the data model shows the keys and relations of the contracts", async () => {
  const written = readFileSync(page, "utf8").split(mark)[0]!;
  const boxes = tables.map((table) => {
    const own = new Set(relations.filter(({ from }) => from === table.name).map(({ column }) => column));
    const lines = table.columns
      .filter(({ name }) => keyOf(table).includes(name) || own.has(name))
      .map(({ name, type }) => {
        const marks = [keyOf(table).includes(name) && "PK", own.has(name) && "FK"].filter(Boolean).join(", ");
        return `    ${type.toLowerCase().replace(/\W+/g, "_").replace(/_$/, "")} ${name} ${marks}`;
      });
    return `  ${idOf(table.name)}["${table.name}"] {\n${lines.join("\n")}\n  }`;
  });
  const arrows = relations.map(
    ({ from, column, to, isDeclared }) =>
      `  ${idOf(to)} |o${isDeclared ? "--" : ".."}o{ ${idOf(from)} : ${column}`,
  );
  const rows = relations.map(
    ({ from, column, to, isDeclared }) =>
      `| \`${from}\` | \`${column}\` | \`${to}\` | ${isDeclared ? "declared, checked on every write" : "by name"} |`,
  );
  const keys = tables.map(
    (table) =>
      `| \`${table.name}\` | ${keyOf(table)
        .map((name) => `\`${name}\``)
        .join(", ")} |`,
  );
  const text = [
    `${written}${mark}`,
    `\`\`\`mermaid\nerDiagram\n${boxes.join("\n")}\n${arrows.join("\n")}\n\`\`\``,
    `## Keys\n\n| table | one row for each |\n| --- | --- |\n${keys.join("\n")}`,
    `## Relations\n\n| table | column | leads to | how |\n| --- | --- | --- | --- |\n${rows.join("\n")}`,
  ].join("\n\n");
  await expect(await format(text, { parser: "markdown" })).toMatchFileSnapshot(page);
});
