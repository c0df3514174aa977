import type { Table } from "../../contracts/table.js";
import { boundsOf } from "../../contracts/ranges.js";
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

/**
 * Statements that make the catalog hold the contract's ranges as one constraint, as far as they depend on the row alone. It is
 * made again each time, so that it is what the contract says now; a table with older rows beyond it needs a run with --full.
 */
export const constraint = (table: Table): string[] => {
  const bounds = boundsOf(table).filter(({ isConstant }) => isConstant);
  if (bounds.length === 0) return [];
  // Not true of a row without a value, and a constraint refuses only what is false.
  const holds = bounds.map(
    ({ column, isBeyond }) => `(${column.name} is null or not ${isBeyond(column.name, "")})`,
  );
  return [
    `alter table ${table.name} drop constraint if exists plausible`,
    `alter table ${table.name} add constraint plausible check (${holds.join(" and ")})`,
  ];
};
