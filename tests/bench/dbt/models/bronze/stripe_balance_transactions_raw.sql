{{ landed_csv('stripe_balance_transactions', [
  'balance_transaction_id', 'type', 'source_id', 'amount', 'fee', 'net', 'currency', 'created', 'available_on',
  'value'
]) }}
