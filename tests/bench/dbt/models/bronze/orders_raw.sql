{{ landed_csv('orders', ['order_id', 'customer_id', 'product_id', 'quantity', 'unit_price', 'total_amount', 'order_date',
  'status', 'updated_at']) }}
