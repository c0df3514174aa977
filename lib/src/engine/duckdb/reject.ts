import { rejected_rows } from "../../contracts/quarantine.js";
import { arrivedColumns } from "../../plan/kept-columns.js";
import { batchMarker, marker } from "../../sql/param.js";
import type { VerbParts } from "../adapter.js";
import { draft } from "../operation.js";
import { inJson } from "../raw-row.js";
import { stored, withFields } from "./stored.js";

export const reject: VerbParts["reject"] = ({ table, rows, raw }, { sqlOf }) => {
  const quarantine = rejected_rows.name;
  const select = sqlOf(rows);
  const kept = stored(raw);
  const joined = `(${select}) as r join ${kept.name} as b on b.source_file = r.source_file and b.source_row = r.source_row`;
  // Behind the join the fields are read of the messages that are refused, and before it they would be of all.
  const [of, from] =
    kept === raw
      ? ["b", joined]
      : ["r", `(${withFields(raw, `(select b.*, r.reasons from ${joined})`, ["reasons"])}) as r`];
  const fields = arrivedColumns(raw).map((column) => `'${column.name}': ${inJson(column, of)}`);
  const json = `to_json({${fields.join(", ")}})`;
  return [
    // A row refused before, by a cell in Jupyter or by a run, is in the quarantine once.
    draft(
      `delete from ${quarantine} where table_name = '${table.name}'
and (${marker("full")} or (source_file, source_row) in (select source_file, source_row from (${select})))`,
      { role: "write", reads: [rows] },
    ),
    draft(
      `insert into ${quarantine} by name
select '${table.name}' as table_name, r.reasons, cast(${json} as varchar) as raw_row, r.source_file, r.source_row,
  ${marker("now")} as rejected_at, ${marker("run_id")} as run_id, ${batchMarker(table.name)} as _batch
from ${from}`,
      { role: "write", counts: "rejected", reads: [rows] },
    ),
  ];
};
