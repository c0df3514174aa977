/** A customer asks to be forgotten: nothing is left of them, and all sums stay. */
import { cp, readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { differences, dump, query, unread, type Tables } from "./tables.ts";

/** How many times it is killed: `FORGET_KILLS=40 npx vitest run tests/system/forget.test.ts`. */
const kills = Number(process.env["FORGET_KILLS"] ?? 2);

const person = "K00077";
/** Nobody else has one of these. */
const traces = ["Zebulon", "Quxworth", "zeb@quxworth.example", "+49 30 5550177", "Ödenwald", "rang twice"];

const customer = (values: Readonly<Record<string, string>>) =>
  [
    "customer_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "city",
    "region",
    "country",
    "signup_date",
    "updated_at",
    "note",
  ].map((column) => values[column] ?? "");

const zebulon = {
  customer_id: person,
  first_name: "Zebulon",
  last_name: "Quxworth",
  email: "Zeb@Quxworth.example",
  phone: "+49 30 5550177",
  city: "Ödenwald",
  region: "Hessen",
  country: "Germany",
  signup_date: "2026-02-01",
  updated_at: "2026-02-01T08:00:00Z",
  note: "rang twice, says Zebulon",
};
/** Has a number that begins the same, and lives in the same house. */
const neighbour = {
  ...zebulon,
  customer_id: "K000770",
  first_name: "Yara",
  last_name: "Other",
  email: "yara@other.example",
  phone: "+49 30 5550188",
  city: "Darmstadt",
  note: "",
};

const csv = (columns: string, ...rows: readonly (readonly string[] | string)[]) =>
  `${[columns, ...rows.map((row) => (typeof row === "string" ? row : row.map(quoted).join(",")))].join("\r\n")}\r\n`;
const quoted = (value: string) => (/[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

const customerColumns =
  "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at,note";
const orderColumns =
  "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";

const order = (id: string, day: string, status = "completed") =>
  `${id},${person},P00001,2,10.00,20.00,${day}T12:00:00Z,${status},${day}T12:00:00Z`;

let offset = 0;
const message = (key: string | null, value: string | null, topic = "simulated") =>
  JSON.stringify({
    topic,
    partition: 7,
    offset: offset++,
    timestamp: "2026-02-27T10:00:01.000Z",
    key,
    value,
  });
const event = (fields: Readonly<Record<string, unknown>>) =>
  JSON.stringify({
    event_id: `Z${offset}`,
    visitor_id: "v-zeb",
    customer_id: person,
    product_id: "P00001",
    event_type: "page_view",
    session_id: "s-zeb",
    page: "/products/P00001",
    event_ts: `2026-02-27T10:00:0${offset % 10}.000Z`,
    ...fields,
  });

async function landPerson(shop: Lakehouse): Promise<void> {
  await shop.land(
    "customers/x1.csv.gz",
    gzipSync(
      csv(customerColumns, customer(zebulon), customer(neighbour), `${person},Zebulon,"Quxworth" torn,`),
    ),
  );
  await shop.land(
    "customers/x2.csv",
    csv(
      customerColumns,
      // Only what is personal differs: one version less, once it is gone.
      customer({ ...zebulon, first_name: "Zebulon B.", updated_at: "2026-02-05T08:00:00Z" }),
      customer({ ...zebulon, region: "Bayern", updated_at: "2026-02-10T08:00:00Z" }),
      customer({ ...zebulon, updated_at: "yesterday" }),
      customer({ ...zebulon, customer_id: "", updated_at: "2026-02-11T08:00:00Z", note: "" }),
      customer({ ...neighbour, updated_at: "2026-02-10T08:00:00Z" }),
    ),
  );
  await shop.land(
    "orders/x1.csv",
    csv(
      orderColumns,
      order("KO1", "2026-02-03"),
      order("KO2", "2026-02-06"),
      order("KO3", "2026-02-12", "refunded"),
      order("KO4", "never"),
    ),
  );
  await shop.land(
    "stripe_charges/x1.csv",
    csv(
      "charge_id,payment_intent_id,order_id,amount,amount_refunded,currency,status,balance_transaction_id,created,livemode,value",
      [
        ..."ch_zeb,pi_zeb,KO1,2000,0,eur,succeeded,txn_zeb,1770120000,false".split(","),
        JSON.stringify({ billing_details: { name: "Zebulon Quxworth", address: { city: "Ödenwald" } } }),
      ],
    ),
  );
  await shop.land(
    "stripe_disputes/x1.csv",
    csv("dispute_id,charge_id,amount,currency,status,reason,created,livemode,value", [
      ..."dp_zeb,ch_zeb,2000,eur,lost,fraudulent,1770220000,false".split(","),
      JSON.stringify({ evidence: { customer_name: "Zebulon Quxworth" } }),
    ]),
  );
  await shop.land(
    "clickstream/x1.ndjson",
    [
      message("v-zeb", event({})),
      message("v-zeb", event({ page: `/account/${person}`, email: "zeb@quxworth.example" })),
      message(person, event({ visitor_id: null })),
      message("v-zeb", event({ customer_id: null })),
      message("v-zeb", `no JSON of ${person}, Zebulon Quxworth`),
      message("v-yara", event({ visitor_id: "v-yara", customer_id: "K000770" })),
      `broken {"customer_id":"${person}","last_name":"Quxworth"}`,
      "",
    ].join("\n"),
  );
  const { note: _, ...row } = zebulon;
  const changed = (op: string, before: unknown, after: unknown) =>
    message(
      JSON.stringify({ customer_id: person }),
      JSON.stringify({ op, before, after, source: { lsn: 1, version: "0123456789abcdef0123456789abcdef" } }), // pragma: allowlist secret
      "extracted",
    );
  await shop.land(
    "customers_changes/x1.ndjson",
    `${changed("r", null, row)}\n${changed("u", row, { ...row, city: 'Öden"wald' })}\n${changed("d", row, null)}\n`,
  );
}

/** All files of the home in which one of the traces stands, or the number by itself. */
async function filesWithTraces(home: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(home, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const bytes = await readFile(file);
    const text = (file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    const hasNumber = /\.(csv|gz|ndjson|json)$/.test(file) && /(?<![\w-])K00077(?![\w-])/.test(text);
    if (hasNumber || traces.some((trace) => text.toLowerCase().includes(trace.toLowerCase())))
      found.push(path.relative(home, file));
  }
  return found.toSorted();
}

/** All tables of the warehouse, whatever they are, in which one of the traces stands, or the number by itself. */
async function tablesWithTraces(shop: Lakehouse): Promise<string[]> {
  const columns = await query(
    shop,
    `select table_schema || '.' || table_name as name, list(column_name) as columns from information_schema.columns
    where table_schema in ('bronze', 'silver', 'gold', 'ops') group by all order by all`,
  );
  const selects = columns.map(({ name, columns: names }) => {
    const text = `lower(concat_ws(' | ', ${(names as string[]).map((column) => `cast("${column}" as varchar)`).join(", ")}))`;
    const any = traces.map((trace) => `contains(${text}, '${trace.toLowerCase()}')`).join(" or ");
    const number = `regexp_matches(${text}, '(^|[^a-z0-9-])k00077([^a-z0-9-]|$)')`;
    return `select '${String(name)}' as name from ${String(name)} where ${any} or ${number} group by all`;
  });
  const found = await query(shop, selects.join(" union all "));
  return found.map(({ name }) => String(name)).toSorted();
}

interface Forgotten {
  readonly pseudonyms: readonly string[];
  readonly tables: Readonly<Record<string, number>>;
  readonly searched: { readonly tables: number; readonly files: number };
  readonly left: readonly { place: string }[];
}

const withPerson = new Set(["gold.customer_ltv", "gold.fct_orders", "gold.fct_order_items"]);
const without = (tables: Tables, left: (name: string) => boolean): Tables =>
  Object.fromEntries(Object.entries(tables).filter(([name]) => !left(name)));
const ofGold = (tables: Tables) =>
  without(tables, (name) => !name.startsWith("gold.") || withPerson.has(name));

/** The shop with the person in it, and before that: the salt is drawn by then, so that all copies give the same pseudonym. */
let shop: Lakehouse;
let before: Tables;
let facts: readonly unknown[];

/** What the facts tell of orders, but for whose they are. */
const figures = (of: Lakehouse) =>
  query(
    of,
    `select 'order' as kind, order_id as id, date::varchar as day, status, is_first_order, total_amount, total_reporting from gold.fct_orders
    union all select 'line', line_id, date::varchar, status, null, amount, amount_reporting from gold.fct_order_items
    union all select 'customer', null, last_order_date::varchar, ltv_segment, null, order_count, total_revenue from gold.customer_ltv
    order by all`,
  );

beforeAll(async () => {
  shop = await lakehouse();
  succeeded(
    await shop.shopmetrics(
      "generate --scale 0.02 --from 2026-01-01 --to 2026-03-01 --faults 0.02 --event-days 6",
    ),
  );
  await landPerson(shop);
  succeeded(await shop.shopmetrics("run"));
  succeeded(await shop.shopmetrics("forget customer C000003"));
  before = await dump(shop);
  facts = await figures(shop);
}, 240_000);

describe("forget", () => {
  let gone: Lakehouse;
  let answer: Forgotten;
  let after: Tables;
  beforeAll(async () => {
    gone = await shop.copy();
    answer = await gone.json<Forgotten>(`forget customer ${person}`);
    after = await dump(gone);
  }, 120_000);

  it("finds the person in all places at first, by the test's own search", async () => {
    expect(await filesWithTraces(shop.home)).toEqual(
      expect.arrayContaining([
        "landing/clickstream/x1.ndjson",
        "landing/customers/x1.csv.gz",
        "landing/customers/x2.csv",
        "landing/customers_changes/x1.ndjson",
        "landing/orders/x1.csv",
        "landing/stripe_charges/x1.csv",
        "landing/stripe_disputes/x1.csv",
        "warehouse.duckdb",
      ]),
    );
    expect(await tablesWithTraces(shop)).toEqual(
      expect.arrayContaining([
        "bronze.clickstream_raw",
        "bronze.customers_changes",
        "bronze.customers_raw",
        "bronze.stripe_charges_raw",
        "bronze.stripe_disputes_raw",
        "gold.customer_ltv",
        "silver.clickstream_sessions",
        "silver.dim_customers",
        "silver.rejected_rows",
        "silver.visitor_identities",
      ]),
    );
  });

  it("leaves nothing of the person in any table, landed file or byte of the warehouse", async () => {
    expect(answer.left).toEqual([]);
    expect(answer.pseudonyms).toEqual([expect.stringMatching(/^forgotten-[0-9a-f]{20}$/)]);
    expect(answer.searched.tables).toBeGreaterThan(70);
    expect(answer.searched.files).toBeGreaterThan(20);
    expect(await filesWithTraces(gone.home)).toEqual([]);
    expect(await tablesWithTraces(gone)).toEqual([]);
  });

  it("changes no figure: the tables of gold are as they were, row by row, but for whose a row is", async () => {
    expect(differences(ofGold(after), ofGold(before))).toEqual([]);
    expect(Object.keys(ofGold(after)).length).toBeGreaterThan(10);
    expect(await figures(gone)).toEqual(facts);
    expect(
      await query(
        gone,
        `select order_count::integer as orders from gold.customer_ltv where customer_id = '${answer.pseudonyms[0]}'`,
      ),
    ).toEqual([{ orders: 2 }]);
  });

  it("leaves all others as they are, also one whose number begins the same", async () => {
    const rows = (tables: Tables) =>
      tables["bronze.customers_raw"]!.filter(
        (row) => !/K00077"|K00077,|zeb@|forgotten|x2.csv","4"/i.test(row),
      );
    expect(rows(after)).toEqual(rows(before));
    expect(rows(after).filter((row) => row.includes("K000770"))).toHaveLength(2);
    for (const table of Object.keys(before))
      expect(after[table]).toHaveLength(
        // Two versions that differed in a name only are one now.
        before[table]!.length - (table === "silver.dim_customers" ? 1 : 0),
      );
  });

  it("leaves nothing to do: a run, a run with --full and a new warehouse give the same", async () => {
    const again = await gone.copy();
    succeeded(await again.shopmetrics("run"));
    expect(differences(await dump(again), after)).toEqual([]);
    succeeded(await again.shopmetrics("run --full"));
    expect(differences(await dump(again), after)).toEqual([]);
    expect(await unread(again)).toEqual([]);
    const fresh = await gone.copy({ warehouse: false });
    succeeded(await fresh.shopmetrics("run"));
    expect(differences(await dump(fresh), after)).toEqual([]);
  });

  it("changes nothing the second time", async () => {
    const files = async () =>
      Promise.all(
        (await readdir(gone.landing, { recursive: true, withFileTypes: true }))
          .filter((entry) => entry.isFile())
          .map(async (entry) => (await readFile(path.join(entry.parentPath, entry.name))).toString("base64")),
      );
    const landed = await files();
    const again = await gone.json<Forgotten>(`forget customer ${person}`);
    expect(again).toMatchObject({ pseudonyms: answer.pseudonyms, tables: {}, left: [] });
    expect(await files()).toEqual(landed);
    expect(differences(await dump(gone), after)).toEqual([]);
  });

  it("knows who arrives again: the run's verdict tells, and --again takes them out as well", async () => {
    const late = await gone.copy();
    await late.land(
      "customers/x3.csv",
      csv(customerColumns, customer({ ...zebulon, updated_at: "2026-02-20T08:00:00Z" })),
    );
    await late.land("orders/x2.csv", csv(orderColumns, order("KO5", "2026-02-21")));
    const run = await late.shopmetrics("run");
    succeeded(run);
    expect(run.stdout + run.stderr).toContain(
      "forgotten customers who arrived again (shopmetrics forget customer --again)",
    );
    expect(run.stdout + run.stderr).not.toContain("Zebulon");
    expect(await late.json<Forgotten>("forget customer --again")).toMatchObject({
      pseudonyms: answer.pseudonyms,
      left: [],
    });
    expect(await filesWithTraces(late.home)).toEqual([]);
    expect(await tablesWithTraces(late)).toEqual([]);
    expect(
      await query(
        late,
        `select order_count::integer as orders from gold.customer_ltv where customer_id = '${answer.pseudonyms[0]}'`,
      ),
    ).toEqual([{ orders: 3 }]);
    const next = await late.shopmetrics("run");
    expect(next.stdout + next.stderr).not.toContain("arrived again");
    expect((await late.json<Forgotten>("forget customer --again")).pseudonyms).toEqual([]);
  });

  it("names what is left, such as a notebook's copy of the warehouse, and ends with code 1", async () => {
    const copied = await shop.copy();
    await cp(path.join(shop.home, "warehouse.duckdb"), path.join(copied.home, "dev_ada.duckdb"));
    const forgot = await copied.shopmetrics(`forget customer ${person}`);
    expect(forgot.code).toBe(1);
    expect(forgot.stderr).toMatch(/dev_ada\.duckdb: \d+ rows: .*npx shopmetrics clean --dev/);
  });

  it("refuses a number that nobody has, and changes nothing", async () => {
    const forgot = await shop.shopmetrics("forget customer K000777");
    expect(forgot).toMatchObject({ code: 2 });
    expect(forgot.stderr).toContain(
      "There is no K000777 in any table, and nobody of that number was forgotten. Nothing was changed.",
    );
    expect((await shop.shopmetrics("forget")).code).toBe(2);
    expect(differences(await dump(shop), before)).toEqual([]);
  });

  it("may be killed at any moment: given again, it ends the same", async () => {
    const undisturbed = await shop.copy();
    const whole = await undisturbed.shopmetrics(`forget customer ${person}`);
    succeeded(whole);
    const points: string[] = [];
    for (let index = 0; index < kills; index++) {
      const copied = await shop.copy();
      const delay = 1000 * whole.seconds * (0.2 + (0.8 * (index + 0.5)) / kills);
      const forgetting = copied.start(`forget customer ${person}`);
      await sleep(delay);
      forgetting.child.kill("SIGKILL");
      const { signal } = await forgetting.outcome;
      points.push(signal ? `${Math.round(delay)} ms` : "after the end");
      succeeded(await copied.shopmetrics(`forget customer ${person}`));
      expect(differences(await dump(copied), after), `killed at ${points.at(-1)}`).toEqual([]);
      expect(await filesWithTraces(copied.home), `killed at ${points.at(-1)}`).toEqual([]);
      expect(await tablesWithTraces(copied)).toEqual([]);
      succeeded(await copied.shopmetrics("run"));
      await copied.remove();
    }
    console.log(`killed at ${points.join(", ")} of ${Math.round(1000 * whole.seconds)} ms`);
    expect(points.filter((point) => point !== "after the end").length).toBeGreaterThan(0);
  }, 600_000);
});
