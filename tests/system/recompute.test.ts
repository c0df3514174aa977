/**
 * A random shop of about ten thousand rows with every kind of fault, taken in by several runs, and the same tables computed again
 * from the landed files by the plainest code: no line of it is shared with the pipeline. RECOMPUTE_SEED=<seed> gives another shop.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

type Line = Record<string, string>;
interface Landed {
  readonly entity: "orders" | "customers" | "products";
  readonly load: number;
  readonly row: number;
  readonly line: Line;
}

const columns = {
  orders: "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at",
  customers: "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at",
  products: "product_id,product_name,category,subcategory,brand,price,cost,updated_at",
} as const;

let state = Number(process.env["RECOMPUTE_SEED"] ?? 7);
const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const upTo = (most: number) => Math.floor(random() * most);
const pick = <T>(list: readonly T[]): T => list[upTo(list.length)]!;
const rarely = <T>(value: T, faults: readonly T[], rate = 0.01) => (random() < rate ? pick(faults) : value);
const day = () => new Date(Date.UTC(2025, 0, 1 + upTo(500))).toISOString().slice(0, 10);
const instant = () => {
  const at = `${day()}T${String(upTo(24)).padStart(2, "0")}:00:00`;
  return pick([`${at}Z`, `${at}.250Z`, `${at}+02:00`, `${at}-05:30`]);
};
const badInstants = ["", "soon", "2062-03-01T00:00:00Z", "1850-01-01", "9999-12-31", "2026-02-30"];
const cents = () => `${upTo(300)}.${String(upTo(100)).padStart(2, "0")}`;
const badMoney = ["-1.00", "-0.001", "ten", "1e308", "99999999999.00"];

const newLine = {
  orders: (): Line => {
    const [price, quantity] = [cents(), String(1 + upTo(4))];
    return {
      order_id: rarely(` O${upTo(4000)}`.slice(upTo(2)), ["", "x".repeat(201)], 0.004),
      customer_id: rarely(`C${upTo(400)}`, ["", "C999999"]),
      product_id: rarely(`P${upTo(80)}`, ["", "P999999"]),
      quantity: rarely(quantity, ["", "-1", "1.5", "some", "2.0", "5000000000", "0"]),
      unit_price: rarely(price, [...badMoney, "", "0.333", "2.0049"]),
      total_amount: rarely((Number(price) * Number(quantity)).toFixed(2), [
        ...badMoney,
        "",
        "10.005",
        "0.00",
      ]),
      order_date: rarely(pick([instant(), day()]), badInstants),
      status: rarely(pick(["completed", "completed", " Completed ", "PENDING", "cancelled", "refunded"]), [
        "",
        "lost",
      ]),
      updated_at: rarely(instant(), badInstants),
    };
  },
  customers: (): Line => ({
    customer_id: rarely(`C${upTo(400)}`, [""]),
    first_name: pick(["Ann", " Ann ", ""]),
    last_name: "Ng",
    email: pick(["a@x.example", "A@X.example", "b@x.example"]),
    phone: "",
    city: pick(["Oslo", "Rome"]),
    region: pick(["North", "South", ""]),
    country: pick(["Norway", "Italy", " "]),
    signup_date: rarely(pick([day(), ""]), ["soon", "2062-01-01", "1850-01-01"]),
    updated_at: rarely(instant(), badInstants),
  }),
  products: (): Line => ({
    product_id: rarely(`P${upTo(80)}`, [""]),
    product_name: pick(["Lamp", "Rug"]),
    category: pick(["Home", "Garden", ""]),
    subcategory: "",
    brand: "",
    price: rarely(cents(), [...badMoney, ""]),
    cost: rarely(cents(), [...badMoney, ""]),
    updated_at: rarely(instant(), badInstants),
  }),
};

const text = (value: string) => value.trim() || null;
/** An instant in milliseconds, a date being midnight UTC; undefined where it is none or not plausible. */
function time(given: string): number | undefined {
  const value = given.trim();
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(value)
    ? Date.parse(value)
    : Number.NaN;
  if (Number.isNaN(at)) return undefined;
  // JavaScript takes 30 February for 2 March.
  if (utcDay(Date.parse(`${value.slice(0, 10)}T00:00:00Z`)) !== value.slice(0, 10)) return undefined;
  return at >= Date.UTC(1900, 0, 1) && at <= Date.now() + 86_400_000 ? at : undefined;
}
/** Hundredths, rounded half up; null where nothing is given, undefined where it is no plausible amount. */
function money(given: string): number | null | undefined {
  const value = given.trim();
  if (value === "") return null;
  if (!/^\d{1,10}(\.\d+)?$/.test(value)) return undefined;
  const [whole, part = ""] = value.split(".");
  return Number(whole) * 100 + Number(part.slice(0, 2).padEnd(2, "0")) + (Number(part[2] ?? 0) >= 5 ? 1 : 0);
}
const written = (hundredths: number) => (hundredths / 100).toFixed(2);
const utcDay = (at: number) => new Date(at).toISOString().slice(0, 10);

interface Placed {
  readonly load: number;
  readonly row: number;
  readonly updated: number;
}
const isNewer = (a: Placed, b: Placed) => a.updated - b.updated || a.load - b.load || a.row - b.row;

function group<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
}
const total = (rows: readonly { amount: number }[]) => rows.reduce((sum, { amount }) => sum + amount, 0);

function recompute(landed: readonly Landed[]) {
  let refused = 0;
  const of = <T>(
    entity: Landed["entity"],
    read: (line: Line, placed: { load: number; row: number }) => T | undefined,
  ) =>
    landed.flatMap((file) => {
      if (file.entity !== entity) return [];
      const row = read(file.line, file);
      if (row === undefined) refused++;
      return row === undefined ? [] : [row];
    });
  const latest = <T extends Placed>(rows: readonly T[], key: (row: T) => string) =>
    [...group(rows, key).values()].map((same) => same.toSorted(isNewer).at(-1)!);

  const orders = latest(
    of("orders", (line, { load, row }) => {
      const id = text(line["order_id"]!);
      const [updated, ordered] = [time(line["updated_at"]!), time(line["order_date"]!)];
      const status = line["status"]!.trim().toLowerCase();
      const given = line["quantity"]!.trim();
      const quantity = given === "" ? 1 : /^\d+(\.0+)?$/.test(given) ? Number(given) : undefined;
      const [price, sum] = [money(line["unit_price"]!), money(line["total_amount"]!)];
      // In millionths, rounded once.
      const exact = Math.round(Number(line["unit_price"]) * 1e6);
      const amount =
        sum === null && typeof price === "number" && quantity !== undefined
          ? Math.floor((quantity * exact + 5000) / 10_000)
          : sum;
      const isKnown = ["pending", "completed", "cancelled", "refunded"].includes(status);
      if (!id || id.length > 200 || updated === undefined || ordered === undefined || !isKnown)
        return undefined;
      if (
        quantity === undefined ||
        quantity > 999_999_999 ||
        price === undefined ||
        typeof amount !== "number"
      )
        return undefined;
      const [customer, product] = [text(line["customer_id"]!), text(line["product_id"]!)];
      return { id, customer, product, quantity, amount, ordered, status, load, row, updated };
    }),
    ({ id }) => id,
  );
  const products = latest(
    of("products", (line, { load, row }) => {
      const [id, updated] = [text(line["product_id"]!), time(line["updated_at"]!)];
      const [price, cost] = [money(line["price"]!), money(line["cost"]!)];
      if (!id || updated === undefined || price === undefined || cost === undefined) return undefined;
      return {
        id,
        name: text(line["product_name"]!),
        category: text(line["category"]!),
        price,
        cost,
        load,
        row,
        updated,
      };
    }),
    ({ id }) => id,
  );
  const changes = of("customers", (line, { load, row }) => {
    const [id, updated] = [text(line["customer_id"]!), time(line["updated_at"]!)];
    const signup = text(line["signup_date"]!);
    if (!id || updated === undefined || (signup !== null && time(signup) === undefined)) return undefined;
    const email = text(line["email"]!)?.toLowerCase() ?? null;
    const [region, country] = [text(line["region"]!), text(line["country"]!)];
    const kept = [text(line["first_name"]!), email, text(line["city"]!), region, country, signup].join("|");
    return { id, signup, region, country, kept, load, row, updated };
  });
  const versions = [...group(changes, ({ id }) => id).values()].flatMap((own) => {
    const ordered = [...group(own, ({ updated }) => String(updated)).values()]
      .map((same) => same.toSorted(isNewer).at(-1)!)
      .toSorted((a, b) => a.updated - b.updated);
    const kept = ordered.filter((change, index) => change.kept !== ordered[index - 1]?.kept);
    return kept.map((version, index) => ({
      ...version,
      until: kept[index + 1]?.updated ?? Infinity,
      first: index === 0,
    }));
  });
  const current = new Map(
    versions.filter(({ until }) => until === Infinity).map((version) => [version.id, version]),
  );
  const known = new Map(products.map((product) => [product.id, product]));
  const versionOf = (order: (typeof orders)[number]) =>
    versions.find(
      ({ id, updated, until, first }) =>
        id === order.customer && (first || updated <= order.ordered) && order.ordered < until,
    );
  const completed = orders.filter(({ status }) => status === "completed");
  const categoryOf = (product: string | null) => known.get(product ?? "")?.category ?? "Unknown";
  const monthsBetween = (from: string, to: string) =>
    Math.max(
      0,
      (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 +
        Number(to.slice(5, 7)) -
        Number(from.slice(5, 7)),
    );

  const daily = [...group(completed, (order) => `${utcDay(order.ordered)}|${categoryOf(order.product)}`)];
  const statuses = group(orders, ({ ordered, product, status }) =>
    [utcDay(ordered), categoryOf(product), status].join("|"),
  );
  const places = group(completed, (order) => {
    const { country, region } = versionOf(order) ?? {};
    return [utcDay(order.ordered), country ?? "Unknown", region ?? "Unknown"].join("|");
  });
  const people = new Set([...current.keys(), ...completed.map(({ customer }) => customer ?? "Unknown")]);
  const bought = group(completed, ({ customer }) => customer ?? "Unknown");
  const sold = [
    ...group(completed, (order) => `${utcDay(order.ordered).slice(0, 7)}-01|${order.product ?? "Unknown"}`),
  ];
  const cohorts = group(
    [...current.values()].filter(({ signup }) => signup),
    ({ signup }) => `${signup!.slice(0, 7)}-01`,
  );
  return {
    refused,
    orders: orders.map((order) => {
      const version = versionOf(order);
      const since = version ? new Date(version.updated).toISOString() : "";
      return [
        order.id,
        order.customer,
        order.product,
        order.quantity,
        written(order.amount),
        order.status,
        since,
      ].join("|");
    }),
    products: products.map(({ id, name, category, price }) =>
      [id, name, category, price === null ? null : written(price)].join("|"),
    ),
    versions: versions.map(({ id, updated, until }) =>
      [id, new Date(updated).toISOString(), until === Infinity ? "" : new Date(until).toISOString()].join(
        "|",
      ),
    ),
    statuses: [...statuses].map(([key, same]) => `${key}|${same.length}|${written(total(same))}`),
    places: [...places].map(([key, same]) => `${key}|${same.length}|${written(total(same))}`),
    daily: daily.map(([key, same]) => `${key}|${written(total(same))}|${same.length}`),
    ltv: [...people].map((id) => {
      const own = bought.get(id) ?? [];
      const sum = total(own);
      return `${id}|${written(sum)}|${own.length}|${sum > 50_000 ? "High" : sum >= 10_000 ? "Medium" : "Low"}`;
    }),
    sold: sold.map(([key, same]) => {
      const units = same.reduce((all, { quantity }) => all + quantity, 0);
      const cost = known.get(same[0]!.product ?? "")?.cost;
      const margin = typeof cost === "number" ? written(total(same) - units * cost) : "";
      return `${key}|${units}|${written(total(same))}|${margin}`;
    }),
    cohorts: [...cohorts].flatMap(([month, members]) => {
      const ids = new Set(members.map(({ id }) => id));
      const theirs = completed.filter(({ customer }) => customer !== null && ids.has(customer));
      const since = group(theirs, ({ ordered }) => String(monthsBetween(month, utcDay(ordered))));
      if (!since.has("0")) since.set("0", []);
      return [...since].map(([months, same]) =>
        [
          month,
          months,
          ids.size,
          new Set(same.map(({ customer }) => customer)).size,
          written(total(same)),
        ].join("|"),
      );
    }),
  };
}

describe("a random shop with every kind of fault", () => {
  let shop: Lakehouse;
  let expected: ReturnType<typeof recompute>;

  beforeAll(async () => {
    shop = await lakehouse();
    const landed: Landed[] = [];
    const loads = { orders: 0, customers: 0, products: 0 };
    for (let run = 0; run < 3; run++) {
      for (const entity of ["customers", "products", "orders"] as const) {
        // Later runs have lesser names: what counts is the order of loading, and within a run 9 comes before 10.
        for (const number of [9, 10]) {
          const lines = Array.from({ length: entity === "orders" ? 1300 : 200 }, newLine[entity]);
          const load = ++loads[entity];
          landed.push(...lines.map((line, index) => ({ entity, load, row: index + 1, line })));
          const rows = lines.map((line) =>
            columns[entity]
              .split(",")
              .map((name) => line[name])
              .join(","),
          );
          await shop.land(
            `${entity}/${"cba"[run]}_${number}.csv`,
            `${[columns[entity], ...rows].join("\n")}\n`,
          );
        }
      }
      succeeded(await shop.shopmetrics("run --quiet"));
    }
    expected = recompute(landed);
  });

  const columnOf = async (sql: string) =>
    (await query(shop, sql)).map((row) => String(Object.values(row)[0])).toSorted();

  it.each([
    ["refused", "select count(*)::varchar from silver.rejected_rows"],
    [
      "orders",
      `select concat_ws('|', o.order_id, coalesce(o.customer_id, ''), coalesce(o.product_id, ''), o.quantity, o.total_amount, o.status,
         coalesce(strftime(c.effective_start_date, '%Y-%m-%dT%H:%M:%S.%gZ'), ''))
       from silver.orders_clean o left join silver.dim_customers c on c.surrogate_key = o.customer_key`,
    ],
    [
      "products",
      "select concat_ws('|', product_id, coalesce(product_name, ''), coalesce(category, ''), coalesce(price::varchar, '')) from silver.dim_products",
    ],
    [
      "versions",
      `select concat_ws('|', customer_id, strftime(effective_start_date, '%Y-%m-%dT%H:%M:%S.%gZ'),
         coalesce(strftime(effective_end_date, '%Y-%m-%dT%H:%M:%S.%gZ'), '')) from silver.dim_customers`,
    ],
    ["daily", "select concat_ws('|', date, category, revenue, order_count) from gold.daily_sales_summary"],
    [
      "ltv",
      "select concat_ws('|', customer_id, total_revenue, order_count, ltv_segment) from gold.customer_ltv",
    ],
    [
      "statuses",
      "select concat_ws('|', date, category, status, order_count, amount) from gold.daily_order_status",
    ],
    [
      "places",
      "select concat_ws('|', date, country, region, order_count, revenue) from gold.daily_sales_by_region",
    ],
    [
      "sold",
      "select concat_ws('|', month, product_id, units_sold, total_revenue, coalesce(margin::varchar, '')) from gold.product_performance",
    ],
    [
      "cohorts",
      "select concat_ws('|', cohort_month, months_since, customers, active_customers, revenue) from gold.customer_cohorts",
    ],
  ] as const)("has the %s that plain code computes from the landed files", async (name, sql) => {
    const found = await columnOf(sql);
    expect(found).toEqual([expected[name]].flat().map(String).toSorted());
    expect(found.length).toBeGreaterThan(0);
  });
});
