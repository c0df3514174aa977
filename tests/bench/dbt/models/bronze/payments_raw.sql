{{ landed_csv('payments', [
  'payment_id', 'order_id', 'amount', 'currency', 'payment_method', 'payment_status', 'transaction_id',
  'payment_date', 'updated_at'
]) }}
