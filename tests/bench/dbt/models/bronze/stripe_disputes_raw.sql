{{ landed_csv('stripe_disputes', [
  'dispute_id', 'charge_id', 'amount', 'currency', 'status', 'reason', 'created', 'livemode', 'value'
]) }}
