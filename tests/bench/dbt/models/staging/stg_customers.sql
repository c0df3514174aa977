-- Lines of customers, typed, with the reasons for which silver refuses them.
select *,
  {{ reasons([
    "case when customer_id is null then 'customer_id is missing' end",
    "case when updated_at is null then 'updated_at is not a timestamp' end",
    "case when given_signup is not null and signup_date is null then 'signup_date is not a date' end",
  ]) }} as reasons
from (
  select {{ given('customer_id') }} as customer_id,
    {{ given('first_name') }} as first_name,
    {{ given('last_name') }} as last_name,
    lower({{ given('email') }}) as email,
    {{ given('phone') }} as phone,
    {{ given('city') }} as city,
    {{ given('region') }} as region,
    {{ given('country') }} as country,
    try_cast(signup_date as date) as signup_date,
    {{ given('signup_date') }} as given_signup,
    try_cast(updated_at as timestamp) as updated_at,
    {{ raw_row(['customer_id', 'first_name', 'last_name', 'email', 'phone', 'city', 'region', 'country', 'signup_date', 'updated_at',
      '_rescued_data']) }} as raw_row,
    source_file, source_row, source_load, ingested_at
  from {{ ref('customers_raw') }}
)
