{{ config(materialized='table') }}
-- What was given back: Stripe's word before the payment's, the payment's before the order's.
with at_stripe as (
  select refund_id, charge_id, refunds.amount, refunds.currency, refunds.created_at, reason, 'stripe' as source, charges.order_id,
    coalesce(refunds.payment_intent_id, charges.payment_intent_id) as intent
  from {{ ref('stripe_refunds') }} as refunds left join {{ ref('stripe_charges') }} as charges using (charge_id)
  where refunds.status = 'succeeded'
  union all
  select dispute_id, charge_id, disputes.amount, disputes.currency, disputes.created_at,
    'dispute lost: ' || coalesce(reason, 'no reason given'), 'dispute', charges.order_id, charges.payment_intent_id
  from {{ ref('stripe_disputes') }} as disputes left join {{ ref('stripe_charges') }} as charges using (charge_id)
  where disputes.status = 'lost'
), paid as (
  select payment_id, order_id, transaction_id from {{ ref('payments') }} where transaction_id is not null
), given_back as (
  select refund_id, coalesce(by_charge.order_id, by_intent.order_id, at_stripe.order_id, 'Unknown') as order_id,
    coalesce(by_charge.payment_id, by_intent.payment_id) as payment_id, amount, currency, created_at as refunded_at, reason, source
  from at_stripe
  left join paid as by_charge on by_charge.transaction_id = at_stripe.charge_id
  left join paid as by_intent on by_intent.transaction_id = at_stripe.intent and by_charge.payment_id is null
  union all
  select 'payment:' || payment_id, coalesce(order_id, 'Unknown'), payment_id, amount, currency, updated_at, null, 'payment'
  from {{ ref('payments') }}
  where payment_status = 'refunded'
    and (transaction_id is null or transaction_id not in (
      select charge_id from {{ ref('stripe_charges') }}
      union all
      select payment_intent_id from {{ ref('stripe_charges') }} where payment_intent_id is not null))
  union all
  select 'order:' || order_id, order_id, null, total_amount, 'EUR', updated_at, null, 'order'
  from {{ ref('orders_clean') }}
  where status = 'refunded'
    and order_id not in (select order_id from {{ ref('payments') }} where order_id is not null)
    and order_id not in (select order_id from {{ ref('stripe_charges') }} where order_id is not null)
)
select refund_id, order_id, payment_id, amount, currency, refunded_at, refunded_at::date as refund_date, reason, source
from given_back
