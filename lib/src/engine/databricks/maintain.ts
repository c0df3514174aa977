import type { VerbParts } from "../adapter.js";
import { beforeTable, latestTable } from "../../sql/render.js";
import { landedTable } from "./copy-into.js";
import { draft } from "../operation.js";
import { outdated } from "../outdated.js";
import { governance, sentWhere } from "./governance.js";
import { incomingTable, newsTable } from "./tables.js";

export const maintain: VerbParts["maintain"] = ({ table }) => {
  const isOrdered = table.order.length > 0;
  const { key, clusterBy, tracks } = table.options;
  const optimize =
    table.layer === "gold" && key && !clusterBy
      ? `optimize ${table.name} zorder by (${key.slice(0, 2).join(", ")})`
      : `optimize ${table.name}`;
  const beside = [
    ...(table.layer === "bronze" ? [landedTable(table.name)] : []),
    ...(tracks ? [beforeTable(table)] : []),
    ...(isOrdered ? [latestTable(table)] : []),
  ];
  const statements = [
    ...governance(table),
    optimize,
    vacuum(table.name),
    ...beside.flatMap((name) => [`optimize ${name}`, vacuum(name)]),
    ...vacuumWhereThere(incomingTable(table.name)),
    ...(isOrdered ? vacuumWhereThere(newsTable(table.name)) : []),
  ];
  return [...outdated(table), ...statements.map((sql) => draft(sql, { role: "write" }))];
};

const vacuum = (name: string) => `vacuum ${name} retain 168 hours`;

/** A table's first writing step makes the tables of incoming rows, and each makes them anew, so only their old files matter. */
const vacuumWhereThere = (name: string) =>
  sentWhere(
    `(select count(*) from information_schema.tables
  where concat_ws('.', table_schema, table_name) = '${name}') > 0`,
    vacuum(name),
  );
