import type { Unloading } from "../adapter.js";
import { landedTable } from "./copy-into.js";

/**
 * COPY INTO remembers a path, whatever is deleted here. The ledger's row goes last: content without one counts as not loaded yet,
 * and the next load would take it in again. A load that refused a file, or was killed, left content and no such row.
 */
export const unload: Unloading = {
  freesNames: false,
  files: (tables) =>
    [
      "select table_name, source_file, batch from ops.loaded_files where reason is null",
      ...tables
        .filter(({ layer }) => layer === "bronze")
        .map(({ name }) => `select '${name}', source_file, cast(null as bigint) from ${landedTable(name)}`),
    ].join("\nunion all\n"),
  statements: (table) => [
    `delete from ${table} where source_file = :file`,
    `delete from ${landedTable(table)} where source_file = :file`,
    `delete from ops.loaded_files where table_name = '${table}' and source_file = :file`,
  ],
};
