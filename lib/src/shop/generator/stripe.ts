import type { Day } from "./calendar.js";
import { id, type Entity, type EntityName } from "./entity.js";
import { balanceId, chargeId, disputeId, intentId, latestBefore, refundId } from "./payments.js";

/** What Stripe takes: 1.5 % and 25 cents of a charge, 15 of a dispute; what it takes of a charge stays when the charge is given back. */
const chargeFee = "((cents * 15 + 500) // 1000 + 25)";
const disputeFee = 1500;

/** When the money of a charge can be paid out. */
const daysUntilAvailable = 3;

/** The objects that Stripe keeps of the payments by card. Each is exported again when it changes. */
export const stripeEntities: readonly Entity[] = [
  ofStripe(
    "stripe_charges",
    {
      charge_id: chargeId,
      payment_intent_id: intentId,
      order_id: id("O", "n", 8),
      amount: "cents",
      amount_refunded: "given_back",
      currency: "code",
      status: "state",
      balance_transaction_id: `case when state = 'succeeded' then ${balanceId("'c'")} end`,
      created: "charged",
      livemode: "false",
    },
    {
      id: "charge_id",
      object: "'charge'",
      amount: "amount",
      amount_captured: "case when status = 'succeeded' then amount else 0 end",
      amount_refunded: "amount_refunded",
      balance_transaction: "balance_transaction_id",
      captured: "status = 'succeeded'",
      created: "created",
      currency: "currency",
      disputed: "is_disputed",
      failure_code: "case when status = 'failed' then 'card_declined' end",
      livemode: "livemode",
      metadata: { order_id: "order_id" },
      paid: "status = 'succeeded'",
      payment_intent: "payment_intent_id",
      payment_method_details: { card: { brand: "brand" }, type: "'card'" },
      refunded: "amount_refunded = amount",
      status: "status",
    },
    (since, until) => `
      with known as (
        select *,
          ${latestBefore(until, "charged", "refunds", "returns", "returns_again", "disputes")} as changed,
          case when outcome = 'completed' then 'succeeded' else 'failed' end as state,
          case when refunds < ${until} then cents else
            case when returns < ${until} then returned_cents else 0 end
            + case when returns_again < ${until} then again_cents else 0 end
          end as given_back
        from payment where charged < ${until}
      )
      select n, k, is_refused, cents, lower(currency) as code, charged, state,
        case when state = 'succeeded' then given_back else 0 end as given_back,
        coalesce(disputes < ${until}, false) as is_disputed,
        case n % 3 when 0 then 'mastercard' else 'visa' end as brand
      from known where changed >= ${since}`,
  ),
  ofStripe(
    "stripe_refunds",
    {
      refund_id: refundId,
      charge_id: chargeId,
      payment_intent_id: intentId,
      amount: "cents",
      currency: "code",
      status: "'succeeded'",
      reason: "'requested_by_customer'",
      balance_transaction_id: balanceId("'r' || part"),
      created: "happened",
      livemode: "false",
    },
    {
      id: "refund_id",
      object: "'refund'",
      amount: "amount",
      balance_transaction: "balance_transaction_id",
      charge: "charge_id",
      created: "created",
      currency: "currency",
      metadata: {},
      payment_intent: "payment_intent_id",
      reason: "reason",
      status: "status",
    },
    (since, until) => `
      select n, k, is_refused, part, part_cents as cents, lower(currency) as code, happened from (${refunds})
      where happened >= ${since} and happened < ${until}`,
  ),
  ofStripe(
    "stripe_disputes",
    {
      dispute_id: disputeId,
      charge_id: chargeId,
      amount: "cents",
      currency: "code",
      status: "state",
      reason:
        "case n % 5 when 0 then 'product_not_received' when 1 then 'product_unacceptable' else 'fraudulent' end",
      created: "disputes",
      livemode: "false",
    },
    {
      id: "dispute_id",
      object: "'dispute'",
      amount: "amount",
      charge: "charge_id",
      created: "created",
      currency: "currency",
      is_charge_refundable: "false",
      livemode: "livemode",
      metadata: {},
      payment_intent: intentId,
      reason: "reason",
      status: "status",
    },
    (since, until) => `
      select n, k, is_refused, cents, lower(currency) as code, disputes,
        case when decides < ${until} then case when is_won then 'won' else 'lost' end else 'needs_response' end as state
      from payment
      where disputes < ${until} and ${latestBefore(until, "disputes", "decides")} >= ${since}`,
  ),
  ofStripe(
    "stripe_balance_transactions",
    {
      balance_transaction_id: balanceId("move || part"),
      type: "case move when 'c' then 'charge' when 'r' then 'refund' else 'adjustment' end",
      source_id: `case move when 'c' then ${chargeId} when 'r' then ${refundId} else ${disputeId} end`,
      amount: "moved",
      fee: "taken",
      net: "moved - taken",
      currency: "code",
      created: "happened",
      available_on: `(happened // 86400 + ${daysUntilAvailable}) * 86400`,
    },
    {
      id: "balance_transaction_id",
      object: "'balance_transaction'",
      amount: "amount",
      available_on: "available_on",
      created: "created",
      currency: "currency",
      fee: "fee",
      net: "net",
      reporting_category: `case move when 'a' then 'dispute' when 'w' then 'dispute_reversal' else type end`,
      source: "source_id",
      type: "type",
    },
    (since, until) => `
      select * from (
        select n, k, 'c' as move, '' as part, cents as moved, ${chargeFee} as taken, lower(currency) as code, charged as happened
        from payment where outcome = 'completed' and charged is not null
        union all
        select n, k, 'r', part, -part_cents, 0, lower(currency), happened from (${refunds})
        union all
        select n, k, 'a', '', -cents, ${disputeFee}, lower(currency), disputes from payment where disputes is not null
        union all
        select n, k, 'w', '', cents, 0, lower(currency), decides from payment where decides is not null and is_won
      ) where happened >= ${since} and happened < ${until}
      order by n, k, move, part`,
  ),
];

/** Every refund of a charge: its `part` is a letter, since a part of a charge may be given back twice. */
const refunds = `
  select n, k, is_refused, currency, unnest([
    struct_pack(part := 'a', part_cents := cents, happened := refunds),
    struct_pack(part := 'b', part_cents := returned_cents, happened := returns),
    struct_pack(part := 'c', part_cents := again_cents, happened := returns_again)], recursive := true)
  from payment
  where outcome = 'completed' and charged is not null and (refunds is not null or returns is not null)`;

/** Fields of a JSON object: SQL of their values, or objects. */
interface Fields {
  readonly [name: string]: string | Fields;
}

/**
 * @param columns the export's, as SQL over the picked rows
 * @param value the whole object as Stripe's API gives it, as SQL over the picked rows and the columns
 * @param pickRows the objects that appear or change between two instants, in seconds since 1970
 */
function ofStripe(
  name: EntityName,
  columns: Readonly<Record<string, string>>,
  value: Fields,
  pickRows: (since: number, until: number) => string,
): Entity {
  const pickDays = (from: Day, to: Day) => pickRows(from * 86_400, (to + 1) * 86_400);
  const selected = Object.entries(columns).map(([column, sql]) => `${sql} as ${column}`);
  return {
    name,
    columns: [...Object.keys(columns), "value"],
    isOfSales: true,
    faults: ["duplicate"],
    pickHistory: (to) => pickDays(0, to),
    pickDay: (day) => pickDays(day, day),
    render: () => `
      select *, ${jsonOf(value)} as value
      from (select *, rowid as position, ${selected.join(", ")} from picked)`,
  };
}

function jsonOf(fields: Fields): string {
  const members = Object.entries(fields).map(
    ([name, value]) => `'${name}', ${typeof value === "string" ? value : jsonOf(value)}`,
  );
  return `json_object(${members.join(", ")})`;
}
