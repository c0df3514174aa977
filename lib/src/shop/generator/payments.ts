import type { Day } from "./calendar.js";
import { id, instant, money, type Entity } from "./entity.js";
import { refundedInstant, settledInstant } from "./orders.js";
import { chance, choose, draws, pick } from "./random.js";

/**
 * The table `payment`: every payment of the orders in `sale`, with the instants of what happens to it in seconds since 1970, null
 * for what never does. Most orders are paid once, some after a card was refused, some in two parts. A payment is made when its order is
 * settled. An order by telephone has none.
 */
export function paymentTable(seed: number): string {
  const draw = draws(seed, "orders");
  const at = (days: string, salt: string) =>
    `(day + ${days})::bigint * 86400 + ${pick(draw("n", salt), 86400)}`;
  return `create or replace temp table payment as
    with numbered as (
      select *, unnest(case plan when 'once' then [1] else [1, 2] end) as k from sale where not is_telephoned
    ),
    shared as (
      select *, plan = 'again' and k = 1 as is_refused,
        k = case when plan = 'again' then 2 else 1 end as is_main,
        total * (20 + ${pick(draw("n", "part"), 60)}) // 100 as first_part
      from numbered
    ),
    paid as (
      select *,
        case when plan <> 'parts' then total when k = 1 then first_part else total - first_part end as cents,
        case
          when is_refused then 'card'
          when is_main then method
          else ${choose(draw("n", "second-method"), [
            ["'card'", 70],
            ["'paypal'", 30],
          ])}
        end as paid_by,
        case when not is_refused then ${settledInstant(seed)} end as settles,
        case
          when is_refused then 'failed'
          when not cancelled then 'completed'
          when ${chance(draw("n", "cancelled"), 0.3)} then 'failed'
          else 'cancelled'
        end as outcome,
        case when is_main then returned end as returned_days,
        case when is_main then returned_again end as again_days,
        case when is_main then disputed end as disputed_days
      from shared
    )
    select n, k::utinyint as k, ordered, cents::integer as cents, paid_by::enum('card', 'paypal', 'transfer') as paid_by, currency,
      is_refused, outcome::enum('completed', 'failed', 'cancelled') as outcome, settles::uinteger as settles,
      (case when is_refused then ordered else settles end)::uinteger as ends,
      case when paid_by = 'card' and outcome <> 'cancelled' then ends end as charged,
      (case when not is_refused then ${refundedInstant(seed)} end)::uinteger as refunds,
      (${at("returned_days", "returned-second")})::uinteger as returns,
      (${at("again_days", "again-second")})::uinteger as returns_again,
      (cents * (10 + ${pick(draw("n", "returned-part"), 46)}) // 100)::integer as returned_cents,
      (cents * (10 + ${pick(draw("n", "again-part"), 31)}) // 100)::integer as again_cents,
      (${at("disputed_days", "disputed-second")})::uinteger as disputes,
      (case when disputes is not null then ${at("decided", "decided-second")} end)::uinteger as decides,
      ${chance(draw("n", "won"), 0.4)} as is_won
    from paid`;
}

/** The numbers that Stripe gives: of the charge, the payment intent, the refund, the dispute, the change of the balance. */
const stripeNumber = (prefix: string, ...parts: string[]) =>
  `${id(`${prefix}_3sim`, "n", 8)} || ${parts.join(" || ")}`;
export const chargeId = stripeNumber("ch", "k");
/** A refused card and the charge that follows belong to one intent. */
export const intentId = stripeNumber("pi", "case when is_refused then 2 else k end");
export const refundId = stripeNumber("re", "k", "part");
export const disputeId = stripeNumber("dp", "k");
export const balanceId = (kind: string) => stripeNumber("txn", "k", kind);

/** The latest of some instants that lie before `until`. */
export const latestBefore = (until: number, ...instants: readonly string[]) =>
  `greatest(${instants.map((at) => `case when ${at} < ${until} then ${at} end`).join(", ")})`;

export const payments: Entity = {
  name: "payments",
  columns: [
    "payment_id",
    "order_id",
    "amount",
    "currency",
    "payment_method",
    "payment_status",
    "transaction_id",
    "payment_date",
    "updated_at",
  ],
  isOfSales: true,
  faults: [
    "duplicate",
    "untidy_status",
    "malformed",
    "unknown_status",
    "duplicate",
    "untidy_status",
    "malformed",
    "null_order_id",
  ],
  pickHistory: (to) => pickPayments(0, to),
  pickDay: (day) => pickPayments(day, day),
  render: () => `
    select
      ${id("PAY", "n", 8)} || '-' || k as payment_id,
      ${id("O", "n", 8)} as order_id,
      ${money("cents")} as amount,
      currency,
      paid_by as payment_method,
      status as payment_status,
      case
        when paid_by = 'card' and charge_made then ${chargeId}
        when paid_by <> 'card' and paid is not null then case paid_by when 'paypal' then 'PP' else 'BT' end || n || '-' || k
      end as transaction_id,
      ${instant("coalesce(paid, ordered)")} as payment_date,
      ${instant("changed")} as updated_at,
      rowid as position
    from picked`,
};

/** The payments that appear or change in some days, as they are at the end of the last. */
function pickPayments(from: Day, to: Day): string {
  const [since, until] = [from * 86_400, (to + 1) * 86_400];
  return `
    with known as (
      select *,
        ${latestBefore(until, "ordered", "ends", "refunds", "returns", "returns_again")} as changed,
        coalesce(charged < ${until}, false) as charge_made,
        case when outcome = 'completed' and settles < ${until} or charge_made then ends end as paid,
        case
          when ends is null or ends >= ${until} then 'pending'
          when outcome <> 'completed' then outcome
          when refunds < ${until} then 'refunded'
          when returns < ${until} then 'partially_refunded'
          else 'completed'
        end as status
      from payment
    )
    select n, k, is_refused, ordered, cents, currency, paid_by, charge_made, paid, status, changed
    from known where changed >= ${since}`;
}
