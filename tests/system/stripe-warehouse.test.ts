import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabricks } from "#lib/engine/databricks/engine.js";
import { openAccount } from "../services/stripe/account.ts";
import { serve, type Served } from "../services/stripe/faults.ts";
import { whyNotReady } from "../services/warehouse/install.ts";
import { start as startWarehouse, type Warehouse } from "../services/warehouse/start.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";

// In CI a missing service is a failure, so nothing is asked before.
const absent = process.env["CI"] ? undefined : await whyNotReady();

describe.skipIf(absent)(`Stripe on a SQL warehouse${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let warehouse: Warehouse;
  let stripe: Served;
  let shop: Lakehouse;
  const account = openAccount();
  const now = Math.floor(Date.now() / 1000);

  beforeAll(async () => {
    warehouse = await startWarehouse();
    shop = await lakehouse();
    for (let index = 0; index < 150; index++)
      account.charge({ at: now - 86_400 * (1 + (index % 30)), amount: 1000 + index, order: `O${index}` });
    stripe = await serve(account.answer);
  }, 180_000);
  afterAll(async () => {
    await stripe?.stop();
    await warehouse?.stop();
  });

  const pull = async () => {
    succeeded(
      await shop.shopmetrics("run --only bronze.stripe --quiet", {
        env: {
          SHOPMETRICS_ENGINE: "databricks",
          SHOPMETRICS_CATALOG: warehouse.catalog,
          DATABRICKS_HOST: `${warehouse.host}:${warehouse.port}`,
          DATABRICKS_HTTP_PATH: warehouse.path,
          DATABRICKS_TOKEN: warehouse.token,
          NODE_EXTRA_CA_CERTS: warehouse.caFile,
          STRIPE_API_KEY: "sk_test_shop", // pragma: allowlist secret
          STRIPE_API_BASE: stripe.base,
          STRIPE_REQUESTS_PER_SECOND: "500",
        },
      }),
    );
    // A task's disk is gone with the task.
    await rm(shop.landing, { recursive: true, force: true });
  };

  const held = async () => {
    const engine = await openDatabricks(warehouse.address);
    const connection = await engine.connect();
    const { rows } = await connection.query(
      "select charge_id, value from bronze.stripe_charges_raw order by source_load, source_row",
    );
    await connection.close();
    await engine.close();
    return rows;
  };

  it("is held once, whole, and once more where it has changed, although each task has a disk of its own", async () => {
    await pull();
    const first = await held();
    expect(
      first
        .map((row) => JSON.parse(String(row["value"])) as { id: string })
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(account.lists.charges.map(({ id }) => id).toSorted());
    await pull();
    expect(await held()).toHaveLength(150);
    account.refund(account.lists.charges[7]!, { at: now, amount: 100 });
    await pull();
    const rows = await held();
    expect(rows).toHaveLength(151);
    expect(rows.at(-1)).toMatchObject({ charge_id: account.lists.charges[7]!.id });
  }, 400_000);
});
