{{ landed_csv('products', ['product_id', 'product_name', 'category', 'subcategory', 'brand', 'price', 'cost', 'updated_at']) }}
