import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clickstreamEvent } from "#lib/shop/event.js";
import { landedCatalog } from "#lib/shop/generator/catalog.js";
import { firstClickstreamDay } from "#lib/shop/generator/clickstream.js";
import { generate } from "#lib/shop/generator/generate.js";
import { shoppers } from "#lib/shop/generator/shoppers.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = mkdtempSync(join(tmpdir(), "shopmetrics-generator-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const newFolder = () => join(root, String(++folders));

const shop = { scale: 0.05, from: "2023-01-01", to: "2025-11-24" };

type Row = Record<string, string>;

/** The fields of each line, read without the help of the code under test. No field of the generator spans lines. */
function readLines(path: string): string[][] {
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines.pop(), "the file ends with a line break").toBe("");
  const separator = /,(?=(?:[^"]*"[^"]*")*[^"]*$)/;
  return lines.map((line) =>
    line.split(separator).map((field) => field.replace(/^"(.*)"$/, "$1").replaceAll('""', '"')),
  );
}

function readRows(folder: string, entity: string, date: string): Row[] {
  const [header = [], ...lines] = readLines(join(folder, entity, `${entity}_${date}.csv`));
  return lines.map((fields) => {
    expect(fields).toHaveLength(header.length);
    return Object.fromEntries(header.map((column, index) => [column, fields[index] ?? ""]));
  });
}

/** Every export of a folder with its content's hash. */
function digest(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const entity of readdirSync(folder).filter((name) => !name.startsWith("."))) {
    for (const name of readdirSync(join(folder, entity))) {
      files[name] = createHash("sha256")
        .update(readFileSync(join(folder, entity, name)))
        .digest("hex");
    }
  }
  return files;
}

const cents = (money: string | undefined) => {
  expect(money).toMatch(/^\d+\.\d{2}$/);
  return Number(money?.replace(".", ""));
};

interface Message {
  topic: string;
  partition: number;
  offset: number;
  timestamp: string;
  key: string;
  value: string;
}

type Event = Record<string, string | number | null>;

/** The messages of some days' files, in the order of the files. */
const readMessages = (folder: string, ...dates: string[]): Message[] =>
  dates.flatMap((date) =>
    readFileSync(join(folder, "clickstream", `clickstream_${date}.ndjson`), "utf8")
      .trimEnd()
      .split("\n")
      .map((text) => JSON.parse(text) as Message),
  );

function groupBy<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(key(row), [...(groups.get(key(row)) ?? []), row]);
  return groups;
}

/** What is wrong with a line of a clickstream file, found without the help of the code under test. */
function faultOf(text: string): string | undefined {
  if (!text.endsWith("}")) return "event_torn_line";
  const { value } = JSON.parse(text) as Message;
  if (value === "click") return "event_not_json";
  if (!value.endsWith("}")) return "event_torn";
  const event = JSON.parse(value) as Event;
  if (!("event_id" in event)) return "event_without_id";
  if (!["page_view", "add_to_cart", "purchase", "search"].includes(String(event["event_type"])))
    return "event_unknown_type";
  if (Number.isNaN(Date.parse(String(event["event_ts"])))) return "event_bad_time";
  return Number(event["quantity"] ?? 1) < 0 ? "event_negative_quantity" : undefined;
}

describe("the clickstream", () => {
  const folder = newFolder();
  const days = ["2025-11-22", "2025-11-23", "2025-11-24", "2025-11-25"];
  let messages: Message[], events: Event[];
  beforeAll(async () => {
    await generate({ landing: folder, ...shop, scale: 0.5, days: 1 });
    messages = readMessages(folder, ...days);
    events = messages.map(({ value }) => JSON.parse(value) as Event);
  });
  const count = (type: string) => events.filter((event) => event["event_type"] === type).length;

  it("is there for the last 60 days of the history and each day after; a large shop has fewer of them, at least three", () => {
    const names = readdirSync(join(folder, "clickstream"));
    expect(names).toHaveLength(61);
    expect(names.slice(-4)).toEqual(days.map((day) => `clickstream_${day}.ndjson`));
    expect(messages.length).toBeGreaterThan(8_000);
    const [from, to] = [shop.from, shop.to].map((date) => Date.parse(date) / 86_400_000) as [number, number];
    const held = (scale: number) => to - firstClickstreamDay({ seed: 1, scale, from, to, eventDays: 60 }) + 1;
    expect([0.01, 1, 2, 100].map(held)).toEqual([60, 60, 60, 3]);
  });

  it("holds in each file what was sent on that day, in the order of sending", () => {
    for (const day of days) {
      const sent = readMessages(folder, day).map(({ timestamp }) => timestamp);
      expect(sent.every((timestamp) => timestamp.startsWith(day))).toBe(true);
      expect(sent).toEqual(sent.toSorted());
    }
  });

  it("has three partitions of a topic of its own, whose offsets grow and come once", () => {
    for (const partition of [0, 1, 2]) {
      const offsets = messages.filter((one) => one.partition === partition).map(({ offset }) => offset);
      expect(offsets.length).toBeGreaterThan(1000);
      expect(offsets.every((offset, index) => index === 0 || offset > offsets[index - 1]!)).toBe(true);
    }
    expect(new Set(messages.map(({ topic }) => topic))).toEqual(new Set(["simulated"]));
    expect(messages.every(({ key, value }) => key === (JSON.parse(value) as Event)["visitor_id"])).toBe(true);
    const places = new Set(messages.map(({ key, partition }) => `${key} ${partition}`));
    expect(places.size).toBe(new Set(messages.map(({ key }) => key)).size);
  });

  it("sends valid events only, of customers and products of the shop at their price of the day", () => {
    const products = new Map(readRows(folder, "products", "2025-11-24").map((row) => [row.product_id, row]));
    const customers = new Set(readRows(folder, "customers", "2025-11-24").map((row) => row.customer_id));
    expect(events.filter((event) => !clickstreamEvent.safeParse(event).success)).toEqual([]);
    const lastDay = readMessages(folder, "2025-11-24").map(({ value }) => JSON.parse(value) as Event);
    const ofThatDay = lastDay.filter((event) => String(event["event_ts"]).startsWith("2025-11-24"));
    expect(ofThatDay.length).toBeGreaterThan(1000);
    const isKnown = ({ customer_id }: Event) => customer_id === null || customers.has(String(customer_id));
    expect(ofThatDay.filter((event) => !isKnown(event))).toEqual([]);
    const isPriced = ({ product_id, price }: Event) =>
      product_id === null || price === products.get(String(product_id))?.price;
    expect(ofThatDay.filter((event) => !isPriced(event))).toEqual([]);
  });

  it("follows the funnel: 30 % of views of a product end in the cart, half of these at the till", () => {
    const views = events.filter((event) => event["event_type"] === "page_view");
    const productViews = views.filter((event) => event["product_id"] !== null);
    expect(count("add_to_cart") / productViews.length).toBeCloseTo(0.3, 1);
    expect(count("purchase") / count("add_to_cart")).toBeCloseTo(0.5, 1);
    expect(count("search")).toBeGreaterThan(0);
    const isOdd = ({ page, product_id }: Event) =>
      (product_id === null) === /^.(products|checkout.done)/.test(String(page));
    expect(events.filter(isOdd)).toEqual([]);
    const place = ({ page }: Event) =>
      String(page)
        .replace(/[?].*/, "")
        .replace(/^([/](?:c|products)[/]).+/, "$1");
    const pages = new Set(events.map(place));
    expect([...pages].toSorted()).toEqual(
      ["/", "/c/", "/cart", "/checkout", "/checkout/done", "/products/", "/search"].toSorted(),
    );
  });

  it("has visitors who are not logged in, some who log in, and browsers that two customers share", () => {
    const anonymous = events.filter((event) => event["customer_id"] === null).length / events.length;
    expect(anonymous).toBeGreaterThan(0.4);
    expect(anonymous).toBeLessThan(0.8);
    const bySession = groupBy(events, (event) => String(event["session_id"]));
    const namesOf = (some: Event[]) => new Set(some.map((event) => event["customer_id"]));
    const loggedIn = [...bySession.values()].filter((some) => namesOf(some).size === 2);
    expect(loggedIn.length / bySession.size).toBeGreaterThan(0.1);
    // Nobody logs out, and a session is of one browser.
    for (const some of loggedIn) {
      const names = some
        .toSorted((a, b) => (String(a["event_ts"]) < String(b["event_ts"]) ? -1 : 1))
        .map((event) => event["customer_id"] !== null);
      expect(names.indexOf(true)).toBe(names.lastIndexOf(false) + 1);
    }
    expect(
      [...bySession.values()].every((some) => new Set(some.map((event) => event["visitor_id"])).size === 1),
    ).toBe(true);
    const byVisitor = groupBy(events, (event) => String(event["visitor_id"]));
    const customers = [...byVisitor.values()].map(
      (some) => [...namesOf(some)].filter((name) => name !== null).length,
    );
    expect(customers.filter((number) => number === 2).length).toBeGreaterThan(0);
    expect(Math.max(...customers)).toBe(2);
  });

  it("says of a session's first event where it came from, and of a purchase which order it was", () => {
    const first = [...groupBy(events, (event) => String(event["session_id"])).values()].map(
      (some) => some.toSorted((a, b) => (String(a["event_ts"]) < String(b["event_ts"]) ? -1 : 1))[0]!,
    );
    const withReferrer = first.filter((event) => event["referrer"]);
    expect(withReferrer.length / first.length).toBeCloseTo(0.66, 1);
    expect(new Set(first.map((event) => event["utm_medium"]))).toEqual(
      new Set([undefined, "cpc", "social", "email", "affiliate"]),
    );
    expect(first.every((event) => "utm_medium" in event === "utm_campaign" in event)).toBe(true);
    const isOrder = (event: Event) => "order_id" in event === (event["event_type"] === "purchase");
    expect(events.filter((event) => !isOrder(event))).toEqual([]);
  });

  it("has late events and such that are sent twice", () => {
    const delay = ({ timestamp, value }: Message) =>
      (Date.parse(timestamp) - Date.parse(String((JSON.parse(value) as Event)["event_ts"]))) / 60_000;
    const delays = messages.map(delay);
    expect(Math.min(...delays)).toBeGreaterThan(0);
    expect(delays.filter((minutes) => minutes > 10).length / delays.length).toBeCloseTo(0.005, 2);
    expect(delays.filter((minutes) => minutes > 1 && minutes <= 10).length).toBeGreaterThan(0);
    const ids = events.map((event) => event["event_id"]);
    expect(1 - new Set(ids).size / ids.length).toBeCloseTo(0.01, 2);
    const other = new Map(messages.map(({ value }) => [(JSON.parse(value) as Event)["event_id"], value]));
    expect(other.size).toBe(new Set(other.values()).size);
  });
});

describe("the history", () => {
  const folder = newFolder();
  let customers: Row[], orders: Row[], products: Row[];
  beforeAll(async () => {
    await generate({ landing: folder, ...shop });
    customers = readRows(folder, "customers", shop.to);
    orders = readRows(folder, "orders", shop.to);
    products = readRows(folder, "products", shop.to);
  });

  it("has the rows of its scale, each id once", () => {
    expect(customers).toHaveLength(500);
    expect(products).toHaveLength(50);
    expect(orders).toHaveLength(5000);
    expect(new Set(customers.map((row) => row.customer_id)).size).toBe(500);
    expect(new Set(products.map((row) => row.product_id)).size).toBe(50);
    expect(new Set(orders.map((row) => row.order_id)).size).toBe(5000);
    expect(new Set(customers.map((row) => row.email)).size).toBe(500);
    expect(new Set(products.map((row) => row.category)).size).toBe(8);
  });

  it("has the columns of the sources", () => {
    expect(Object.keys(customers[0] ?? {}).join()).toBe(
      "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at",
    );
    expect(Object.keys(products[0] ?? {}).join()).toBe(
      "product_id,product_name,category,subcategory,brand,price,cost,updated_at",
    );
    expect(Object.keys(orders[0] ?? {}).join()).toBe(
      "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at",
    );
  });

  it("has ids, instants and dates in their forms", () => {
    const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
    for (const row of customers) {
      expect(row.customer_id).toMatch(/^C\d{6}$/);
      expect(row.signup_date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(row.email).toMatch(/^[a-z.]+\d+@(example\.(com|org|net)|mail\.example)$/);
      expect(row.updated_at).toMatch(instant);
    }
    for (const row of products) expect(row.product_id).toMatch(/^P\d{5}$/);
    for (const row of orders) {
      expect(row.order_id).toMatch(/^O\d{8}$/);
      expect(row.order_date).toMatch(instant);
      expect(row.updated_at).toMatch(instant);
    }
  });

  it("multiplies quantity by price to the cent where an order is its own line", () => {
    const telephoned = orders.filter((row) => row.product_id !== "");
    expect(telephoned.length / orders.length).toBeCloseTo(0.04, 2);
    for (const row of telephoned)
      expect(cents(row.total_amount)).toBe(Number(row.quantity) * cents(row.unit_price));
  });

  it("sells what exists to customers who have signed up before", () => {
    const signedUp = new Map(customers.map((row) => [row.customer_id, row.signup_date ?? ""]));
    const known = new Set(products.map((row) => row.product_id));
    for (const row of orders) {
      expect((signedUp.get(row.customer_id ?? "") ?? "9999") < (row.order_date ?? "")).toBe(true);
      expect(row.product_id === "" || known.has(row.product_id)).toBe(true);
    }
  });

  it("changes nothing before it happened nor after the export", () => {
    for (const row of orders) expect((row.order_date ?? "") <= (row.updated_at ?? "")).toBe(true);
    for (const row of [...customers, ...orders, ...products]) {
      expect((row.updated_at ?? "9999").slice(0, 10) <= shop.to).toBe(true);
    }
    for (const row of customers)
      expect((row.signup_date ?? "") <= (row.updated_at?.slice(0, 10) ?? "")).toBe(true);
  });

  it("has the four statuses, most of them completed", () => {
    const count = (status: string) => orders.filter((row) => row.status === status).length;
    expect(new Set(orders.map((row) => row.status))).toEqual(
      new Set(["pending", "completed", "cancelled", "refunded"]),
    );
    expect(count("completed") / orders.length).toBeGreaterThan(0.8);
  });

  it("has customers in every value segment and some who never ordered", () => {
    const revenue = new Map(customers.map((row) => [row.customer_id, 0]));
    for (const row of orders) {
      if (row.status !== "completed") continue;
      revenue.set(row.customer_id, (revenue.get(row.customer_id) ?? 0) + cents(row.total_amount));
    }
    const share = (from: number, to: number) =>
      [...revenue.values()].filter((value) => value >= from && value < to).length / customers.length;
    for (const part of [share(0, 10_000), share(10_000, 50_001), share(50_001, Infinity)]) {
      expect(part).toBeGreaterThan(0.15);
    }
    expect(customers.length - new Set(orders.map((row) => row.customer_id)).size).toBeGreaterThan(50);
  });

  it("grows, peaks before Christmas and has a weekly rhythm", () => {
    const placed = (test: (date: string) => boolean) =>
      orders.filter((row) => test(row.order_date ?? "")).length;
    expect(placed((date) => date < "2024")).toBeLessThan(placed((date) => date >= "2024" && date < "2025"));
    const month = (name: string) => placed((date) => date.startsWith(`2024-${name}`));
    expect(month("11") + month("12")).toBeGreaterThan(1.3 * (month("08") + month("09")));
    const weekday = (day: number) => placed((date) => new Date(date).getUTCDay() === day);
    expect(weekday(0)).toBeGreaterThan(1.1 * weekday(5));
  });

  it("exercises CSV quoting and letters beyond ASCII", () => {
    const text = readFileSync(join(folder, "customers", `customers_${shop.to}.csv`), "utf8");
    expect(text).toMatch(/"Washington, D\.C\."/);
    expect(text).toMatch(/[äéñ]/);
    expect(readFileSync(join(folder, "products", `products_${shop.to}.csv`), "utf8")).toMatch(/""Classic""/);
  });
});

describe("determinism", () => {
  it("the same seed gives the same bytes, another seed others", async () => {
    const [one, two, other] = [newFolder(), newFolder(), newFolder()];
    await generate({ landing: one, ...shop, days: 1 });
    const told: string[] = [];
    const { files } = await generate({
      landing: two,
      ...shop,
      days: 1,
      onFile: ({ entity, day, number, of }) => told.push(`${entity} ${day} ${number}/${of}`),
    });
    expect(told).toHaveLength(files.length);
    expect(told.at(-1)).toBe(`clickstream 2025-11-25 ${files.length}/${files.length}`);
    await generate({ landing: other, ...shop, days: 1, seed: 2 });
    expect(digest(two)).toEqual(digest(one));
    expect(Object.values(digest(other)).some((hash) => Object.values(digest(one)).includes(hash))).toBe(
      false,
    );
  });

  it("the number of threads changes nothing", async () => {
    const [one, two] = [newFolder(), newFolder()];
    // More orders and events than one row group (122,880), below which DuckDB uses one thread anyway.
    const large = { scale: 1.3, from: "2025-04-01", to: "2025-06-30", days: 1, faults: 0.02 };
    await generate({ landing: one, ...large }, { threads: "1" });
    await generate({ landing: two, ...large }, { threads: "4" });
    expect(digest(two)).toEqual(digest(one));
  });

  it("rows come in the order of their numbers", async () => {
    const folder = newFolder();
    await generate({ landing: folder, ...shop, days: 1 });
    for (const date of [shop.to, "2025-11-25"]) {
      const ids = readRows(folder, "orders", date).map((row) => row.order_id ?? "");
      expect(ids.every((id, index) => index === 0 || (ids[index - 1] ?? "") < id)).toBe(true);
    }
  });

  it("three days at once are the files of three single days", async () => {
    const [once, daily] = [newFolder(), newFolder()];
    await generate({ landing: once, ...shop, days: 3 });
    await generate({ landing: daily, ...shop });
    for (let day = 0; day < 3; day++) await generate({ landing: daily });
    expect(digest(daily)).toEqual(digest(once));
  });
});

describe("daily increments", () => {
  const folder = newFolder();
  const days = Array.from({ length: 21 }, (_, day) =>
    new Date(Date.parse("2025-11-25") + day * 86_400_000).toISOString().slice(0, 10),
  );
  beforeAll(async () => {
    await generate({ landing: folder, ...shop, days: days.length });
  });

  it("bring about one per cent of the orders, new and changed", () => {
    const sizes = days.map((date) => readRows(folder, "orders", date).length / 5000);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    expect(mean).toBeGreaterThan(0.005);
    expect(mean).toBeLessThan(0.02);
  });

  it("send each changed order again with a newer updated_at and an allowed change of status", () => {
    const allowed = new Set([
      "pending>completed",
      "pending>cancelled",
      "completed>completed",
      "completed>refunded",
    ]);
    const seen = new Set<string>();
    const latest = new Map(readRows(folder, "orders", shop.to).map((row) => [row.order_id, row]));
    for (const date of days) {
      for (const row of readRows(folder, "orders", date)) {
        const before = latest.get(row.order_id);
        latest.set(row.order_id, row);
        expect(row.updated_at?.slice(0, 10)).toBe(date);
        if (before === undefined) continue;
        const change = `${before.status}>${row.status}`;
        expect(allowed).toContain(change);
        seen.add(change);
        expect((before.updated_at ?? "") < (row.updated_at ?? "")).toBe(true);
        expect({ ...row, status: "", updated_at: "" }).toEqual({ ...before, status: "", updated_at: "" });
      }
    }
    expect(seen).toEqual(allowed);
  });

  it("hold the orders placed on their day", () => {
    const known = new Set(readRows(folder, "orders", shop.to).map((row) => row.order_id));
    for (const date of days) {
      const rows = readRows(folder, "orders", date);
      const placed = rows.filter((row) => !known.has(row.order_id));
      expect(placed.length).toBeGreaterThan(0);
      expect(new Set(placed.map((row) => row.order_date?.slice(0, 10)))).toEqual(new Set([date]));
      for (const row of rows) known.add(row.order_id);
    }
  });

  it("change one thing about a customer: address, e-mail or phone", () => {
    const seen = new Set<string>();
    const latest = new Map(readRows(folder, "customers", shop.to).map((row) => [row.customer_id, row]));
    for (const row of days.flatMap((date) => readRows(folder, "customers", date))) {
      const before = latest.get(row.customer_id);
      latest.set(row.customer_id, row);
      if (before === undefined) continue;
      const changed = Object.keys(row).filter((column) => row[column] !== before[column]);
      expect(changed).toContain("updated_at");
      expect((before.updated_at ?? "") < (row.updated_at ?? "")).toBe(true);
      const kinds = new Set(
        changed
          .filter((column) => column !== "updated_at")
          .map((column) => (["city", "region", "country"].includes(column) ? "address" : column)),
      );
      expect(kinds.size).toBe(1);
      for (const kind of kinds) seen.add(kind);
    }
    expect(seen).toEqual(new Set(["address", "email", "phone"]));
    expect(latest.size).toBeGreaterThan(500);
  });

  it("sell at the list price of the day or below it", () => {
    const price = new Map(
      readRows(folder, "products", shop.to).map((row) => [row.product_id, cents(row.price)]),
    );
    let changes = 0;
    for (const date of days) {
      for (const row of readRows(folder, "products", date)) {
        if (price.has(row.product_id) && price.get(row.product_id) !== cents(row.price)) changes++;
        price.set(row.product_id, cents(row.price));
      }
      for (const row of readRows(folder, "orders", date)) {
        if (row.order_date?.slice(0, 10) !== date || row.product_id === "") continue;
        const ratio = cents(row.unit_price) / (price.get(row.product_id) ?? 0);
        expect([100, 95, 90, 85, 80]).toContain(Math.round(ratio * 100));
      }
      for (const row of readRows(folder, "order_items", date)) {
        expect(cents(row.unit_price)).toBe(price.get(row.product_id));
        const taken = cents(row.discount) / cents(row.unit_price) / Number(row.quantity);
        expect([0, 5, 10, 15, 20]).toContain(Math.round(taken * 100));
      }
    }
    expect(changes).toBeGreaterThan(0);
  });

  it("leave no gap in the order numbers and no old order pending, but for the few never paid", () => {
    const latest = new Map<string | undefined, Row>();
    for (const date of [shop.to, ...days]) {
      for (const row of readRows(folder, "orders", date)) latest.set(row.order_id, row);
    }
    const numbers = Array.from(
      { length: latest.size },
      (_, index) => `O${String(index + 1).padStart(8, "0")}`,
    );
    expect(new Set(latest.keys())).toEqual(new Set(numbers));
    const old = [...latest.values()].filter((row) => (row.order_date ?? "") < "2025-12-01");
    expect(old.filter((row) => row.status === "pending").length / old.length).toBeLessThan(0.02);
  });
});

describe("one consistent shop", () => {
  const folder = newFolder();
  const days = Array.from({ length: 14 }, (_, day) =>
    new Date(Date.parse("2025-11-25") + day * 86_400_000).toISOString().slice(0, 10),
  );
  const last = "2025-12-08";
  /** The rows of all files, each as it was sent last. */
  const latest = (entity: string, key: string): Map<string, Row> =>
    new Map(
      [shop.to, ...days].flatMap((date) => readRows(folder, entity, date).map((row) => [row[key]!, row])),
    );
  const sumBy = (rows: Iterable<Row>, key: string, amount: (row: Row) => number) => {
    const sums = new Map<string, number>();
    for (const row of rows) sums.set(row[key]!, (sums.get(row[key]!) ?? 0) + amount(row));
    return sums;
  };
  const day = (seconds: string | undefined) => new Date(Number(seconds) * 1000).toISOString().slice(0, 10);
  const isPaid = ({ payment_status }: Row) =>
    ["completed", "refunded", "partially_refunded"].includes(payment_status ?? "");
  let orders: Map<string, Row>, items: Map<string, Row>, payments: Map<string, Row>;
  let charges: Map<string, Row>,
    refunds: Map<string, Row>,
    disputes: Map<string, Row>,
    balance: Map<string, Row>;
  beforeAll(async () => {
    await generate({ landing: folder, ...shop, days: days.length });
    orders = latest("orders", "order_id");
    items = latest("order_items", "order_item_id");
    payments = latest("payments", "payment_id");
    charges = latest("stripe_charges", "charge_id");
    refunds = latest("stripe_refunds", "refund_id");
    disputes = latest("stripe_disputes", "dispute_id");
    balance = latest("stripe_balance_transactions", "balance_transaction_id");
  });

  it("lines add up to their order, and come with it", () => {
    const sums = sumBy(
      items.values(),
      "order_id",
      (row) => Number(row.quantity) * cents(row.unit_price) - cents(row.discount),
    );
    for (const order of orders.values()) {
      const ownLine = [order.product_id, order.quantity, order.unit_price].map((value) => value !== "");
      expect(new Set(ownLine)).toEqual(new Set([!sums.has(order.order_id!)]));
    }
    for (const [order_id, sum] of sums) expect(cents(orders.get(order_id)!.total_amount)).toBe(sum);
    for (const item of items.values()) expect(item.updated_at).toBe(orders.get(item.order_id!)?.order_date);
    expect(items.size / sums.size).toBeCloseTo(2.57, 0);
  });

  it("payments add up to their order and follow its status; an order by telephone has none", () => {
    const byOrder = groupBy([...payments.values()], (row) => String(row.order_id));
    const ways = new Set<string>();
    for (const order of orders.values()) {
      const paid = byOrder.get(order.order_id!) ?? [];
      expect(paid.length === 0).toBe(order.product_id !== "");
      if (paid.length === 0) continue;
      const statuses = paid.map((row) => row.payment_status!).toSorted();
      const counting = paid.filter((row) => !["failed", "cancelled"].includes(row.payment_status!));
      const sum = counting.reduce((total, row) => total + cents(row.amount), 0);
      expect(sum).toBe(order.status === "cancelled" ? 0 : cents(order.total_amount));
      expect(statuses.some((status) => status === "pending")).toBe(order.status === "pending");
      expect(statuses.some((status) => status === "refunded")).toBe(order.status === "refunded");
      for (const row of paid) {
        expect(row.payment_date! >= order.order_date! && row.payment_date! <= row.updated_at!).toBe(true);
        expect(row.currency).toBe("EUR");
      }
      ways.add(statuses.join("+"));
    }
    expect(ways).toContain("completed+completed");
    expect(ways).toContain("completed+failed");
    expect(ways).toContain("partially_refunded");
    expect(payments.size / orders.size).toBeCloseTo(1.03, 1);
    const byCard = [...payments.values()].filter((row) => row.payment_method === "card");
    expect(byCard.length / payments.size).toBeCloseTo(0.7, 1);
  });

  it("Stripe has the payments by card, to the cent on each day, and takes 1.5 % and 25 cents", () => {
    const byCard = [...payments.values()].filter((row) => row.payment_method === "card");
    for (const payment of byCard) {
      const { transaction_id, order_id, amount, payment_status } = payment;
      const charge = charges.get(transaction_id!);
      expect(charge === undefined).toBe(transaction_id === "");
      expect([undefined, amount && String(cents(amount))]).toContain(charge?.amount);
      expect([undefined, order_id]).toContain(charge?.order_id);
      expect(charge?.status ?? "none").toBe(
        isPaid(payment) ? "succeeded" : payment_status === "failed" ? "failed" : "none",
      );
    }
    const ofDay = (row: Row) => ({ ...row, date: row.payment_date?.slice(0, 10) ?? day(row.created) });
    const succeeded = [...charges.values()].filter((row) => row.status === "succeeded");
    expect(sumBy(succeeded.map(ofDay), "date", (row) => Number(row.amount))).toEqual(
      sumBy(byCard.filter(isPaid).map(ofDay), "date", (row) => cents(row.amount)),
    );
    for (const row of succeeded) {
      const { amount, fee, net, created } = balance.get(row.balance_transaction_id!)!;
      expect([amount, created]).toEqual([row.amount, row.created]);
      expect(Number(fee)).toBe(Math.round(Number(amount) * 0.015 + 1e-6) + 25);
      expect(Number(net)).toBe(Number(amount) - Number(fee));
    }
  });

  it("refunds never exceed the payment; some are partial, some come weeks later", () => {
    const sums = sumBy(refunds.values(), "charge_id", (row) => Number(row.amount));
    const ways = new Set<string>();
    for (const charge of charges.values()) {
      const given = sums.get(charge.charge_id!) ?? 0;
      expect(Number(charge.amount_refunded)).toBe(given);
      expect(given).toBeLessThanOrEqual(Number(charge.amount));
      if (given > 0)
        ways.add(`${given < Number(charge.amount) ? "part" : "all"} ${orders.get(charge.order_id!)!.status}`);
    }
    expect(ways).toEqual(new Set(["part completed", "all refunded"]));
    const daysAfter = [...refunds.values()].map((row) => {
      const order = orders.get(charges.get(row.charge_id!)!.order_id!)!;
      return (Number(row.created) * 1000 - Date.parse(order.order_date!)) / 86_400_000;
    });
    expect(Math.min(...daysAfter)).toBeGreaterThan(1);
    expect(Math.max(...daysAfter)).toBeGreaterThan(45);
    expect(Math.max(...daysAfter)).toBeLessThan(61);
    const givenBack = [...payments.values()].filter((row) => (row.payment_status ?? "").endsWith("refunded"));
    expect(givenBack.length / orders.size).toBeCloseTo(0.055, 2);
    for (const row of refunds.values())
      expect(balance.get(row.balance_transaction_id!)).toMatchObject({ amount: `-${row.amount}`, fee: "0" });
  });

  it("few charges are disputed, none that was given back", () => {
    expect(disputes.size / charges.size).toBeLessThan(0.01);
    expect(new Set([...disputes.values()].map((row) => row.status))).toContain("lost");
    for (const row of disputes.values())
      expect(charges.get(row.charge_id!)).toMatchObject({ amount: row.amount, amount_refunded: "0" });
    for (const row of balance.values()) expect(Number(row.fee)).toBeGreaterThanOrEqual(0);
  });

  it("Stripe's objects say the same as their columns", () => {
    const objects = [charges, refunds, disputes, balance].flatMap((rows) => [...rows.values()]);
    for (const { value, ...row } of objects) {
      const object = JSON.parse(value!) as Record<string, unknown>;
      const [id] = Object.keys(row);
      expect(row[id!]).toBe(object["id"]);
      const told = [
        "amount",
        "amount_refunded",
        "currency",
        "status",
        "created",
        "fee",
        "net",
        "type",
        "reason",
      ];
      for (const field of told.filter((name) => name in row)) expect(String(object[field])).toBe(row[field]);
      expect(row.livemode ?? "false").toBe("false");
    }
    const [charge] = charges.values();
    expect(JSON.parse(charge!.value!)).toMatchObject({
      metadata: { order_id: charge!.order_id },
      livemode: false,
    });
  });

  it("a day's file holds what appeared or changed on it", () => {
    for (const date of days) {
      for (const entity of ["order_items", "payments"])
        for (const row of readRows(folder, entity, date)) expect(row.updated_at?.slice(0, 10)).toBe(date);
      for (const entity of ["stripe_refunds", "stripe_balance_transactions"])
        for (const row of readRows(folder, entity, date)) expect(day(row.created)).toBe(date);
    }
    const before = new Map(readRows(folder, "payments", shop.to).map((row) => [row.payment_id, row]));
    const changes = days
      .flatMap((date) => readRows(folder, "payments", date))
      .flatMap((row) => {
        const known = before.get(row.payment_id);
        before.set(row.payment_id, row);
        return known ? [{ known, row }] : [];
      });
    for (const { known, row } of changes)
      expect([row.order_id, row.amount]).toEqual([known.order_id, known.amount]);
    const statuses = changes.map(({ known, row }) => `${known.payment_status}>${row.payment_status}`);
    for (const change of ["pending>completed", "pending>cancelled", "completed>refunded"])
      expect(statuses).toContain(change);
    const sent = days.flatMap((date) => readRows(folder, "stripe_charges", date));
    expect(sent.some((row) => day(row.created) < shop.to && Number(row.amount_refunded) > 0)).toBe(true);
  });

  it("a purchase of the pages is an order: its customer, first product, quantity and price, within a second", () => {
    const files = readdirSync(join(folder, "clickstream")).map((name) => name.slice(12, 22));
    const events = readMessages(folder, ...files).map(({ value }) => JSON.parse(value) as Event);
    const bought = new Map(
      events.filter((event) => event["event_type"] === "purchase").map((event) => [event["order_id"], event]),
    );
    for (const [order_id, event] of bought) {
      const order = orders.get(String(order_id))!;
      const { product_id, quantity, unit_price } = items.get(`${String(order_id)}-1`)!;
      expect([event["customer_id"], event["product_id"], String(event["quantity"]), event["price"]]).toEqual([
        order.customer_id,
        product_id,
        quantity,
        unit_price,
      ]);
      expect(String(event["event_ts"]).slice(0, 19)).toBe(order.order_date?.slice(0, 19));
    }
    const first = `${files[0]}T12:00`;
    const due = [...orders.values()].filter(
      (row) => row.product_id === "" && row.order_date! > first && row.order_date! < `${last}T12:00`,
    );
    const missing = due.filter((row) => !bought.has(row.order_id!));
    expect(missing).toEqual([]);
    expect(events.length / bought.size).toBeCloseTo(18, -1);
  });

  it("campaigns bring visits on their days, and cost money on each of them", () => {
    expect(readdirSync(join(folder, "campaigns"))).toEqual([
      `campaigns_${shop.to}.csv`,
      "campaigns_2025-12-01.csv",
    ]);
    const campaigns = new Map(readRows(folder, "campaigns", "2025-12-01").map((row) => [row.campaign, row]));
    expect(campaigns.size).toBeGreaterThan(28);
    expect(campaigns.size).toBeLessThan(38);
    expect(new Set([...campaigns.values()].map((row) => row.channel))).toEqual(
      new Set(["paid", "social", "email", "referral"]),
    );
    const runs = (campaign: string, date: string) => {
      const { start_date = "9999", end_date } = campaigns.get(campaign) ?? {};
      return start_date <= date && (!end_date || date <= end_date);
    };
    const spend = [shop.to, ...days].flatMap((date) => readRows(folder, "marketing_spend", date));
    expect(new Set(spend.map((row) => row.date)).size).toBe(365 + days.length);
    expect(new Set(spend.map((row) => `${row.date} ${row.campaign}`)).size).toBe(spend.length);
    for (const row of spend) expect(runs(row.campaign!, row.date!)).toBe(true);
    const begun = [...campaigns.values()].filter(({ start_date }) => start_date! > "2024-11-25");
    expect(begun.length).toBeGreaterThan(25);
    const isBilled = (of: Row) =>
      spend.some((row) => row.campaign === of.campaign && row.date === of.start_date);
    expect(begun.filter((of) => !isBilled(of))).toEqual([]);
    expect(new Set(spend.map((row) => row.currency))).toEqual(new Set(["EUR", "USD"]));

    const dates = ["2025-11-20", "2025-11-21", "2025-11-22", "2025-11-23", "2025-11-24", "2025-11-25"];
    const events = readMessages(folder, ...dates).map(({ value }) => JSON.parse(value) as Event);
    const visits = events.filter((event) => event["utm_campaign"]);
    for (const event of visits)
      expect(runs(String(event["utm_campaign"]), String(event["event_ts"]).slice(0, 10))).toBe(true);
    const channelOf = { cpc: "paid", social: "social", email: "email", affiliate: "referral" };
    for (const event of visits)
      expect(channelOf[String(event["utm_medium"]) as keyof typeof channelOf]).toBe(
        campaigns.get(String(event["utm_campaign"]))?.channel,
      );
    const clicks = spend
      .filter((row) => dates.includes(row.date!))
      .reduce((sum, row) => sum + Number(row.clicks), 0);
    expect(clicks / visits.length).toBeGreaterThan(2);
    expect(clicks / visits.length).toBeLessThan(8);
  });

  it("with a further currency the customers of its country pay in it, the same numbers", async () => {
    const other = newFolder();
    await generate({ landing: other, ...shop, currencies: ["GBP", "GBP"] });
    const text = (folder: string) => readFileSync(join(folder, "orders", `orders_${shop.to}.csv`), "utf8");
    expect(text(other)).toBe(text(folder));
    const home = new Map(readRows(other, "customers", shop.to).map((row) => [row.customer_id, row.country]));
    const paid = readRows(other, "payments", shop.to);
    const customers = (currency: string) => {
      const some = paid
        .filter((row) => row.currency === currency)
        .map((row) => orders.get(row.order_id!)!.customer_id);
      return { all: some.length, british: some.filter((id) => home.get(id) === "United Kingdom").length };
    };
    const [pounds, euros] = [customers("GBP"), customers("EUR")];
    expect(pounds.all).toBeGreaterThan(300);
    expect(pounds.all + euros.all).toBe(paid.length);
    // Some have moved since they signed up.
    expect(pounds.british / pounds.all).toBeGreaterThan(0.9);
    expect(euros.british / euros.all).toBeLessThan(0.03);
    const charged = readRows(other, "stripe_charges", shop.to).filter((row) => row.currency === "gbp");
    expect(charged.length).toBeGreaterThan(200);
    await expect(generate({ landing: other, currencies: ["USD"] })).rejects.toThrow(
      /currencies is USD, but .* with currencies GBP/,
    );
  });
});

it("live shoppers come by campaigns that have landed and run today, and their purchases are no orders of the exports", async () => {
  const folder = newFolder();
  await generate({ landing: folder, scale: 0.01 });
  const catalog = await landedCatalog(folder);
  const names = new Set(catalog.campaigns?.map(({ campaign }) => campaign));
  expect(names).toContain("brand-search");
  expect(names.size).toBeLessThan(7);
  const hour = 3_600_000;
  const sent = [...shoppers({ seed: 1, from: 0, to: hour, rate: 2, ...catalog })].map(({ event }) => event);
  const came = new Set(sent.flatMap(({ utm_campaign }) => (utm_campaign ? [utm_campaign] : [])));
  expect(came.size).toBeGreaterThan(0);
  for (const campaign of came) expect(names).toContain(campaign);
  const bought = sent.filter(({ event_type }) => event_type === "purchase");
  expect(bought.length).toBeGreaterThan(10);
  for (const { order_id } of bought) expect(order_id).toMatch(/^W-S-/);
});

describe("faults", () => {
  it("are as many as the report says, of every kind", async () => {
    const folder = newFolder();
    const report = await generate({ landing: folder, ...shop, faults: 0.1 });
    const found: Record<string, number> = {};
    const count = (kind: string, hit: boolean) => (found[kind] = (found[kind] ?? 0) + (hit ? 1 : 0));
    for (const { entity, file } of report.files) {
      if (entity === "clickstream") continue;
      const [header = [], ...lines] = readLines(file);
      let before = "";
      for (const fields of lines) {
        const whole = fields.length === header.length;
        count("malformed", !whole);
        count("duplicate", fields.join("\u0000") === before);
        before = fields.join("\u0000");
        if (!whole) continue;
        const value = (column: string) => fields[header.indexOf(column)];
        count("null_order_id", value("order_id") === "");
        count("null_customer_id", value("customer_id") === "");
        if (entity === "order_items") count("null_quantity", value("quantity") === "");
        const status = entity === "orders" ? value("status") : value("payment_status");
        if (status === undefined) continue;
        const known = ["pending", "completed", "cancelled", "failed", "refunded", "partially_refunded"];
        const tidy = known.includes(status.trim().toLowerCase());
        count("unknown_status", !tidy);
        count("untidy_status", tidy && status !== status.trim().toLowerCase());
      }
    }
    const ofExports = Object.entries(report.faults).filter(([kind]) => !kind.startsWith("event_"));
    expect(found).toEqual(Object.fromEntries(ofExports));
    expect(Object.values(found).every((rows) => rows > 0)).toBe(true);
    const total = Object.values(found).reduce((sum, rows) => sum + rows, 0);
    const faulty = report.files.filter(({ entity }) => entity !== "clickstream" && entity !== "campaigns");
    const rows = faulty.reduce((sum, file) => sum + file.rows, 0) - (found["duplicate"] ?? 0);
    expect(total / rows).toBeCloseTo(0.1, 3);
  });

  it("of events are as many as the report says, of every kind", async () => {
    const folder = newFolder();
    const report = await generate({ landing: folder, ...shop, faults: 0.1 });
    const found: Record<string, number> = {};
    const texts = report.files
      .filter(({ entity }) => entity === "clickstream")
      .flatMap(({ file }) => readFileSync(file, "utf8").trimEnd().split("\n"));
    for (const text of texts) {
      const kind = faultOf(text);
      if (kind) found[kind] = (found[kind] ?? 0) + 1;
    }
    const ofEvents = Object.entries(report.faults).filter(([kind]) => kind.startsWith("event_"));
    expect(found).toEqual(Object.fromEntries(ofEvents));
    const total = Object.values(found).reduce((sum, rows) => sum + rows, 0);
    expect(total / texts.length).toBeCloseTo(0.1, 1);
  });

  it("leave null order ids far below the one per cent that halts a run, on small days too", async () => {
    const folder = newFolder();
    await generate({ landing: folder, ...shop, days: 10, faults: 0.02 });
    for (const name of readdirSync(join(folder, "orders"))) {
      const [, ...lines] = readLines(join(folder, "orders", name));
      expect(lines.filter(([id]) => id === "").length).toBeLessThanOrEqual(0.005 * lines.length);
    }
  });

  it("are remembered by the folder and can be stated for one call", async () => {
    const folder = newFolder();
    const sum = (faults: Record<string, number>) =>
      Object.values(faults).reduce((total, rows) => total + rows, 0);
    await generate({ landing: folder, ...shop, faults: 0.2 });
    expect(sum((await generate({ landing: folder })).faults)).toBeGreaterThan(0);
    expect(sum((await generate({ landing: folder, faults: 0 })).faults)).toBe(0);
    expect(sum((await generate({ landing: folder })).faults)).toBeGreaterThan(0);
  });
});

describe("the landing folder", () => {
  it("a killed call is finished by repeating it, with the files of an undisturbed one", async () => {
    const [whole, killed] = [newFolder(), newFolder()];
    await generate({ landing: whole, ...shop, days: 2 });
    await generate({ landing: killed, ...shop, days: 2 });
    // As after a kill while the first increment's orders were written: they are half there, later files not at all.
    rmSync(join(killed, "orders", "orders_2025-11-25.csv"));
    writeFileSync(
      join(killed, "orders", ".orders_2025-11-25.csv.999999999-1.tmp"),
      "order_id,customer_id\nO000",
    );
    rmSync(join(killed, "products", "products_2025-11-25.csv"));
    for (const entity of ["customers", "orders", "products"])
      rmSync(join(killed, entity, `${entity}_2025-11-26.csv`));
    rmSync(join(killed, "clickstream", "clickstream_2025-11-24.ndjson"));
    writeFileSync(
      join(killed, "clickstream", ".clickstream_2025-11-24.ndjson.999999999-1.tmp"),
      '{"topic":"simu',
    );
    rmSync(join(killed, "clickstream", "clickstream_2025-11-26.ndjson"));
    const report = await generate({ landing: killed, ...shop, days: 2 });
    expect(report.files).toHaveLength(7);
    expect(report.to).toBe("2025-11-26");
    expect(digest(killed)).toEqual(digest(whole));
  });

  it("nothing is written that is later than now: a day may come when it is over", async () => {
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const landing = newFolder();
    await generate({ landing, scale: 0.01, from: day(30), to: day(4) });
    await expect(generate({ landing, days: 4 })).rejects.toThrow(
      `--days 4: ${day(0)} is not over, and nothing is written that is later than now. Give --until ${day(1)}`,
    );
    expect((await generate({ landing, until: day(2) })).to).toBe(day(2));
    expect((await generate({ landing })).to).toBe(day(1));
    expect((await generate({ landing })).files).toEqual([]);
    await expect(generate({ landing, days: 1 })).rejects.toThrow(
      `The next day may come from ${day(-1)} 00:00 UTC on.`,
    );
    await expect(generate({ landing, until: day(3) })).rejects.toThrow(
      `the exports reach to ${day(1)} already`,
    );
    await expect(generate({ landing, until: day(1), days: 1 })).rejects.toThrow(
      "Give days or until, not both.",
    );
    await expect(generate({ landing: newFolder(), to: day(-3) })).rejects.toThrow(`${day(-3)} is not over`);
    const now = Date.now();
    for (const entity of ["orders", "customers", "products"])
      for (const name of readdirSync(join(landing, entity)))
        for (const [instant] of readFileSync(join(landing, entity, name), "utf8").matchAll(
          /\d{4}-\d\d-\d\dT[\d:.]+Z/g,
        ))
          expect(Date.parse(instant)).toBeLessThanOrEqual(now);
  });

  it("existing exports are not touched", async () => {
    const folder = newFolder();
    await generate({ landing: folder, ...shop });
    const before = digest(folder);
    expect((await generate({ landing: folder, days: 0 })).files).toEqual([]);
    await generate({ landing: folder, days: 1 });
    expect(digest(folder)).toMatchObject(before);
  });

  it("a folder that somebody else filled is refused and left alone", async () => {
    const folder = newFolder();
    mkdirSync(join(folder, "orders"), { recursive: true });
    writeFileSync(join(folder, "orders", "mine.csv"), "order_id\n1\n");
    await expect(generate({ landing: folder })).rejects.toThrow(/filled by somebody else.*mine\.csv/);
    expect(existsSync(join(folder, "customers"))).toBe(false);
  });

  it("a folder of another seed, scale or range is refused", async () => {
    const folder = newFolder();
    await generate({ landing: folder, ...shop });
    await expect(generate({ landing: folder, seed: 7 })).rejects.toThrow(/seed is 7, but .* with seed 1/);
    await expect(generate({ landing: folder, scale: 1 })).rejects.toThrow(
      /scale is 1, but .* with scale 0\.05/,
    );
    await expect(generate({ landing: folder, to: "2025-12-01" })).rejects.toThrow(/to is 2025-12-01, but/);
  });

  it("a folder of the generator before, whose orders had no lines, is refused and left alone", async () => {
    const folder = newFolder();
    await generate({ landing: folder, scale: 0.01, from: "2025-11-01", to: shop.to });
    const path = join(folder, ".generator.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"version": 2', '"version": 1'));
    const before = digest(folder);
    await expect(generate({ landing: folder, days: 1 })).rejects.toThrow(
      /is of an earlier generator, .* generate into an empty folder: SHOPMETRICS_HOME names another/,
    );
    expect(digest(folder)).toEqual(before);
  });

  it("a damaged state file is named", async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, ".generator.json"), "{");
    await expect(generate({ landing: folder })).rejects.toThrow(/\.generator\.json is not JSON/);
  });
});

it.each([
  [{ scale: -1 }, /^scale is -1: give a number above 0/],
  [{ scale: Number.NaN }, /^scale is NaN/],
  [{ seed: 1.5 }, /^seed is 1\.5: give a whole number/],
  [{ days: -2 }, /^days is -2: give a whole number/],
  [{ currencies: ["CHF"] }, /^currencies names CHF: give some of GBP, USD/],
  [{ faults: 2 }, /^faults is 2: give a rate from 0 to 1/],
  [{ from: "2024-02-30" }, /^from is "2024-02-30": give a date/],
  [{ to: "yesterday" }, /^to is "yesterday": give a date/],
  [{ from: "2025-01-02", to: "2025-01-01" }, /^from \(2025-01-02\) is after to \(2025-01-01\)/],
])("the bad option %j is refused by name", async (options, message) => {
  await expect(generate({ landing: newFolder(), ...options })).rejects.toThrow(message);
});
