import type { VerbParts } from "../adapter.js";
import { draft } from "../operation.js";

export const check: VerbParts["check"] = ({ measure, name, severity, max }, { sqlOf, bind }) => [
  draft(
    `select ${bind(name)} as check_name, ${bind(severity)} as severity, failed_rows, total_rows, cast(figure as double) as figure, ` +
      `cast(${bind(max)} as double) as threshold from (${sqlOf(measure)})`,
    { role: "check", severity, reads: [measure] },
  ),
];
