import type { Table } from "../../contracts/table.js";
import { quoted } from "./literals.js";

/** Statements that give a table and its columns the contract's comments, also if they were created with other comments. */
export const comments = (table: Table): string[] => [
  `comment on table ${table.name} is ${quoted(table.comment)}`,
  `alter table ${table.name} alter column\n${table.columns
    .map(({ name, comment }) => `  ${name} comment ${quoted(comment)}`)
    .join(",\n")}`,
];

/** Statements that tag a table and its columns with personal data for Unity Catalog (FR-012). */
export const tags = (table: Table): string[] => {
  const { tags: given = {}, personal = [] } = table.options;
  const pairs = Object.entries(given).map(([name, value]) => `${quoted(name)} = ${quoted(value)}`);
  return [
    `alter table ${table.name} set tags (${pairs.join(", ")})`,
    ...personal.map(
      (column) => `alter table ${table.name} alter column ${column} set tags ('sensitivity' = 'personal')`,
    ),
  ];
};

/** Statements that give a table its contract's clustering, if it has one; OPTIMIZE then orders the existing rows. */
export const clustering = (table: Table): string[] =>
  table.options.clusterBy
    ? [`alter table ${table.name} cluster by (${table.options.clusterBy.join(", ")})`]
    : [];
