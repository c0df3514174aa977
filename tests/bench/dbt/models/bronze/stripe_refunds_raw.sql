{{ landed_csv('stripe_refunds', [
  'refund_id', 'charge_id', 'payment_intent_id', 'amount', 'currency', 'status', 'reason', 'balance_transaction_id',
  'created', 'livemode', 'value'
]) }}
