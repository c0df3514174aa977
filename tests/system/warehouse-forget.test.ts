/** Forgetting on a SQL warehouse: the same statements, and those that leave nothing in a table's files. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tables } from "shopmetrics";
import { databricksDialect as dialect } from "#lib/engine/databricks/dialect.js";
import { openDatabricks, type DatabricksEngine } from "#lib/engine/databricks/engine.js";
import type { Connection } from "#lib/engine/connection.js";
import { versionOf } from "#lib/forget/fields.js";
import { beginForgetting, endForgetting, proveForgotten } from "#lib/forget/forget.js";
import { insert, prepareWarehouse } from "#lib/run/warehouse.js";
import { whyNotReady } from "../services/warehouse/install.ts";
import { start, type Warehouse } from "../services/warehouse/start.ts";
import { temporaryFolder } from "./cli.ts";

// In CI a missing service is a failure, so nothing is asked before.
const absent = process.env["CI"] ? undefined : await whyNotReady();

const used = new Map(
  [...tables].filter(([name]) =>
    /^ops\.|^bronze\.(customers_raw|orders_raw|clickstream_raw|customers_changes|stripe_charges_raw|stripe_disputes_raw)$|^silver\.(dim_customers|orders_clean)$/.test(
      name,
    ),
  ),
);

const origin = { source_file: "x.csv", source_row: 1, source_load: 1, _batch: 1 };
const zeb = { first_name: "Zebulon", email: "Zeb@x.example", phone: "+49 30 5550177" };

describe.skipIf(absent)(`forgetting on a SQL warehouse${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let warehouse: Warehouse;
  let engine: DatabricksEngine;
  let connection: Connection;
  beforeAll(async () => {
    warehouse = await start();
    engine = await openDatabricks(warehouse.address);
    connection = await engine.connect();
    await prepareWarehouse(connection, dialect, used);
    const event = JSON.stringify({ customer_id: "K00007", page: "/account/K00007" });
    const change = {
      op: "u",
      before: { customer_id: "K00007", ...zeb },
      after: { customer_id: "K00007", ...zeb },
    };
    const source = { lsn: 1, version: "0123456789abcdef0123456789abcdef" }; // pragma: allowlist secret
    const rows: Record<string, Record<string, string | number | boolean | null>[]> = {
      "bronze.customers_raw": [
        { customer_id: "K00007", ...zeb, region: "Hessen", _rescued_data: '{"note":"rang"}' },
        {
          customer_id: "K000077",
          first_name: "Yara",
          email: "y@x.example",
          phone: "1",
          region: "Hessen",
          _rescued_data: null,
        },
        {
          customer_id: null,
          first_name: null,
          email: null,
          phone: null,
          region: null,
          _rescued_data: 'K00007,"torn',
        },
      ],
      "bronze.orders_raw": [{ order_id: "O1", customer_id: " K00007 ", total_amount: "20.00" }],
      "bronze.stripe_charges_raw": [
        { charge_id: "ch_1", order_id: "O1", value: '{"name":"Zebulon"}' },
        { charge_id: "ch_2", order_id: "O2", value: '{"name":"Yara"}' },
      ],
      "bronze.stripe_disputes_raw": [{ dispute_id: "dp_1", charge_id: "ch_1", value: '{"name":"Zebulon"}' }],
      "bronze.clickstream_raw": [
        { value: event, customer_id: "K00007", page: "/account/K00007", kafka_key: "K00007" },
      ],
      "bronze.customers_changes": [
        {
          value: JSON.stringify({ ...change, source }),
          before: JSON.stringify(change.before),
          after: JSON.stringify(change.after),
          source: JSON.stringify(source),
          kafka_key: '{"customer_id":"K00007"}',
        },
      ],
      "silver.orders_clean": [{ order_id: "O1", customer_id: "K00007", customer_key: "key-of-zeb" }],
      "silver.dim_customers": [
        { surrogate_key: "key-of-zeb", customer_id: "K00007", ...zeb, is_current: true },
      ],
      "ops.before_silver_dim_customers": [{ surrogate_key: "key-of-zeb", customer_id: "K00007" }],
      "ops.step_runs": [{ run_id: "r", step: "s", message: "customer K00007 (zeb@x.example) and K000077" }],
    };
    for (const [table, given] of Object.entries(rows))
      await insert(
        connection,
        table,
        given.map((row) => ({ ...row, ...(table.startsWith("bronze.") && origin) })),
      );
    await connection.execute(
      "create table ops.incoming_silver_dim_customers as select * from silver.dim_customers",
    );
  }, 400_000);
  afterAll(async () => {
    await connection?.close();
    await engine?.close();
    await warehouse?.stop();
  });

  const of = async (table: string, columns: string) =>
    (await connection.query(`select ${columns} from ${table} order by 1`)).rows.map((row) =>
      Object.values(row),
    );

  it("takes the person out of bronze, proves what is left, and then that nothing is", async () => {
    const where = { connection, dialect, tables: used, landing: [await temporaryFolder()] };
    const begun = await beginForgetting(where, ["K00007"]);
    const [{ pseudonym } = { pseudonym: "" }] = begun.finder.persons;
    expect(
      await of("bronze.customers_raw", "region, customer_id, first_name, email, phone, _rescued_data"),
    ).toEqual(
      expect.arrayContaining([
        [null, null, null, null, null, "(forgotten)"],
        ["Hessen", "K000077", "Yara", "y@x.example", "1", null],
        ["Hessen", pseudonym, null, null, null, '{"note":null}'],
      ]),
    );
    expect(await of("bronze.orders_raw", "customer_id, total_amount")).toEqual([[pseudonym, "20.00"]]);
    expect(await of("bronze.stripe_charges_raw", "charge_id, value")).toEqual([
      ["ch_1", null],
      ["ch_2", '{"name":"Yara"}'],
    ]);
    expect(await of("bronze.stripe_disputes_raw", "value")).toEqual([[null]]);
    expect(await of("bronze.clickstream_raw", "customer_id, page, kafka_key, value")).toEqual([
      [
        pseudonym,
        `/account/${pseudonym}`,
        pseudonym,
        JSON.stringify({ customer_id: pseudonym, page: `/account/${pseudonym}` }),
      ],
    ]);
    const empty = JSON.stringify({ customer_id: pseudonym, first_name: null, email: null, phone: null });
    expect(await of("bronze.customers_changes", "before, after, source, kafka_key")).toEqual([
      [empty, empty, `{"lsn":1,"version":"${versionOf(empty)}"}`, JSON.stringify({ customer_id: pseudonym })],
    ]);

    // Nothing was computed anew yet: the search says where the person is left.
    expect([...begun.records.keys()].toSorted()).toEqual([
      "ops.before_silver_dim_customers",
      "ops.step_runs",
    ]);
    expect(await of("ops.step_runs", "message")).toEqual([
      [`customer ${pseudonym} ((forgotten)) and K000077`],
    ]);
    expect([...(await endForgetting(where, begun))]).toEqual([]);
    const left = (await proveForgotten(where, begun)).left.map(({ place }) => place);
    expect(left).toEqual(["silver.dim_customers", "silver.orders_clean"]);
    expect(await of("ops.forgotten_persons", "finished_at")).toEqual([[null]]);

    await connection.execute("delete from silver.dim_customers");
    await connection.execute("delete from silver.orders_clean");
    const again = await beginForgetting(where, ["K00007"]);
    expect([...again.rows]).toEqual([]);
    expect((await proveForgotten(where, again)).left).toEqual([]);
    expect(await of("ops.forgotten_persons", "finished_at is not null")).toEqual([[true]]);
    await expect(beginForgetting(where, ["K8"])).rejects.toThrow("There is no K8 in any table");
  }, 400_000);
});
