import { isAuditColumn, keyOf, names } from "../../plan/kept-columns.js";
import { batchMarker, marker } from "../../sql/param.js";
import type { Dialect } from "../adapter.js";
import { incomingTable } from "./tables.js";

/**
 * A table's contract columns as they will be after the incoming rows are written. A check after the verb measures this,
 * because nothing is written yet.
 */
export const afterImage: NonNullable<Dialect["afterImage"]> = (table, kind) => {
  const incoming = incomingTable(table.name);
  const given = table.columns
    .map(({ name }) => (isAuditColumn(table, name) ? `${marker("now")} as ${name}` : `i.${name}`))
    .join(", ");
  const kept =
    kind === "append"
      ? `where not (t._batch = ${batchMarker(table.name)} or ${marker("full")})`
      : `left anti join ${incoming} as i on ${keyOf(table)
          .map((name) => `i.${name} = t.${name}`)
          .join(" and ")}`;
  return `select ${names(table.columns, "t.")} from ${table.name} as t ${kept}
union all
select ${given} from ${incoming} as i${kind === "append" ? "" : " where not i.is_gone"}`;
};
