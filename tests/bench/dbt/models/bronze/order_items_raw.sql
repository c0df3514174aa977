{{ landed_csv('order_items', [
  'order_item_id', 'order_id', 'product_id', 'quantity', 'unit_price', 'discount', 'updated_at'
]) }}
