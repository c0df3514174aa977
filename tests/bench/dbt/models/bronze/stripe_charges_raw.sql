{{ landed_csv('stripe_charges', [
  'charge_id', 'payment_intent_id', 'order_id', 'amount', 'amount_refunded', 'currency', 'status',
  'balance_transaction_id', 'created', 'livemode', 'value'
]) }}
