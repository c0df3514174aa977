import { draws, pick } from "./random.js";
import { id, instant, money, type Entity, type FaultKind } from "./entity.js";

/** One fault in twenty is a null order_id, none of a file's first fifteen: so even a small file stays below 1 %. */
const orderFaults: readonly (readonly FaultKind[])[] = [
  ["duplicate", "untidy_status", "unknown_status", "malformed", "duplicate"],
  ["malformed", "untidy_status", "unknown_status", "null_customer_id", "duplicate"],
  ["duplicate", "untidy_status", "malformed", "duplicate", "unknown_status"],
  ["null_order_id", "untidy_status", "duplicate", "null_customer_id", "malformed"],
];

/**
 * Orders. An order passes through stages: placed (pending) → settled (completed or cancelled) → shipped → delivered → perhaps
 * refunded. Each stage falls on a later day than the one before (only settling may happen on the first day) and exports the
 * whole row again with a newer updated_at; shipping and delivery change nothing else. An order with lines has their products
 * there and not here.
 */
export function orders(seed: number): Entity {
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
    isOfSales: true,
    faults: orderFaults.flat(),
    pickHistory: () => `select ${picked} from sale`,
    pickDay: (day) => `
      select ${picked} from sale where list_contains([0, settled, shipped, delivered, refunded], ${day} - day)`,
    render: (asOf) => `
      with staged as (
        select *, rowid as position, ${stage(asOf)} as stage from picked
      )
      select
        ${id("O", "n", 8)} as order_id,
        ${id("C", "customer", 6)} as customer_id,
        ${id("P", "product", 5)} as product_id,
        quantity,
        ${money("unit_cents")} as unit_price,
        ${money("total")} as total_amount,
        ${instant("ordered")} as order_date,
        case
          when stage = 0 then 'pending'
          when stage = 4 then 'refunded'
          when cancelled then 'cancelled'
          else 'completed'
        end as status,
        ${instant(`case stage
          when 4 then ${stageInstant(seed, 4, "refunded")}
          when 3 then ${stageInstant(seed, 3, "delivered")}
          when 2 then ${stageInstant(seed, 2, "shipped")}
          when 1 then ${settledInstant(seed)}
          else ordered end`)} as updated_at,
        position
      from staged`,
  };
}

const picked =
  "n, day, customer, product, quantity, unit_cents, total, ordered, second, settled, shipped, delivered, refunded, cancelled";

/** How far an order is at the end of a day. */
const stage = (asOf: number) => `
  case
    when ${asOf} - day >= refunded then 4
    when ${asOf} - day >= delivered then 3
    when ${asOf} - day >= shipped then 2
    when ${asOf} - day >= settled then 1
    else 0
  end`;

/** When an order of `sale` was settled, in seconds since 1970: never before it was placed. */
export const settledInstant = (seed: number) => {
  const drawn = draws(seed, "orders")("n * 8 + 1", "second");
  return `case when settled = 0 then ordered + ${pick(drawn, "(86400 - second)")} else ${stageInstant(seed, 1, "settled")} end`;
};

/** When an order of `sale` was refunded. */
export const refundedInstant = (seed: number) => stageInstant(seed, 4, "refunded");

const stageInstant = (seed: number, number: number, days: string) =>
  `((day + ${days})::bigint * 86400 + ${pick(draws(seed, "orders")(`n * 8 + ${number}`, "second"), 86400)})`;
