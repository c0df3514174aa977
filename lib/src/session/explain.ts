import type { CompiledItem } from "../compile/request.js";
import { written } from "../display/failure.js";
import type { Connection } from "../engine/connection.js";
import { noFigures, type StepContext } from "../run/step.js";
import { withMarkers } from "../sql/param.js";
import { engineNamed } from "../engine/index.js";
import { executeRequest } from "./execute.js";

/**
 * How an engine would answer a select, as texts with their titles: the notebook's SQL in one piece, the engine's own, and
 * the engine's plan. Nothing is run.
 */
export async function explanationOf(
  connection: Connection,
  engine: string,
  compiled: CompiledItem,
  run: Pick<StepContext, "runId" | "now" | "date" | "landing">,
): Promise<{ title: string; text: string }[]> {
  const { item } = compiled;
  const [own] = item.scripts[engine] ?? [];
  const asked = { ...own!, sql: `explain ${own!.sql}` };
  const plan = { ...compiled, item: { ...item, scripts: { ...item.scripts, [engine]: [asked] } } };
  const given = { step: "explain", writes: [], ...run };
  const { result } = await executeRequest(connection, engine, plan, given, noFigures());
  const column = result.columns.at(-1)?.name ?? "";
  const values = new Map(
    compiled.params.flatMap((param) => (param.kind === "literal" ? [[param.name, param.value]] : [])),
  );
  const literal = (name: string) => (values.has(name) ? written(values.get(name)!) : `:${name}`);
  return [
    { title: "Databricks SQL", text: withMarkers(item.select ?? "", literal) },
    ...(engineNamed(engine).translates
      ? [{ title: `As ${engineNamed(engine).title} gets it`, text: own!.sql }]
      : []),
    { title: "Plan", text: result.rows.map((row) => String(row[column] as string)).join("\n") },
  ];
}
