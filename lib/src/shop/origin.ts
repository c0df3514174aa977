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
