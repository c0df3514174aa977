import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunEvent } from "../../build/src/run/openlineage/events.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";

const schemas = path.resolve(import.meta.dirname, "../fixtures/openlineage");
const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addFormat("uuid", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
ajv.addFormat("date-time", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
ajv.addFormat("uri", (text) => URL.canParse(text));

let house: Lakehouse;

beforeAll(async () => {
  for (const file of (await readdir(schemas)).filter((name) => name.endsWith(".json")))
    ajv.addSchema(JSON.parse(await readFile(path.join(schemas, file), "utf8")) as object);
  house = await lakehouse();
  succeeded(await house.shopmetrics("generate --scale 0.01 --event-days 5 --faults 0.005 --quiet"));
});

/** Runs, and gives the events of that run. */
async function run(args = "run"): Promise<RunEvent[]> {
  const { runId } = await house.json<{ runId: string }>(args);
  const text = await readFile(path.join(house.home, "lineage", `${runId}.ndjson`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as RunEvent);
}

/** What the schemas say against an event and each facet in it, by the schema that the facet itself names. */
function complaints(event: RunEvent): string[] {
  const said: string[] = [];
  const check = (schema: string, value: unknown, where: string) => {
    const validate = ajv.getSchema(schema);
    if (!validate) said.push(`${where}: no schema ${schema}`);
    else if (!validate(value)) said.push(`${where}: ${ajv.errorsText(validate.errors)}`);
  };
  check(event.schemaURL, event, event.job.name);
  const visit = (value: unknown, where: string) => {
    if (value === null || typeof value !== "object") return;
    const { _schemaURL: schema } = value as { _schemaURL?: string };
    if (schema) check(schema, value, where);
    for (const [name, inner] of Object.entries(value)) visit(inner, `${where}/${name}`);
  };
  visit(event, event.job.name);
  return said;
}

const endOf = (events: readonly RunEvent[], step: string) =>
  events.find(({ job, eventType }) => job.name === `daily.${step}` && eventType !== "START");

describe("OpenLineage events of a run", () => {
  let events: RunEvent[];
  beforeAll(async () => void (events = await run()));

  it("are valid, and so is each facet", () => {
    expect(events.flatMap(complaints)).toEqual([]);
    expect(events.length).toBeGreaterThan(20);
    const spoilt = { ...events[0]!, run: { ...events[0]!.run, runId: "1" } };
    expect(complaints(spoilt)).not.toEqual([]);
  });

  it("begin and end the run and each step in it, in order", () => {
    expect(events[0]).toMatchObject({ eventType: "START", job: { name: "daily" } });
    expect(events.at(-1)).toMatchObject({ eventType: "COMPLETE", job: { name: "daily" } });
    for (const id of new Set(events.map(({ run: { runId } }) => runId)))
      expect(
        events.filter((event) => event.run.runId === id).map(({ eventType }) => eventType),
        id,
      ).toEqual(["START", "COMPLETE"]);
    const parent = endOf(events, "gold.customer_ltv")?.run.facets["parent"];
    expect(parent).toMatchObject({ run: { runId: events[0]!.run.runId }, job: { name: "daily" } });
  });

  it("say what a step reads, writes, and makes each column of", () => {
    const end = endOf(events, "gold.daily_sales_summary")!;
    expect(end.inputs.map(({ name }) => name)).toEqual(["gold.fct_order_items", "silver.dim_products"]);
    const [output] = end.outputs;
    expect(output).toMatchObject({
      namespace: `duckdb://${house.home}/warehouse.duckdb`,
      name: "gold.daily_sales_summary",
    });
    expect(output!.facets!["columnLineage"]!["fields"]).toMatchObject({
      revenue: {
        inputFields: [
          {
            name: "gold.fct_order_items",
            field: "amount_reporting",
            transformations: [{ type: "DIRECT", subtype: "AGGREGATION" }],
          },
        ],
      },
    });
    expect(output!.facets!["schema"]!["fields"]).toContainEqual({
      name: "revenue",
      type: "DECIMAL(18,2)",
      description: "Sum of the lines' amounts, in the reporting currency.",
    });
    const loaded = endOf(events, "bronze.orders_raw")!;
    expect(loaded.inputs).toMatchObject([{ namespace: "file", name: path.join(house.landing, "orders") }]);
  });

  it("say how many rows were written and what the checks found", async () => {
    const { total } = await house.json<{ total: number }>("show gold.customer_ltv");
    const [output] = endOf(events, "gold.customer_ltv")!.outputs;
    expect(output!.outputFacets!["outputStatistics"]!["rowCount"]).toBe(total);
    const checks = await house.json<{ rows: { table_name: string; step: string }[] }>(
      "show ops.check_results --limit 1000",
    );
    const ours = checks.rows.filter(
      (row) => row.table_name === "gold.customer_ltv" && row.step === row.table_name,
    );
    const { assertions } = output!.facets!["dataQualityAssertions"] as unknown as { assertions: object[] };
    expect(assertions).toHaveLength(ours.length);
    expect(assertions).toContainEqual(
      expect.objectContaining({
        assertion: "not_null",
        column: "customer_id",
        success: true,
        severity: "error",
      }),
    );
  });

  it("say why a run failed, and which steps it stopped", async () => {
    await house.land("orders/bad_2030-01-01.csv", "order_id,customer_id\nO1,C1\n");
    const failed = await run();
    expect(failed.flatMap(complaints)).toEqual([]);
    expect(failed.at(-1)).toMatchObject({ eventType: "FAIL", job: { name: "daily" } });
    const step = endOf(failed, "bronze.orders_raw");
    expect(step?.eventType).toBe("FAIL");
    expect(step?.run.facets["errorMessage"]?.["message"]).toContain("bad_2030-01-01.csv");
    expect(endOf(failed, "silver.orders_clean")).toMatchObject({
      eventType: "ABORT",
      run: { facets: { errorMessage: { message: "bronze.orders_raw did not succeed" } } },
    });
    await house.take("orders/bad_2030-01-01.csv");
  });

  it("don't fail a run when they can't be written", async () => {
    const other = await house.copy();
    await rm(path.join(other.home, "lineage"), { recursive: true });
    await writeFile(path.join(other.home, "lineage"), "a file, not a folder");
    const { code, stderr } = await other.shopmetrics("run --quiet");
    expect(code).toBe(0);
    expect(stderr.match(/The run continues without its lineage/g)).toHaveLength(1);
  });
});
