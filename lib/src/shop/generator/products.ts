import { categories, colours, seriesNames, type Subcategory } from "./assortment.js";
import type { Day } from "./calendar.js";
import { chance, draws, pick } from "./random.js";
import { type Entity, id, instantOf, money } from "./entity.js";
import { createTable } from "./tables.js";

/** Products. A product's price changes at midnight every `period` days; the number of changes is its version. */
export function products(seed: number): Entity {
  const draw = draws(seed, "products");
  return {
    name: "products",
    columns: [
      "product_id",
      "product_name",
      "category",
      "subcategory",
      "brand",
      "price",
      "cost",
      "updated_at",
    ],
    faults: ["duplicate", "malformed"],
    pickHistory: (to) => `select n, day from product where day <= ${to} order by n`,
    pickDay: (day) => `
      select n, day from product
      where day <= ${day} and (day = ${day} or (${day} + shift) % period = 0)
      order by n`,
    render: (asOf) => `
      with states as (
        select product.*, picked.rowid as position,
          (${asOf} + shift) // period as version,
          (${asOf} + shift) // period - (product.day + shift) // period as changes,
          changes >= rebrands_at as rebranded,
          changes >= moves_at as moved
        from picked join product using (n)
      )
      select
        ${id("P", "n", 5)} as product_id,
        brand.brand || ' ' || series || ' ' || thing || colour
          || case when changes >= renewed_at then ' (New Edition)' else '' end as product_name,
        case when moved then moves else category end as category,
        subcategory,
        brand.brand,
        ${money("price_cents(n, base, version)")} as price,
        ${money("base * cost_percent * (1000 + 8 * (version - first_version)) // 100000")} as cost,
        case when changes = 0 then ${instantOf("states.day", pick(draw("n", "second"), 86400))}
          else ${instantOf("(version * period - shift)", "0")} end as updated_at,
        position
      from states
      join brand on brand.category_index = states.category_index
        and brand.slot = (brand_slot + case when rebranded then 1 else 0 end) % 6
      order by position`,
  };
}

/**
 * Set up once per database: each product's fixed traits, and the macro `price_cents(n, base, version)`. Prices rise by
 * about 1.2 % with each version, some less and some more, and end in 9.
 */
export function productTables(seed: number, opening: Day): string[] {
  const draw = draws(seed, "products");
  const subcategories = categories.flatMap((category, index) =>
    category.subcategories.map((sub, slot) => [index, slot, category.name, sub.name, sub.moves ?? ""]),
  );
  const things = categories.flatMap((category, index) =>
    category.subcategories.flatMap((sub, slot) =>
      sub.things.map((thing, kind) => [index, slot, kind, thing]),
    ),
  );
  const brands = categories.flatMap((category, index) =>
    category.brands.map((brand, slot) => [index, slot, brand]),
  );
  return [
    createTable("subcategory", ["category_index", "slot", "category", "subcategory", "moves"], subcategories),
    createTable("thing", ["category_index", "slot", "kind", "thing"], things),
    createTable("brand", ["category_index", "slot", "brand"], brands),
    createTable(
      "series",
      ["slot", "series"],
      seriesNames.map((series, slot) => [slot, series]),
    ),
    createTable(
      "colour",
      ["slot", "colour"],
      colours.map((colour, slot) => [slot, colour]),
    ),
    // A product's price is computed from its number only, so that ten million orders need no join.
    `create macro base_cents(category_index, slot, draw_base) as
      (${priceList((sub) => sub.price[0])})[1 + category_index * 5 + slot]
      + (draw_base * draw_base >> 30)
        * (${priceList((sub) => sub.price[1] - sub.price[0])})[1 + category_index * 5 + slot] // 4294967296`,
    `create macro price_shift(draw_shift, period) as draw_shift % period - ${opening}`,
    `create macro list_cents(cents) as
      case when cents < 2000 then cents // 10 * 10 + 9 else cents // 50 * 50 + 49 end`,
    `create macro price_cents(n, base, version) as list_cents(
      base * (960 + 12 * version + ${pick(draw("n * 1024 + version", "price"), 90)}) // 1000)`,
    `create table product as
      with launched as (
        select day, unnest(range(products_before + 1, products_after + 1)) as n from calendar
      ),
      drawn as (
        select n, day, (n - 1) % 8 as category_index,
          ${pick(draw("n", "thing"), 4)} as kind,
          ${pick(draw("n", "brand"), 6)} as brand_slot,
          ${pick(draw("n", "series"), seriesNames.length)} as series_slot,
          ${draw("n", "colour")} as draw_colour,
          ${pick(draw("n", "cost"), 25)} + 45 as cost_percent,
          ${priceTraits(seed, "n")},
          ${draw("n", "fate")} as draw_fate,
          1 + ${pick(draw("n", "when"), 16)} as fateful_version
        from launched
      )
      select n, day, drawn.category_index, category, subcategory, moves, brand_slot, series, thing, period, cost_percent,
        price_shift(draw_shift, period) as shift,
        (drawn.day + shift) // period as first_version,
        base_cents(drawn.category_index, subcategory_slot, draw_base) as base,
        case when ${chance("draw_colour", 0.3)} and category in (${coloured}) then ', ' || colour else '' end
          as colour,
        case when ${chance("draw_fate", 0.1)} then fateful_version end as renewed_at,
        case when ${chance("draw_fate", 0.03)} then fateful_version end as rebrands_at,
        case when moves <> '' and not ${chance("draw_fate", 0.75)} then fateful_version end as moves_at
      from drawn
      join subcategory
        on subcategory.category_index = drawn.category_index and subcategory.slot = subcategory_slot
      join thing
        on thing.category_index = drawn.category_index and thing.slot = subcategory_slot and thing.kind = drawn.kind
      join series on series.slot = series_slot
      join colour on colour.slot = draw_colour % 8`,
  ];
}

/** The columns subcategory_slot, draw_base, period and draw_shift of product `n`, which determine its price. */
export function priceTraits(seed: number, n: string): string {
  const draw = draws(seed, "products");
  return `
    ${pick(draw(n, "subcategory"), 5)} as subcategory_slot,
    ${draw(n, "price")} >> 1 as draw_base,
    90 + ${pick(draw(n, "period"), 150)} as period,
    ${draw(n, "shift")} as draw_shift`;
}

/** An amount for every subcategory in cents, as an SQL list ordered by category and subcategory. */
function priceList(amount: (sub: Subcategory) => number): string {
  const cents = categories.flatMap((category) => category.subcategories.map((sub) => amount(sub) * 100));
  return `[${cents.join(", ")}]::bigint[]`;
}

/** The categories whose products have colours. */
const coloured = "'Electronics', 'Fashion', 'Home & Kitchen', 'Sports & Outdoors'";
