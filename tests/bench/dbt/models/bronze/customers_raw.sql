{{ landed_csv('customers', ['customer_id', 'first_name', 'last_name', 'email', 'phone', 'city', 'region', 'country',
  'signup_date', 'updated_at']) }}
