{{ config(unique_key='order_id', incremental_strategy='merge') }}
-- An order as its newest line says, tied to the customer's version of its day. A late change of a customer moves orders that are here
-- already to another version.
with versions as (
  select customer_id, surrogate_key,
    case when effective_start_date = min(effective_start_date) over (partition by customer_id)
      then '-infinity'::timestamp else effective_start_date end as holds_from,
    coalesce(effective_end_date, 'infinity'::timestamp) as holds_until,
    loaded_at
  from {{ ref('dim_customers') }}
), new as (
  select order_id, customer_id, product_id, quantity::int as quantity, unit_price, total_amount, order_date, status, updated_at,
    source_file, source_row, source_load
  from {{ ref('stg_orders') }}
  where len(reasons) = 0 and ingested_at > {{ since() }}
  qualify row_number() over (partition by order_id order by updated_at desc, source_file desc, source_row desc) = 1
), newest as (
  select new.*
  from new
  {% if is_incremental() %}
    left join {{ this }} as kept using (order_id)
  where kept.order_id is null
    or (new.updated_at, new.source_file, new.source_row) >= (kept.updated_at, kept.source_file, kept.source_row)
  {% endif %}
), tied as (
  select newest.*, versions.surrogate_key as customer_key
  from newest left join versions
    on versions.customer_id = newest.customer_id
    and newest.order_date >= versions.holds_from and newest.order_date < versions.holds_until
  {% if is_incremental() %}
  union all by name
  select kept.* exclude (customer_key, loaded_at, change_lsn), versions.surrogate_key as customer_key
  from {{ this }} as kept join versions
    on versions.customer_id = kept.customer_id
    and kept.order_date >= versions.holds_from and kept.order_date < versions.holds_until
  where versions.loaded_at > {{ since() }}
    and kept.customer_key is distinct from versions.surrogate_key
    and kept.order_id not in (select order_id from newest)
  {% endif %}
)
select order_id, customer_id, customer_key, product_id, quantity, unit_price, total_amount, order_date, status, updated_at,
  source_file, source_row, source_load, null::bigint as change_lsn, {{ now() }} as loaded_at
from tied
