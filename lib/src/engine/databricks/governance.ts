import { createHash } from "node:crypto";
import type { Table } from "../../contracts/table.js";
import { boundsOf } from "../../contracts/ranges.js";
import { quoted } from "./literals.js";

/**
 * Statements that bring the catalog to what the contract says: comments of the table and its columns, its clustering,
 * tags for Unity Catalog (FR-012), and a constraint. Each is sent only where the catalog differs: it would otherwise be a commit
 * that a step at work may meet, and tags need a privilege (APPLY TAG) that only who changes them should need.
 */
export function governance(table: Table): string[] {
  const changes = [...comments(table), ...clustering(table), ...tags(table), ...constraint(table)];
  return [
    "declare or replace variable care string",
    ...changes.flatMap(({ isMissing, statement }) => sentWhere(isMissing, statement)),
  ];
}

/** Statements that send another one where a condition holds; `governance` has declared their variable. */
export const sentWhere = (condition: string, statement: string): string[] => [
  `set variable care = (select if(${condition}, ${quoted(statement)}, 'select 1'))`,
  "execute immediate care",
];

interface Change {
  /** A condition: the catalog differs. */
  readonly isMissing: string;
  readonly statement: string;
}

const placeOf = ({ name, layer }: Table, schema = "table_schema") =>
  `${schema} = '${layer}' and table_name = '${name.slice(layer.length + 1)}'`;

function comments(table: Table): Change[] {
  const columns = table.columns.map(({ name, comment }) => `(${quoted(name)}, ${quoted(comment)})`);
  return [
    {
      isMissing: `(select count(*) from information_schema.tables
  where ${placeOf(table)} and not (comment <=> ${quoted(table.comment)})) > 0`,
      statement: `comment on table ${table.name} is ${quoted(table.comment)}`,
    },
    {
      isMissing: `(select count(*) from information_schema.columns as has
  join (values ${columns.join(", ")}) as wanted (name, text) on wanted.name = has.column_name
  where ${placeOf(table)} and not (has.comment <=> wanted.text)) > 0`,
      statement: `alter table ${table.name} alter column\n${table.columns
        .map(({ name, comment }) => `  ${name} comment ${quoted(comment)}`)
        .join(",\n")}`,
    },
  ];
}

/** The catalog has no view of clustering, so a tag says by what a table was clustered last. OPTIMIZE orders existing rows. */
const clustering = (table: Table): Change[] =>
  table.options.clusterBy
    ? [
        {
          isMissing: lacksTags(table, clusterTag(table)),
          statement: `alter table ${table.name} cluster by (${table.options.clusterBy.join(", ")})`,
        },
      ]
    : [];

const clusterTag = ({ options: { clusterBy } }: Table): Record<string, string> =>
  clusterBy ? { clustered_by: clusterBy.join(" ") } : {};

function tags(table: Table): Change[] {
  const given = { ...table.options.tags, ...clusterTag(table) };
  const personal = (table.options.personal ?? []) as readonly string[];
  return [
    {
      isMissing: lacksTags(table, given),
      statement: `alter table ${table.name} set tags (${pairs(given)})`,
    },
    ...personal.map((column) => ({
      isMissing: `(select count(*) from information_schema.column_tags where ${placeOf(table, "schema_name")}
  and column_name = '${column}' and tag_name = 'sensitivity' and tag_value = 'personal') = 0`,
      statement: `alter table ${table.name} alter column ${column} set tags (${pairs({ sensitivity: "personal" })})`,
    })),
  ];
}

const pairs = (given: Readonly<Record<string, string>>, between = " = ") =>
  Object.entries(given)
    .map(([name, value]) => quoted(name) + between + quoted(value))
    .join(", ");

const lacksTags = (table: Table, given: Readonly<Record<string, string>>) =>
  `(select count(*) from information_schema.table_tags where ${placeOf(table, "schema_name")}
  and map(${pairs(given, ", ")})[tag_name] = tag_value) < ${Object.keys(given).length}`;

/**
 * The contract's ranges as one constraint, as far as they depend on the row alone. It is made where all rows fit: older rows
 * beyond a range must not stop the care of the tables, and a full run refuses them. The catalog has no view of constraints
 * either, so a tag says which one was made last.
 */
function constraint(table: Table): Change[] {
  const bounds = boundsOf(table).filter(({ isConstant }) => isConstant);
  if (bounds.length === 0) return [];
  const holds = bounds
    .map(({ column, isBeyond }) => `(${column.name} is null or not ${isBeyond(column.name, "")})`)
    .join(" and ");
  const tag = { plausible: String(createHash("sha256").update(holds).digest().readUInt32BE()) };
  const isMissing = `${lacksTags(table, tag)} and (select count(*) from ${table.name} where not (${holds})) = 0`;
  return [
    `alter table ${table.name} drop constraint if exists plausible`,
    `alter table ${table.name} add constraint plausible check (${holds})`,
    `alter table ${table.name} set tags (${pairs(tag)})`,
  ].map((statement) => ({ isMissing, statement }));
}
