import { engineNamed } from "shopmetrics/engine";
import type { Result } from "shopmetrics/plan";
import { ask } from "shopmetrics/run";
import { InputError, readSettings } from "shopmetrics/settings";
import { tables } from "shopmetrics/shop";
import { count } from "../text.js";
import { csv, rowsTable } from "./rows.js";

interface SqlCommand {
  readonly format: "table" | "csv" | "json";
  readonly limit?: number;
}

/** Answers a select in Databricks SQL from the warehouse of the settings, which it only reads. */
export async function sql(text: string, { format, limit }: SqlCommand): Promise<void> {
  const most = limit ?? (format === "table" ? 50 : 1_000_000_000);
  if (!Number.isInteger(most) || most < 0) throw new InputError("--limit takes a whole number from 0.");
  const result = await answered(text, most + (limit === undefined && format === "table" ? 1 : 0));
  if (format === "json") return console.log(JSON.stringify(result.rows));
  if (format === "csv") return void process.stdout.write(csv(result));
  const shown: Result = { ...result, rows: result.rows.slice(0, most) };
  const rest = result.rows.length > most ? ` of more: --limit <n> or --format csv gives them` : "";
  console.log(
    `${rowsTable(shown)}\n${count(shown.rows.length)} ${shown.rows.length === 1 ? "row" : "rows"}${rest}`,
  );
}

/** @param limit the most rows */
async function answered(text: string, limit: number): Promise<Result> {
  const settings = readSettings();
  const engine = await engineNamed(settings.engine).openReadOnly(settings, {
    onWait: (message) => console.error(message),
  });
  if (typeof engine === "string") throw new InputError(engine);
  const connection = await engine.connect();
  try {
    return await ask(connection, settings.engine, text, { tables, limit });
  } finally {
    await connection.close();
    await engine.close();
  }
}
