import { categories } from "./assortment.js";
import { chance, choose, draws, pick } from "./random.js";
import { id, instant, money, type Entity, type FaultKind } from "./entity.js";
import { priceTraits } from "./products.js";

/** An order changes within this many days after it was placed: the sum of its longest stages, 9 + 2 + 4 + 18. */
const lifetime = 33;

/** One fault in twenty is a null order_id, none of a file's first fifteen: so even a small file stays below 1 %. */
const orderFaults: readonly (readonly FaultKind[])[] = [
  ["duplicate", "untidy_status", "unknown_status", "null_quantity", "malformed"],
  ["duplicate", "untidy_status", "unknown_status", "null_customer_id", "duplicate"],
  ["null_quantity", "untidy_status", "malformed", "duplicate", "unknown_status"],
  ["null_order_id", "null_quantity", "untidy_status", "null_customer_id", "duplicate"],
];

/** Orders by number, with the customers and products that existed on their day. */
const placed = `
  select unnest(range(orders_before + 1, orders_after + 1)) as n, day,
    customers_before as customers, products_before as products, drift
  from calendar`;

/**
 * Orders. Numbers follow the calendar; who bought what follows from the number. An order passes through stages:
 * placed (pending) → settled (completed or cancelled) → shipped → delivered → perhaps refunded. Each stage falls on
 * a later day than the one before (only settling may happen on the first day) and exports the whole row again with a newer
 * updated_at; shipping and delivery change nothing else.
 */
export function orders(seed: number): Entity {
  const draw = draws(seed, "orders");
  const lives = stages(seed);
  return {
    name: "orders",
    columns: [
      "order_id",
      "customer_id",
      "product_id",
      "quantity",
      "unit_price",
      "total_amount",
      "order_date",
      "status",
      "updated_at",
    ],
    faults: orderFaults.flat(),
    pickHistory: (to) => `
      ${placed} where day <= ${to}`,
    pickDay: (day) => `
      with recent as (
        ${placed} where day between ${day - lifetime} and ${day}
      ),
      ${lives("recent")}
      select n, day, customers, products, drift from lives
      where ${day} - day = 0 or ${day} - day = settled or ${day} - day = shipped
        or ${day} - day = delivered or ${day} - day = refunded`,
    render: (asOf) => `
      with placed as (
        select n, day, customers, products, drift, rowid as position, ${asOf} - day as age from picked
      ),
      ${lives("placed")},
      drawn as (
        select *,
          ${draw("n", "customer-octave")} as draw_octave,
          ${draw("n", "customer-rank")} as draw_rank,
          ${draw("n", "customer-block")} as draw_block,
          ${draw("n", "customer-recent")} as draw_recent,
          ${draw("n", "taste")} as draw_taste,
          ${draw("n", "category")} as draw_category,
          ${draw("n", "product")} as draw_product,
          ${draw("n", "product-rank")} as draw_product_rank,
          ${draw("n", "quantity")} as draw_quantity,
          ${draw("n", "discount")} as draw_discount,
          (${pick(draw("n", "hour"), 43200)} + ${pick(draw("n", "minute"), 43200)} + 10800) % 86400 as second,
          case
            when age >= refunded then 4
            when age >= delivered then 3
            when age >= shipped then 2
            when age >= settled then 1
            else 0
          end as stage,
          ${draw("n * 8 + stage", "second")} as draw_second
        from lives
      ),
      chosen as (
        select *,
          -- A third of the orders come from the newest tenth of the customers.
          case when ${chance("draw_recent", 0.33)}
            then (customers + 79) // 80 - 1 - ${pick("draw_block", "((customers + 799) // 800)")}
            else ${pick("draw_block", "((customers + 79) // 80)")} end as block,
          ${pick("draw_octave", 6)} as octave,
          case when draw_taste < drift then ${chooseCategory("draw_category", 1)}
            else ${chooseCategory("draw_category", 0)} end as category_index,
          (products + 7 - category_index) // 8 as rivals,
          ${pick("draw_product_rank", 3)} as product_octave
        from drawn
      ),
      bought as (
        select *,
          1 + favourite(block, (1 << octave) - 1 + ${pick("draw_rank", "(1 << octave)")}, 80, customers) as customer,
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
      priced as (
        select *,
          base_cents(category_index, subcategory_slot, draw_base) as base,
          (day + price_shift(draw_shift, period)) // period as version,
          (price_cents(product, base, version) * percent + 50) // 100 as unit_cents
        from listed
      )
      select
        ${id("O", "n", 8)} as order_id,
        ${id("C", "customer", 6)} as customer_id,
        ${id("P", "product", 5)} as product_id,
        quantity,
        ${money("unit_cents")} as unit_price,
        ${money("unit_cents * quantity")} as total_amount,
        ${instant("day", "second")} as order_date,
        case
          when stage = 0 then 'pending'
          when stage = 4 then 'refunded'
          when cancelled then 'cancelled'
          else 'completed'
        end as status,
        ${instant(
          "(day + case stage when 4 then refunded when 3 then delivered when 2 then shipped when 1 then settled else 0 end)",
          `case
            when stage = 0 then second
            when stage = 1 and settled = 0 then second + ${pick("draw_second", "(86400 - second)")}
            else ${pick("draw_second", 86400)}
          end`,
        )} as updated_at,
        position
      from priced`,
  };
}

/**
 * The macro `favourite(block, rank, size, count)`: which of `count` members a choice falls on when every block of
 * `size` members has the same order of popularity, scattered so that neighbours differ. Drawing the rank with
 * equal chance from the octaves 0, 1–2, 3–6, 7–14, … makes popularity fall as 1 / rank. A rank that is never drawn
 * leaves its members without any: of 80 customers, 17 never order.
 */
export const orderMacros = [
  `create macro member(block, rank, size) as block * size + (rank * 29 + block * 37) % size`,
  `create macro favourite(block, rank, size, count) as
    case
      when member(block, rank, size) < count then member(block, rank, size)
      when block > 0 then member(block - 1, rank, size)
      else member(block, rank, size) % count
    end`,
];

/** Adds the days from placing the order to each stage; null where an order never reaches the stage. */
function stages(seed: number): (source: string) => string {
  const draw = draws(seed, "orders");
  return (source) => `
    fates as (
      select *,
        ${draw("n", "settled")} as draw_settled,
        ${draw("n", "fate")} as draw_fate,
        ${draw("n", "parcel")} as draw_parcel
      from ${source}
    ),
    lives as (
      select *,
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
        case when not ${chance("draw_fate", 0.955)} then delivered + 1 + (draw_parcel >> 8) % 18 end as refunded
      from fates
    )`;
}

function chooseCategory(draw: string, era: 0 | 1): string {
  return choose(
    draw,
    categories.map((category, index) => [index, category.weight[era]] as const),
  );
}
