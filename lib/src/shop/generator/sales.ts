import { categories } from "./assortment.js";
import type { Day } from "./calendar.js";
import { chance, choose, draws, pick } from "./random.js";
import { chooseCountry, drawHome } from "./customers.js";
import { countries } from "./people.js";
import { literal } from "./tables.js";
import { priceTraits } from "./products.js";

/** What the shop is paid in. */
export interface Currencies {
  /** Of the orders and of what marketing costs. */
  readonly currency: string;
  /** Further ones, which customers of some countries order and pay in. */
  readonly currencies: readonly string[];
}

/** The countries whose customers pay in a currency, for those that `currencies` may name. */
export const currencyCountries: Readonly<Record<string, readonly string[]>> = {
  GBP: ["United Kingdom"],
  USD: ["United States"],
};

/** An order, its payments and its disputes change within this many days after it was placed. */
const lifetime = 99;

/** The days from placing an order to what happens to it. */
const offsets = [
  "settled",
  "shipped",
  "delivered",
  "refunded",
  "returned",
  "returned_again",
  "disputed",
  "decided",
];

/** When an order was placed, in seconds since 1970. Columns are as narrow as they can be: there may be ten million orders. */
const orderedAt = "(day::bigint * 86400 + second)::uinteger";

/** Orders by number, with the customers and products that existed on their day. */
const placed = (from: Day, to: Day) => `
  select unnest(range(orders_before + 1, orders_after + 1)) as n, day,
    customers_before as customers, products_before as products, drift
  from calendar where day between ${from} and ${to}`;

/**
 * Fills the tables that all exports of sales read: `sale`, one row per order, and `line`, one row per product of an order. Who
 * bought what, and what becomes of it, follows from the order's number.
 *
 * For a history they hold every order that exists at the end of `to`; for a day, those that are placed or change on it.
 */
export function salesTables(seed: number, money: Currencies, to: Day, isHistory: boolean): string[] {
  const changing = isHistory ? "" : `where list_contains([0, ${offsets.join(", ")}], ${to} - day)`;
  return [
    `create or replace temp table placed as
      with placed as (${placed(isHistory ? 0 : to - lifetime, to)}),
      ${fates(seed, "placed")}
      select * from fated ${changing} order by n`,
    ...linesAndSales(seed, money, "placed"),
    "drop table placed",
  ];
}

/** The orders of some days that the shop's pages bring: day, number, place of the customer, and their first product. */
export function ordersByDay(seed: number, from: Day, to: Day): string {
  return `
    with placed as (${placed(from, to)}),
    drawn as (
      select *, n as key, ${isTelephoned(seed)} as is_telephoned, ${orderSecond(seed)} as second, ${drawCustomer(seed)} from placed
    ),
    ${basket(seed, "drawn")}
    select day::integer, n::integer, (${customer} - 1)::integer, product::integer, quantity::integer, list_cents::integer, second::integer
    from basket where not is_telephoned order by n`;
}

/** Each line of an order draws by a number of its own: of six at most, none is above 2^32. */
const linesApart = 500_000_000;

/**
 * A CTE `fated`: the days from placing an order to what happens to it, null for what never does. It is settled (completed or
 * cancelled), shipped and delivered, and may then be refunded. Of others a part of what was paid is given back, in one or two parts,
 * up to 60 days after the order; a few payments are disputed.
 */
function fates(seed: number, source: string): string {
  const draw = draws(seed, "orders");
  return `
    drawn as (
      select *,
        ${draw("n", "settled")} as draw_settled,
        ${draw("n", "fate")} as draw_fate,
        ${draw("n", "parcel")} as draw_parcel,
        ${draw("n", "payments")} as draw_plan,
        ${draw("n", "method")} as draw_method,
        ${draw("n", "returned")} as draw_returned,
        ${draw("n", "returned-days")} as draw_days
      from ${source}
    ),
    settled as (
      select n, day, customers, products, drift, draw_days,
        ${choose("draw_settled", [
          [0, 50],
          [1, 31],
          [2, 9],
          [3, 5],
          [5, 2],
          [7, 1],
          [9, 1],
          ["null", 1],
        ])}::bigint as settled,
        ${chance("draw_fate", 0.065)} as cancelled,
        case when not cancelled then settled + 1 + (draw_parcel & 1) end as shipped,
        shipped + 1 + (draw_parcel >> 1 & 3) as delivered,
        case when not ${chance("draw_fate", 0.955)} then delivered + 1 + (draw_parcel >> 8) % 18 end as refunded,
        ${isTelephoned(seed)} as is_telephoned,
        ${choose("draw_plan", [
          ["'once'", 93],
          ["'again'", 4],
          ["'parts'", 3],
        ])} as plan,
        ${choose("draw_method", [
          ["'card'", 70],
          ["'paypal'", 20],
          ["'transfer'", 10],
        ])} as method,
        not is_telephoned and method = 'card' and delivered is not null and refunded is null as may_return,
        may_return and ${chance("draw_returned", 0.02)} as returns,
        may_return and not returns and ${chance("draw_returned", 0.0235)} as disputes
      from drawn
    ),
    fated as (
      select * exclude (may_return, returns, disputes, draw_days),
        case when returns then delivered + 1 + (draw_days & 65535) % (60 - delivered) end as returned,
        case when returned < 60 and draw_days >> 30 = 0 then returned + 1 + (draw_days >> 16 & 4095) % (60 - returned) end
          as returned_again,
        case when disputes then settled + 7 + draw_days % 34 end as disputed,
        disputed + 15 + (draw_days >> 8) % 30 as decided
      from settled
    )`;
}

/** The tables `line` and `sale` from a table of orders with their fates. */
function linesAndSales(seed: number, money: Currencies, source: string): string[] {
  const draw = draws(seed, "orders");
  return [
    // Line 0 is that of an order without lines: it was placed by telephone, and its product is in its header.
    `create or replace temp table line as
      with drawn as (
        select n, day, customers, products, drift, is_telephoned, ${orderSecond(seed)} as second, ${draw("n", "lines")} as draw_lines
        from ${source}
      ),
      numbered as (
        select n, day, customers, products, drift, second, unnest(case when is_telephoned then [0] else
          ${choose("draw_lines", [
            ["[1]", 30],
            ["[1, 2]", 25],
            ["[1, 2, 3]", 20],
            ["[1, 2, 3, 4]", 13],
            ["[1, 2, 3, 4, 5]", 7],
            ["[1, 2, 3, 4, 5, 6]", 5],
          ])} end)::bigint as line
        from drawn
      ),
      keyed as (
        select *, n + greatest(line - 1, 0) * ${linesApart} as key from numbered
      ),
      ${basket(seed, "keyed")}
      select n::integer as n, line::utinyint as line, product::integer as product, quantity::utinyint as quantity,
        list_cents::integer as list_cents, unit_cents::integer as unit_cents, ${orderedAt} as ordered
      from basket`,
    `create or replace temp table sale as
      with totals as (
        select n, sum(quantity::integer * unit_cents)::bigint as total,
          min(case when line = 0 then product end) as product,
          min(case when line = 0 then quantity end) as quantity,
          min(case when line = 0 then unit_cents end) as unit_cents
        from line group by n
      ),
      drawn as (
        select *, ${orderSecond(seed)} as second, ${drawCustomer(seed)} from ${source}
      ),
      named as (
        select *, ${customer} as customer from drawn
      ),
      homed as (
        select *, ${drawHome(seed, "customer")} as draw_home from named
      )
      select homed.n::integer as n, day::integer as day, customer::integer as customer, second::integer as second,
        ${orderedAt} as ordered, ${offsets.map((name) => `${name}::utinyint as ${name}`).join(", ")}, cancelled,
        plan::enum('once', 'again', 'parts') as plan, method::enum('card', 'paypal', 'transfer') as method,
        totals.total::integer as total, totals.product, totals.quantity, totals.unit_cents, is_telephoned,
        (${currencyOf(money)})::enum(${[money.currency, ...money.currencies].map(literal).join(", ")}) as currency
      from homed join totals using (n)
      order by n`,
  ];
}

/** Whether an order was placed by telephone: it has no lines, is paid by invoice, and nobody visited the pages for it. */
function isTelephoned(seed: number): string {
  return chance(draws(seed, "orders")("n", "telephone"), 0.04);
}

/** The second of the day at which an order is placed. */
function orderSecond(seed: number): string {
  const draw = draws(seed, "orders");
  return `((${pick(draw("n", "hour"), 43200)} + ${pick(draw("n", "minute"), 43200)} + 10800) % 86400)`;
}

function drawCustomer(seed: number): string {
  const draw = draws(seed, "orders");
  return `
    ${draw("n", "customer-octave")} as draw_octave,
    ${draw("n", "customer-rank")} as draw_rank,
    ${draw("n", "customer-block")} as draw_block,
    ${draw("n", "customer-recent")} as draw_recent,
    -- A third of the orders come from the newest tenth of the customers.
    case when ${chance("draw_recent", 0.33)}
      then (customers + 79) // 80 - 1 - ${pick("draw_block", "((customers + 799) // 800)")}
      else ${pick("draw_block", "((customers + 79) // 80)")} end as block,
    ${pick("draw_octave", 6)} as octave`;
}

/** Who placed the order, from the columns of `drawCustomer`. */
const customer = `(1 + favourite(block, (1 << octave) - 1 + ${pick("draw_rank", "(1 << octave)")}, 80, customers))`;

/** From the column draw_home. */
function currencyOf({ currency, currencies }: Currencies): string {
  const branches = currencies.map((code) => {
    const places = (currencyCountries[code] ?? []).map((name) =>
      countries.findIndex((country) => country.name === name),
    );
    return `when ${chooseCountry("draw_home")} in (${places.join(", ")}) then ${literal(code)}`;
  });
  return branches.length === 0
    ? literal(currency)
    : `case ${branches.join(" ")} else ${literal(currency)} end`;
}

/** CTEs that end in `basket`: which product a `key` stands for, how many of it, and its price before and after the discount. */
function basket(seed: number, source: string): string {
  const draw = draws(seed, "orders");
  return `
    tasted as (
      select *,
        ${draw("key", "taste")} as draw_taste,
        ${draw("key", "category")} as draw_category,
        ${draw("key", "product")} as draw_product,
        ${draw("key", "product-rank")} as draw_product_rank,
        ${draw("key", "quantity")} as draw_quantity,
        ${draw("key", "discount")} as draw_discount
      from ${source}
    ),
    chosen as (
      select *,
        case when draw_taste < drift then ${chooseCategory("draw_category", 1)}
          else ${chooseCategory("draw_category", 0)} end as category_index,
        (products + 7 - category_index) // 8 as rivals,
        ${pick("draw_product_rank", 3)} as product_octave
      from tasted
    ),
    bought as (
      select *,
        1 + category_index + 8 * favourite(${pick("draw_product", "((rivals + 6) // 7)")},
          (1 << product_octave) - 1 + ((draw_product_rank & 65535) * (1 << product_octave) >> 16), 7, rivals) as product,
        ${choose("draw_quantity", [
          [1, 68],
          [2, 19],
          [3, 8],
          [4, 3],
          [5, 2],
        ])} as quantity,
        ${choose("draw_discount", [
          [100, 86],
          [95, 4],
          [90, 6],
          [85, 2],
          [80, 2],
        ])} as percent
      from chosen
    ),
    listed as (
      select *, ${priceTraits(seed, "product")} from bought
    ),
    basket as (
      select *,
        base_cents(category_index, subcategory_slot, draw_base) as base,
        (day + price_shift(draw_shift, period)) // period as version,
        price_cents(product, base, version) as list_cents,
        (list_cents * percent + 50) // 100 as unit_cents
      from listed
    )`;
}

/**
 * The macro `favourite(block, rank, size, count)`: which of `count` members a choice falls on when every block of
 * `size` members has the same order of popularity, scattered so that neighbours differ. Drawing the rank with
 * equal chance from the octaves 0, 1–2, 3–6, 7–14, … makes popularity fall as 1 / rank. A rank that is never drawn
 * leaves its members without any: of 80 customers, 17 never order.
 */
export const salesMacros = [
  `create macro member(block, rank, size) as block * size + (rank * 29 + block * 37) % size`,
  `create macro favourite(block, rank, size, count) as
    case
      when member(block, rank, size) < count then member(block, rank, size)
      when block > 0 then member(block - 1, rank, size)
      else member(block, rank, size) % count
    end`,
];

function chooseCategory(draw: string, era: 0 | 1): string {
  return choose(
    draw,
    categories.map((category, index) => [index, category.weight[era]] as const),
  );
}
