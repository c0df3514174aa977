{{ config(incremental_strategy='append') }}
-- The rows that silver refuses, with their reasons.
{% for table, staged in [('dim_products', 'stg_products'), ('dim_customers', 'stg_customers'), ('orders_clean', 'stg_orders'),
  ('clickstream_clean', 'stg_clickstream'), ('order_items', 'stg_order_items'), ('payments', 'stg_payments'),
  ('marketing_spend', 'stg_marketing_spend'), ('campaigns', 'stg_campaigns'), ('stripe_charges', 'stg_stripe_charges'),
  ('stripe_refunds', 'stg_stripe_refunds'), ('stripe_disputes', 'stg_stripe_disputes'),
  ('stripe_balance_transactions', 'stg_stripe_balance_transactions')] %}
{{ 'union all' if not loop.first }}
select 'silver.{{ table }}' as table_name, reasons, raw_row, source_file, source_row, {{ now() }} as rejected_at,
  '{{ invocation_id }}' as run_id
from {{ ref(staged) }}
where len(reasons) > 0 and ingested_at > {{ since('rejected_at') }}
{% endfor %}
