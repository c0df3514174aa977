import { rejected_rows } from "../../contracts/quarantine.js";
import { arrivedColumns } from "../../plan/kept-columns.js";
import { batchMarker, marker } from "../../sql/param.js";
import type { VerbParts } from "../adapter.js";
import { draft } from "../operation.js";
import { inJson } from "../raw-row.js";

// A row that was refused before (by a cell in Jupyter, another run, or the run that this one repeats) is in it only once.
export const reject: VerbParts["reject"] = ({ table, rows, raw }, { sqlOf }) => {
  const quarantine = rejected_rows.name;
  const batch = batchMarker(table.name);
  const fields = arrivedColumns(raw).map((column) => `'${column.name}', ${inJson(column, "b")}`);
  const json = `to_json(named_struct(${fields.join(", ")}), map('ignoreNullFields', 'false'))`;
  const filled = `${marker("now")}, ${marker("run_id")}, ${batch}`;
  return [
    draft(
      `select coalesce(r.source_file, kept.source_file) as source_file, coalesce(r.source_row, kept.source_row) as source_row,
  r.reasons, r.raw_row, r.source_file is null as is_gone
from (
  select r.reasons, ${json} as raw_row, r.source_file, r.source_row
  from (
${sqlOf(rows)}
  ) as r join ${raw.name} as b on b.source_file = r.source_file and b.source_row = r.source_row
) as r
full join (
  select source_file, source_row from ${quarantine} where table_name = '${table.name}' and ${marker("full")}
) as kept on kept.source_file = r.source_file and kept.source_row = r.source_row`,
      {
        // Each table has a partition of its own, so steps that write at the same time do not meet.
        head: `merge into ${quarantine} as t using (\n`,
        tail: `\n) as i on t.table_name = '${table.name}' and i.source_file = t.source_file and i.source_row = t.source_row
when matched and i.is_gone then delete
when matched then update set t.reasons = i.reasons, t.raw_row = i.raw_row,
  t.rejected_at = ${marker("now")}, t.run_id = ${marker("run_id")}, t._batch = ${batch}
when not matched then insert (table_name, reasons, raw_row, source_file, source_row, rejected_at, run_id, _batch)
  values ('${table.name}', i.reasons, i.raw_row, i.source_file, i.source_row, ${filled})`,
        role: "write",
        counts: "rejected",
        reads: [rows],
      },
    ),
  ];
};
