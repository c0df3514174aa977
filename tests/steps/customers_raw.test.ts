import { expect, it } from "vitest";
import { bronze } from "shopmetrics";
import { lakehouse } from "./harness.ts";

const header = "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at";

it("a customer is kept as often as an export speaks of them (FR-001)", async () => {
  const lake = await lakehouse();
  const line = "C1,Ada,Byron,ada@example.com,,London,,,2026-01-15,2026-01-15T09:00:00Z";
  await lake.land("customers/1.csv", `${header}\n${line}\n${line}\n`);
  await lake.land("customers/2.csv", `${header}\n${line}\n`);
  await lake.run("bronze.customers_raw");
  expect(await lake.rows(bronze.customers_raw, "customer_id", "source_file", "source_row")).toEqual([
    { customer_id: "C1", source_file: "customers/1.csv", source_row: 1 },
    { customer_id: "C1", source_file: "customers/1.csv", source_row: 2 },
    { customer_id: "C1", source_file: "customers/2.csv", source_row: 1 },
  ]);
});

it("columns in another order are matched by name, and unknown ones are kept as JSON", async () => {
  const lake = await lakehouse();
  const turned = header.split(",").toReversed().join(",");
  await lake.land("customers/1.csv", `loyalty,${turned}\ngold,2026-01-15,,,,,,,,,C1\n`);
  await lake.run("bronze.customers_raw");
  const [row] = await lake.rows(bronze.customers_raw);
  expect(row).toMatchObject({ customer_id: "C1", updated_at: "2026-01-15", email: null });
  expect(JSON.parse(row?.["_rescued_data"] ?? "")).toEqual({ loyalty: "gold" });
});
