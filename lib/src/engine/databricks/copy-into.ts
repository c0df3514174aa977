import type { LoadFiles } from "../../plan.js";

/** The volume into which exports land. */
export const landingVolume = (catalog: string) => `/Volumes/${catalog}/bronze/raw_data`;

/**
 * Loads the files of a folder of the landing volume that the table does not hold yet: COPY INTO remembers them by their
 * paths. A record with more values than columns is put together again in `_rescued_data`; one with fewer looks like one
 * that ends in nulls, since the reader does not tell them apart. The reader is told that a quote within a quoted value is
 * written twice, and that nothing but an empty value without quotes is null: by default an empty one in quotes is too.
 *
 * @param load.source_file is what the landing folder calls the file, `orders/orders_2026-10-31.csv`
 * @param values what the audit columns are filled with, and the files, if not all
 */
export function copyInto(
  load: LoadFiles,
  values: { catalog: string; now: string; batch: string; files?: readonly string[] },
): string {
  const files = values.files
    ?.map((file) => `'${file.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`)
    .join(", ");
  return `copy into ${load.table} from (
  select ${load.columns.map((name) => `if(_rescued_data is null, ${name}, null) as ${name}`).join(", ")},
    if(_rescued_data is null, null, concat_ws(',', ${load.columns.map((name) => `coalesce(${name}, '')`).join(", ")},
      map_values(map_filter(from_json(_rescued_data, 'map<string, string>'), (name, value) -> name <> '_file_path')))) as _rescued_data,
    concat('${load.folder}/', _metadata.file_name) as source_file,
    row_number() over (partition by _metadata.file_path order by monotonically_increasing_id()) as source_row,
    ${values.now} as ingested_at, ${values.batch} as _batch
  from '${landingVolume(values.catalog)}/${load.folder}'
) fileformat = csv${files ? ` files = (${files})` : ""}
format_options ('header' = 'true', 'multiLine' = 'true', 'escape' = '"', 'nullValue' = '\\u0001', 'rescuedDataColumn' = '_rescued_data')`;
}
