import { bigint, text } from "../contracts/columns.js";

/** Of numbers by which the shop names things. */
export const name = { longest: 200 } as const;
/** Of texts that people write. */
export const words = { longest: 2000 } as const;

/** Which landed record a row of silver came from. */
export const origin = {
  source_file: text("The landed file this version came from."),
  source_row: bigint("Position of the record in that file."),
  source_load: bigint(
    "Number of that file among the loaded ones: a file that was loaded later has a greater one.",
  ),
};

/** Where a change stands in its database's log. */
export const change_lsn = bigint(
  "Where the change that made this row stands in the log of the shop's database (LSN). Null for a row of an export.",
).nullable();

/** Of two changes in a database the later in its log is the newer; of two readings at one place the one that was loaded later. */
export const byLog = {
  change_lsn: bigint("Position in the database's log."),
  source_load: origin.source_load,
  source_row: origin.source_row,
};
