import type { VerbParts } from "../adapter.js";
import { draft } from "../operation.js";
import { clustering, comments, constraint, tags } from "./governance.js";

export const maintain: VerbParts["maintain"] = ({ table }) => {
  const { key, clusterBy } = table.options;
  const optimize =
    table.layer === "gold" && key && !clusterBy
      ? `optimize ${table.name} zorder by (${key.slice(0, 2).join(", ")})`
      : `optimize ${table.name}`;
  const statements = [
    ...comments(table),
    ...tags(table),
    ...constraint(table),
    ...clustering(table),
    optimize,
    `vacuum ${table.name} retain 168 hours`,
  ];
  return statements.map((sql) => draft(sql, { role: "write" }));
};
