import { bigint, text, texts, timestamp } from "./columns.js";
import { table } from "./table.js";

/** The quarantine: `reject` keeps the refused rows of all tables here. */
export const rejected_rows = table(
  "silver.rejected_rows",
  "The quarantine: every row that silver refused, whole, with the reasons. Nothing disappears.",
  {
    table_name: text("The table that refused the row."),
    reasons: texts("Each rule the row broke."),
    raw_row: text("The row as it arrived, as JSON."),
    source_file: text("The landed file."),
    source_row: bigint("Position of the record in that file."),
    rejected_at: timestamp("When it was refused."),
    run_id: text("The run that refused it."),
  },
  {
    partitionBy: ["table_name"],
    auditColumns: ["rejected_at", "run_id"],
    tags: { sensitivity: "personal" },
    personal: ["raw_row"],
  },
);
