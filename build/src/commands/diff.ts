import { engineNamed } from "shopmetrics/engine";
import path from "node:path";
import { InputError, readSettings } from "shopmetrics/settings";
import { tables } from "shopmetrics/shop";
import { diffTable, type TableDiff } from "../diff/diff-table.js";
import { markdown, summaryText, tableText } from "../diff/report.js";
import { withWarehouses } from "../diff/warehouses.js";
import { tableNamed } from "./show.js";

/** Compares a table, or all tables that steps keep, with those of another warehouse. */
export async function diff(
  name: string | undefined,
  options: { against: string; samples: number; json?: boolean; markdown?: boolean },
): Promise<void> {
  if (options.json && options.markdown) throw new InputError("--json and --markdown exclude each other.");
  const { samples } = options;
  if (!Number.isInteger(samples) || samples < 0)
    throw new InputError("--samples takes a whole number from 0.");
  const settings = readSettings();
  if (!engineNamed(settings.engine).isEmbedded)
    throw new InputError("diff compares two warehouses of the embedded engine: unset SHOPMETRICS_ENGINE.");
  const table = name === undefined ? undefined : tableNamed(name);
  const files = { before: path.resolve(options.against), after: settings.warehouse };
  const diffs = await withWarehouses(files, async (connection) => {
    const found: TableDiff[] = [];
    // The runs' own records differ between any two warehouses.
    for (const compared of table ? [table] : [...tables.values()].filter(({ layer }) => layer !== "ops"))
      found.push(await diffTable(connection, compared, { samples }));
    return found;
  });
  const [only] = diffs;
  if (table && only && only.in !== "both")
    throw new InputError(
      `${table.name} is ${only.in === "before" ? "only in the one compared with" : "not in the one compared with"}: nothing to compare.`,
    );
  if (options.json) console.log(JSON.stringify({ against: files.before, tables: diffs }));
  else if (options.markdown) console.log(markdown(diffs, tables));
  else console.log(table ? tableText(diffs[0]!) : summaryText(diffs));
}
