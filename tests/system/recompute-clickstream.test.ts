/**
 * Random visits with every kind of fault, taken in by several runs, and the clickstream's tables computed again from the landed
 * lines by the plainest code: no line of it is shared with the pipeline. RECOMPUTE_SEED=<seed> gives other visits.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";

let state = Number(process.env["RECOMPUTE_SEED"] ?? 7);
const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
const upTo = (most: number) => Math.floor(random() * most);
const pick = <T>(list: readonly T[]): T => list[upTo(list.length)]!;

// Instants are microseconds since 1970.
const second = 1_000_000;
const minute = 60 * second;
const day = 1440 * minute;
const written = (at: number) =>
  `${new Date(Math.floor(at / 1000)).toISOString().slice(0, -1)}${String(at % 1000).padStart(3, "0")}Z`;

type Fields = Record<string, unknown>;
interface Landed {
  readonly load: number;
  readonly row: number;
  readonly line: string;
}

const faults: readonly ((event: Fields) => Fields | string | null)[] = [
  () => null,
  () => "",
  () => "click!",
  () => "[1,2]",
  (event) => JSON.stringify(event).slice(0, 60),
  (event) => `{"event_id":"E0",${JSON.stringify(event).slice(1)}`,
  (event) => ({ ...event, event_id: undefined }),
  (event) => ({ ...event, event_id: " " }),
  (event) => ({ ...event, visitor_id: null, customer_id: null }),
  (event) => ({ ...event, visitor_id: "" }),
  (event) => ({ ...event, visitor_id: "v".repeat(201) }),
  (event) => ({ ...event, customer_id: ["C1"] }),
  (event) => ({ ...event, event_type: "Purchase", product_id: "P1" }),
  (event) => ({ ...event, event_type: "purchase", product_id: null }),
  (event) => ({ ...event, event_type: "search", product_id: "P1" }),
  (event) => ({ ...event, session_id: null }),
  (event) => ({ ...event, page: "/".repeat(2001) }),
  (event) => ({ ...event, event_ts: "2026-02-30T00:00:00Z" }),
  (event) => ({ ...event, event_ts: "yesterday" }),
  (event) => ({ ...event, event_ts: "2026-04-20T00:00:00Z" }),
  (event) => ({ ...event, event_ts: "2026-01-20T00:00:00Z" }),
  (event) => ({ ...event, quantity: 1.5 }),
  (event) => ({ ...event, quantity: 0 }),
  (event) => ({ ...event, price: "-1.00" }),
  (event) => ({ ...event, price: "19.999" }),
  (event) => ({ ...event, quantity: 999_999, price: "999999999.99" }),
  (event) => ({ ...event, utm_campaign: "x".repeat(201) }),
];
/** Those that leave an event without a visitor as it is, and do not bring one in. */
const olderFaults = faults.filter((fault) => !JSON.stringify(fault({}))?.includes("visitor_id"));
/** What looks like a fault and is none. */
const oddities: readonly ((event: Fields) => Fields)[] = [
  (event) => ({ ...event, session_id: 7, page: true }),
  (event) => ({ ...event, quantity: "2.0", price: "19.900" }),
  (event) => ({ ...event, referrer: " ", utm_source: "", order_id: "" }),
  (event) => ({ ...event, event_ts: String(event["event_ts"]).replace("Z", "+00:00") }),
  (event) => ({ ...event, unknown: "more" }),
];

const origins: readonly Fields[] = [
  {},
  { referrer: "https://www.google.com/" },
  { referrer: "https://m.facebook.com/x" },
  { referrer: "https://mygoogle.example/" },
  { utm_source: "news", utm_medium: "Email", utm_campaign: "spring" },
  { utm_source: "ads", utm_medium: "cpc", referrer: "https://www.google.com/" },
  { utm_campaign: "flyer" },
];

let made = 0;
/** A visit: somebody of the older form, a stranger, or a visitor who may log in, perhaps as another customer. */
function visit(isOlder: boolean): Fields[] {
  const person = upTo(30);
  // Some cookies look like the number of another customer.
  const cookie = person % 5 === 0 ? `C${person + 1}` : `v-${person}`;
  const hasVisitor = !isOlder && random() < 0.8;
  let customer = !hasVisitor || random() < 0.2 ? `C${person}` : null;
  let at = Date.UTC(2026, 2, 1) * 1000 + upTo(4 * 1440) * minute + upTo(minute);
  return Array.from({ length: 1 + upTo(8) }, (_, index) => {
    if (index > 0) at += pick([upTo(5 * minute), upTo(45 * minute), 30 * minute, 30 * minute + 1, 0]);
    if (hasVisitor && random() < 0.15) customer = pick([`C${person}`, `C${upTo(30)}`, null]);
    const type = pick(["page_view", "page_view", "page_view", "add_to_cart", "purchase", "search"]);
    const isAboutProduct = type !== "search" && (isOlder || type !== "page_view" || random() < 0.5);
    return {
      event_id: `E${made++}`,
      ...(hasVisitor && { visitor_id: cookie }),
      ...((customer !== null || random() < 0.5) && { customer_id: customer }),
      product_id: isAboutProduct ? `P${upTo(12)}` : null,
      event_type: type,
      session_id: `S${upTo(9)}`,
      page: pick(["", "", "", "[Sale] ", "{"]) + `/${upTo(20)}`,
      event_ts: written(at),
      ...(random() < 0.7 && { device: pick(["mobile", "desktop"]), country: pick(["Spain", "Norway"]) }),
      ...(type !== "search" &&
        random() < 0.8 && { quantity: 1 + upTo(3), price: pick([19.9, "7.50", "0.05"]) }),
      ...(!isOlder && pick(origins)),
      ...(type === "purchase" && !isOlder && { order_id: `O${made}` }),
    };
  });
}

const offsets = [0, 0, 0];
function lineOf(event: Fields, isOlder: boolean): string {
  const at = Number(microseconds(String(event["event_ts"])));
  const arrived =
    random() < 0.08
      ? at + pick([10 * minute, 10 * minute + 1, upTo(180) * minute, -upTo(60) * minute])
      : at + upTo(minute);
  const luck = random();
  let value: Fields | string | null = event;
  if (luck < 0.04) value = pick(isOlder ? olderFaults : faults)(event);
  else if (luck < 0.08) value = pick(oddities)(event);
  const partition = upTo(3);
  const line = JSON.stringify({
    topic: "t",
    partition,
    offset: offsets[partition]!++,
    timestamp: random() < 0.01 ? pick([null, "2062-01-01T00:00:00Z"]) : written(arrived),
    key: event["visitor_id"] ?? event["customer_id"] ?? null,
    value: value === null || typeof value === "string" ? value : JSON.stringify(value),
  });
  return random() < 0.005 ? line.slice(0, 80) : line;
}

/** An ISO instant; undefined where it is none. */
function microseconds(given: unknown): number | undefined {
  const parts = /^(20\d\d-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/.exec(String(given));
  if (!parts) return undefined;
  const [, date, time, fraction = "", zone] = parts;
  const at = Date.parse(`${date}T${time}${zone}`);
  // JavaScript takes 30 February for 2 March.
  const isDay = new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) === date;
  return Number.isNaN(at) || !isDay ? undefined : at * 1000 + Number(fraction.padEnd(6, "0"));
}

interface Event {
  readonly id: string;
  readonly visitor: string | null;
  readonly customer: string | null;
  readonly product: string | null;
  readonly type: string;
  readonly page: string;
  readonly at: number;
  readonly received: number;
  readonly quantity: number | null;
  /** Hundredths. */
  readonly price: number | null;
  readonly device: string | null;
  readonly country: string | null;
  readonly referrer: string | null;
  readonly source: string | null;
  readonly medium: string | null;
  readonly campaign: string | null;
  /** What decides between copies: when Kafka received them and, of one instant, where. */
  readonly place: readonly number[];
}

/** The event of a landed line; undefined where the line is refused. */
function eventOf({ line, load, row }: Landed): Event | undefined {
  const parsed = (text: unknown): Fields | undefined => {
    try {
      const found = JSON.parse(String(text)) as unknown;
      return typeof found === "object" && found !== null && !Array.isArray(found)
        ? (found as Fields)
        : undefined;
    } catch {
      return undefined;
    }
  };
  const envelope = parsed(line);
  const fields = envelope && typeof envelope["value"] === "string" ? parsed(envelope["value"]) : undefined;
  if (!envelope || !fields) return undefined;
  const names = [...String(envelope["value"]).matchAll(/"(\w+)":/g)].map(([, name]) => name);
  if (new Set(names).size < names.length) return undefined;

  let isGood = true;
  const text = (name: string, most: number): string | null => {
    const value = fields[name] ?? null;
    if (value === null) return null;
    if (typeof value === "object" || String(value).trim() === "" || String(value).length > most)
      isGood = false;
    return String(value);
  };
  const orBlank = (name: string, most: number) =>
    String(fields[name] ?? "").trim() === "" ? null : text(name, most);
  const needed = (value: string | null) => {
    if (value === null) isGood = false;
    return value ?? "";
  };
  const figure = (name: string, pattern: RegExp): string | null => {
    const value = fields[name] ?? null;
    if (value !== null && !pattern.test(String(value))) isGood = false;
    return value === null ? null : String(value);
  };

  const [id, type] = [needed(text("event_id", 200)), needed(text("event_type", 200))];
  const [visitor, customer, product] = [
    text("visitor_id", 200),
    text("customer_id", 200),
    text("product_id", 200),
  ];
  if (visitor === null && customer === null) isGood = false;
  if (!["page_view", "add_to_cart", "purchase", "search"].includes(type)) isGood = false;
  if (product === null && (type === "add_to_cart" || type === "purchase")) isGood = false;
  if (product !== null && type === "search") isGood = false;
  needed(text("session_id", 200));
  const page = needed(text("page", 2000));
  const quantity = figure("quantity", /^[1-9]\d{0,5}(\.0+)?$/);
  const price = figure("price", /^\d{1,9}(\.\d{1,2}0*)?$/);
  const hundredths = price === null ? null : Math.round(Number(price) * 100);
  if (Number(quantity) * (hundredths ?? 0) > 99_999_999_999) isGood = false;

  const at = microseconds(fields["event_ts"]);
  const given = envelope["timestamp"] === null ? undefined : microseconds(envelope["timestamp"]);
  const tomorrow = Date.now() * 1000 + day;
  if (at === undefined || at > tomorrow || (given !== undefined && given > tomorrow)) return undefined;
  if (given !== undefined && (at > given + 60 * minute || at < given - 30 * day)) return undefined;
  orBlank("order_id", 200);
  const event = {
    id,
    visitor,
    customer,
    product,
    type,
    page,
    at,
    received: given ?? at,
    quantity: quantity === null ? null : Number(quantity),
    price: hundredths,
    device: text("device", 200),
    country: text("country", 200),
    referrer: orBlank("referrer", 2000),
    source: orBlank("utm_source", 200),
    medium: orBlank("utm_medium", 200),
    campaign: orBlank("utm_campaign", 200),
    place: [given ?? at, Number(envelope["partition"]), Number(envelope["offset"]), load, row],
  };
  return isGood ? event : undefined;
}

function channelOf({ visitor, medium, source, campaign, referrer }: Event): string | null {
  if (visitor === null) return null;
  const by = medium?.trim().toLowerCase();
  if (by === "cpc") return "paid";
  if (by === "email") return "email";
  if (medium ?? source ?? campaign) return "other";
  if (referrer === null) return "direct";
  const host = new URL(referrer).hostname.split(".");
  if (host.includes("google")) return "search";
  return host.includes("facebook") ? "social" : "referral";
}

function group<T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const name = key(row);
    const own = groups.get(name);
    if (own) own.push(row);
    else groups.set(name, [row]);
  }
  return groups;
}
/** By the first number that differs. */
function inOrder(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, place) => value !== b[place]);
  return index === -1 ? 0 : a[index]! - b[index]!;
}
const byText = (a: string | null, b: string | null) => (a! < b! ? -1 : a! > b! ? 1 : 0);
const line = (...values: readonly (string | number | boolean | null)[]) =>
  values.map((value) => (value === null ? "" : String(value))).join("|");
/** part / whole to so many decimals, halves rounded up; empty where there is nothing to divide by. */
function ratio(part: number, whole: number, decimals: number): string {
  if (whole === 0) return "";
  const units = Math.floor((2 * part * 10 ** decimals + whole) / (2 * whole));
  return (units / 10 ** decimals).toFixed(decimals);
}

/** @param who the visitor of an event */
function recompute(
  landed: readonly Landed[],
  categories: ReadonlyMap<string, string>,
  who: (event: Event) => string,
) {
  const good = landed.flatMap((one) => eventOf(one) ?? []);
  const clean = [...group(good, ({ id }) => id).values()].map(
    (copies) => copies.toSorted((a, b) => inOrder(a.place, b.place))[0]!,
  );
  const sessions = [...group(clean, who).values()].flatMap((own) => {
    const ordered = own.toSorted((a, b) => a.at - b.at || byText(a.id, b.id));
    const found: Event[][] = [];
    for (const [index, event] of ordered.entries())
      if (index > 0 && event.at - ordered[index - 1]!.at <= 30 * minute) found.at(-1)!.push(event);
      else found.push([event]);
    return found;
  });
  const count = (events: readonly Event[], type: string) =>
    events.filter((event) => event.type === type).length;
  const figures = (events: readonly Event[]) =>
    ["page_view", "add_to_cart", "purchase", "search"].map((type) => count(events, type)) as [
      number,
      number,
      number,
      number,
    ];

  const ties = sessions.flatMap((session) => {
    if (session[0]!.visitor === null) return [];
    const named = session
      .filter(({ customer }) => customer !== null)
      .toSorted((a, b) => a.at - b.at || byText(a.customer, b.customer));
    const turns: Event[][] = [];
    for (const event of named)
      if (turns.at(-1)?.[0]!.customer === event.customer) turns.at(-1)!.push(event);
      else turns.push([event]);
    return turns.map((turn, index) => {
      const next = turns[index + 1]?.[0]!.at;
      const from = index === 0 ? session[0]!.at : turn[0]!.at;
      return line(
        turn[0]!.visitor,
        turn[0]!.customer,
        written(from),
        written(next === undefined ? session.at(-1)!.at : Math.max(turn[0]!.at, next - 1)),
        written(turn[0]!.at),
        turn.length,
      );
    });
  });

  const hours = group(clean, ({ at }) => written(at).slice(0, 13));
  const products = clean.filter(({ product }) => product !== null);
  const days = group(products, ({ at, product }) =>
    line(written(at).slice(0, 10), categories.get(product!) ?? "Unknown"),
  );
  return {
    refused: landed.length - good.length,
    clean: clean.map((event) =>
      line(
        event.id,
        event.visitor,
        event.customer,
        event.product,
        event.type,
        event.page,
        written(event.at),
        event.quantity,
        event.price === null ? null : (event.price / 100).toFixed(2),
        event.referrer,
        event.source,
        event.medium,
        event.campaign,
        event.received > event.at + 10 * minute,
      ),
    ),
    sessions: sessions.map((session) => {
      const first = session[0]!;
      const [views, carts, purchases, searches] = figures(session);
      return line(
        first.visitor ?? first.customer,
        first.visitor !== null,
        session.find(({ customer }) => customer !== null)?.customer ?? null,
        written(first.at),
        written(session.at(-1)!.at),
        session.length,
        views,
        carts,
        purchases,
        searches,
        purchases > 0,
        first.page,
        first.device,
        first.country,
        channelOf(first),
        first.referrer,
        first.campaign,
      );
    }),
    ties,
    hours: [...hours].map(([hour, events]) => {
      const [views, carts, purchases, searches] = figures(events);
      return line(
        hour,
        events.length,
        views,
        new Set(events.map(who)).size,
        carts,
        purchases,
        searches,
        ratio(carts, views, 4),
        ratio(purchases, views, 4),
      );
    }),
    funnel: [...days].map(([key, events]) => {
      const [views, carts, purchases] = figures(events);
      const visitors = new Set(events.map(who)).size;
      const revenue = events
        .filter(({ type }) => type === "purchase")
        .reduce((sum, { quantity, price }) => sum + (quantity ?? 1) * (price ?? 0), 0);
      return line(
        key,
        visitors,
        views,
        carts,
        purchases,
        ratio(carts, views, 4),
        ratio(purchases, carts, 4),
        ratio(Math.max(0, carts - purchases), carts, 4),
        ratio(revenue, 100, 2),
        ratio(revenue, purchases * 100, 2),
        ratio(revenue, visitors * 100, 2),
      );
    }),
  };
}

const instant = (column: string) => `strftime(${column}, '%Y-%m-%dT%H:%M:%S.%fZ')`;
const joined = (...columns: readonly string[]) =>
  columns.map((column) => `coalesce(cast(${column} as varchar), '')`).join(" || '|' || ");
const selects = {
  refused: "select count(*)::varchar from silver.rejected_rows",
  clean: `select ${joined(
    ..."event_id visitor_id customer_id product_id event_type page".split(" "),
    instant("event_ts"),
    ..."quantity price referrer utm_source utm_medium utm_campaign is_late".split(" "),
  )} from silver.clickstream_clean`,
  sessions: `select ${joined(
    "visitor_id",
    "has_cookie",
    "customer_id",
    instant("session_start"),
    instant("session_end"),
    "event_count",
    ..."page_views add_to_carts purchases searches converted".split(" "),
    ..."landing_page device country channel referrer utm_campaign".split(" "),
  )} from silver.clickstream_sessions`,
  ties: `select ${joined(
    "visitor_id",
    "customer_id",
    ...["tied_from", "tied_until", "identified_at"].map(instant),
    "event_count",
  )} from silver.visitor_identities`,
  hours: `select ${joined(
    "strftime(hour, '%Y-%m-%dT%H')",
    ..."events page_views unique_visitors add_to_carts purchases searches add_to_cart_rate purchase_rate".split(
      " ",
    ),
  )} from gold.hourly_traffic_metrics`,
  funnel: `select ${joined(
    ..."date category visitors page_views add_to_carts purchases cart_rate checkout_rate cart_abandonment".split(
      " ",
    ),
    ..."revenue avg_order_value revenue_per_visitor".split(" "),
  )} from gold.conversion_funnel`,
} as const;

describe.each([
  ["with visitors, strangers and events of the older form", false],
  ["that sends the older events only", true],
])("a random clickstream %s", (_title, isOlder) => {
  let shop: Lakehouse;
  let expected: ReturnType<typeof recompute>;

  beforeAll(async () => {
    shop = await lakehouse();
    const categories = new Map(
      Array.from({ length: 9 }, (_, index) => [`P${index}`, pick(["Home", "Garden", ""])]),
    );
    await shop.land(
      "products/p.csv",
      `product_id,product_name,category,subcategory,brand,price,cost,updated_at\n${[...categories]
        .map(([id, category]) => `${id},Lamp,${category},,,1.00,0.50,2026-01-01T00:00:00Z\n`)
        .join("")}`,
    );
    const runs: Fields[][] = [[], [], []];
    for (let number = 0; number < 700; number++) {
      const usual = upTo(3);
      for (const event of visit(isOlder)) {
        const run = random() < 0.15 ? upTo(3) : usual;
        runs[run]!.push(event);
        // A copy, which may say something else and may come first or later.
        if (random() < 0.04)
          runs[Math.min(2, run + upTo(2))]!.push({ ...event, page: "/copy", event_type: "page_view" });
      }
    }
    const landed: Landed[] = [];
    let load = 0;
    for (const [run, events] of runs.entries()) {
      const half = events.length >> 1;
      for (const [name, part] of [
        ["9", events.slice(0, half)],
        ["10", events.slice(half)],
      ] as const) {
        const lines = part.map((event) => lineOf(event, isOlder));
        load++;
        landed.push(...lines.map((text, index) => ({ load, row: index + 1, line: text })));
        await shop.land(`clickstream/${"cba"[run]}_${name}.ndjson`, `${lines.join("\n")}\n`);
      }
      succeeded(await shop.shopmetrics("run --quiet"));
    }
    const known = new Map([...categories].map(([id, category]) => [id, category || "Unknown"]));
    // By the rule of before there were visitors: an event's visitor is its customer.
    expected = recompute(
      landed,
      known,
      isOlder
        ? ({ customer }) => customer!
        : ({ visitor, customer }) => (visitor === null ? `customer ${customer}` : `cookie ${visitor}`),
    );
  });

  it.each(Object.entries(selects))(
    "has the %s that plain code computes from the landed lines",
    async (name, sql) => {
      const found = (await query(shop, sql)).map((row) => String(Object.values(row)[0])).toSorted();
      expect(found).toEqual([expected[name as keyof typeof selects]].flat().map(String).toSorted());
      expect(found.length > 0).toBe(!(isOlder && name === "ties"));
    },
  );
});
