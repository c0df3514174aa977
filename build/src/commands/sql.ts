import type { Result } from "shopmetrics/plan";
import { ask } from "shopmetrics/run";
import { InputError } from "shopmetrics/settings";
import { tables } from "shopmetrics/shop";
import { counted } from "../text.js";
import { reading } from "./reading.js";
import { csv, rowsTable } from "./rows.js";

interface SqlCommand {
  readonly format: "table" | "csv" | "json";
  readonly limit?: number;
}

/** Answers a select in Databricks SQL from the warehouse of the settings, which it only reads. */
export async function sql(text: string, { format, limit }: SqlCommand): Promise<void> {
  const most = limit ?? (format === "table" ? 50 : 1_000_000_000);
  if (!Number.isInteger(most) || most < 0) throw new InputError("--limit takes a whole number from 0.");
  const asked = { tables, limit: most + (limit === undefined && format === "table" ? 1 : 0) };
  const result = await reading((connection, engine) => ask(connection, engine, text, asked));
  if (format === "json") return console.log(JSON.stringify(result.rows));
  if (format === "csv") return void process.stdout.write(csv(result));
  const shown: Result = { ...result, rows: result.rows.slice(0, most) };
  const rest = result.rows.length > most ? ` of more: --limit <n> or --format csv gives them` : "";
  console.log(`${rowsTable(shown)}\n${counted(shown.rows.length, "row")}${rest}`);
}
