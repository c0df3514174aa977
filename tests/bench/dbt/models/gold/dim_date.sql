-- The calendar.
with days as (
  select unnest(generate_series(
    make_date(coalesce((select least(year(min(order_date)), 2000) from {{ ref('orders_clean') }}), 2000), 1, 1),
    make_date(coalesce((select greatest(year(max(order_date)), 2040) from {{ ref('orders_clean') }}), 2040), 12, 31), interval 1 day))::date as date
)
select date, year(date)::int as year, quarter(date)::int as quarter, month(date)::int as month, day(date)::int as day,
  monthname(date) as month_name, date_trunc('month', date)::date as month_start, date_trunc('quarter', date)::date as quarter_start,
  weekofyear(date)::int as week, isoyear(date)::int as week_year, date_trunc('week', date)::date as week_start,
  isodow(date)::int as weekday, dayname(date) as weekday_name, isodow(date) > 5 as is_weekend, null::varchar as holiday,
  year(date)::int as fiscal_year, quarter(date)::int as fiscal_quarter,
  {{ now() }} as updated_at
from days
