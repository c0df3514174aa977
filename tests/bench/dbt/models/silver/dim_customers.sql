{{ config(unique_key='customer_id', incremental_strategy='delete+insert') }}
-- The history of each customer who has a new line, made anew from all their lines.
with lines as (
  select * from {{ ref('stg_customers') }}
  where len(reasons) = 0
  {% if is_incremental() %}
    and customer_id in (
      select customer_id from {{ ref('stg_customers') }} where len(reasons) = 0 and ingested_at > {{ since() }})
  {% endif %}
), latest as (
  select *, row(first_name, last_name, email, phone, city, region, country, signup_date) as attributes from lines
  qualify row_number() over (partition by customer_id, updated_at order by source_file desc, source_row desc) = 1
), versions as (
  select * from latest
  qualify lag(attributes) over (partition by customer_id order by updated_at) is distinct from attributes
)
select md5(customer_id || '|' || epoch_us(updated_at)) as surrogate_key,
  customer_id, first_name, last_name, email, phone, city, region, country, signup_date,
  updated_at as effective_start_date,
  lead(updated_at) over (partition by customer_id order by updated_at) as effective_end_date,
  effective_end_date is null as is_current,
  case when not is_current then 'changed' end as end_reason,
  {{ now() }} as loaded_at
from versions
