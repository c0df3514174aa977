-- The floor's tables: the columns of the contracts, and nothing of the framework's.
create schema if not exists bronze;
create schema if not exists silver;
create schema if not exists gold;

create table if not exists bronze.customers_raw (
  customer_id varchar, first_name varchar, last_name varchar, email varchar, phone varchar, city varchar,
  region varchar, country varchar, signup_date varchar, updated_at varchar,
  _rescued_data varchar, source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists bronze.products_raw (
  product_id varchar, product_name varchar, category varchar, subcategory varchar, brand varchar, price varchar,
  cost varchar, updated_at varchar,
  _rescued_data varchar, source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists bronze.orders_raw (
  order_id varchar, customer_id varchar, product_id varchar, quantity varchar, unit_price varchar,
  total_amount varchar, order_date varchar, status varchar, updated_at varchar,
  _rescued_data varchar, source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists silver.dim_customers (
  surrogate_key varchar, customer_id varchar, first_name varchar, last_name varchar, email varchar, phone varchar,
  city varchar, region varchar, country varchar, signup_date date, effective_start_date timestamp,
  effective_end_date timestamp, is_current boolean, end_reason varchar
);
create table if not exists silver.dim_products (
  product_id varchar, product_name varchar, category varchar, subcategory varchar, brand varchar,
  price decimal(12, 2), cost decimal(12, 2), updated_at timestamp, source_file varchar, source_row bigint, change_lsn bigint
);
create table if not exists silver.orders_clean (
  order_id varchar, customer_id varchar, customer_key varchar, product_id varchar, quantity int,
  unit_price decimal(12, 2), total_amount decimal(12, 2), order_date timestamp, status varchar,
  updated_at timestamp, source_file varchar, source_row bigint, change_lsn bigint
);
create table if not exists silver.rejected_rows (
  table_name varchar, reasons varchar[], raw_row varchar, source_file varchar, source_row bigint,
  rejected_at timestamp, run_id varchar
);
create table if not exists bronze.clickstream_raw (
  value varchar, kafka_topic varchar, kafka_partition int, kafka_offset bigint, kafka_timestamp timestamp,
  kafka_key varchar, kafka_schema_id int, event_id varchar, visitor_id varchar, customer_id varchar, product_id varchar, event_type varchar,
  session_id varchar, page varchar, event_ts varchar, quantity varchar, price varchar, device varchar, country varchar,
  referrer varchar, utm_source varchar, utm_medium varchar, utm_campaign varchar, order_id varchar,
  _rescued_data varchar, source_file varchar, source_row bigint, source_load bigint,
  ingested_at timestamp
);
create table if not exists silver.clickstream_clean (
  event_id varchar, visitor_id varchar, customer_id varchar, product_id varchar, event_type varchar, session_id varchar,
  page varchar, event_ts timestamp, event_date date, quantity int, price decimal(12, 2), device varchar, country varchar,
  referrer varchar, utm_source varchar, utm_medium varchar, utm_campaign varchar, order_id varchar,
  received_at timestamp, is_late boolean, kafka_topic varchar, kafka_partition int, kafka_offset bigint,
  source_file varchar, source_row bigint, source_load bigint
);
create table if not exists silver.clickstream_sessions (
  visitor_id varchar, has_cookie boolean, customer_id varchar, session_start timestamp, session_end timestamp, session_date date,
  session_duration bigint, event_count bigint, page_views bigint, searches bigint, add_to_carts bigint, purchases bigint,
  converted boolean, landing_page varchar, device varchar, country varchar, channel varchar, referrer varchar,
  utm_source varchar, utm_medium varchar, utm_campaign varchar
);
create table if not exists silver.visitor_identities (
  visitor_id varchar, customer_id varchar, tied_from timestamp, tied_until timestamp, tied_date date,
  identified_at timestamp, session_start timestamp, event_count bigint
);

create table if not exists bronze.order_items_raw (
  order_item_id varchar, order_id varchar, product_id varchar, quantity varchar, unit_price varchar, discount varchar,
  updated_at varchar, _rescued_data varchar, source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists bronze.payments_raw (
  payment_id varchar, order_id varchar, amount varchar, currency varchar, payment_method varchar,
  payment_status varchar, transaction_id varchar, payment_date varchar, updated_at varchar, _rescued_data varchar,
  source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists bronze.marketing_spend_raw (
  date varchar, channel varchar, campaign varchar, spend varchar, currency varchar, impressions varchar, clicks varchar,
  _rescued_data varchar, source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists bronze.campaigns_raw (
  campaign varchar, channel varchar, name varchar, start_date varchar, end_date varchar, budget varchar,
  currency varchar, _rescued_data varchar, source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists bronze.currency_rates_raw (
  date varchar, base varchar, quote varchar, rate varchar, _rescued_data varchar, source_file varchar,
  source_row bigint, ingested_at timestamp
);
create table if not exists bronze.stripe_charges_raw (
  charge_id varchar, payment_intent_id varchar, order_id varchar, amount varchar, amount_refunded varchar,
  currency varchar, status varchar, balance_transaction_id varchar, created varchar, livemode varchar, value varchar,
  _rescued_data varchar, source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists bronze.stripe_refunds_raw (
  refund_id varchar, charge_id varchar, payment_intent_id varchar, amount varchar, currency varchar, status varchar,
  reason varchar, balance_transaction_id varchar, created varchar, livemode varchar, value varchar,
  _rescued_data varchar, source_file varchar, source_row bigint, ingested_at timestamp
);
create table if not exists bronze.stripe_disputes_raw (
  dispute_id varchar, charge_id varchar, amount varchar, currency varchar, status varchar, reason varchar,
  created varchar, livemode varchar, value varchar, _rescued_data varchar, source_file varchar, source_row bigint,
  ingested_at timestamp
);
create table if not exists bronze.stripe_balance_transactions_raw (
  balance_transaction_id varchar, type varchar, source_id varchar, amount varchar, fee varchar, net varchar,
  currency varchar, created varchar, available_on varchar, value varchar, _rescued_data varchar, source_file varchar,
  source_row bigint, ingested_at timestamp
);
create table if not exists silver.order_items (
  order_item_id varchar, order_id varchar, product_id varchar, quantity int, unit_price decimal(12, 2),
  discount decimal(12, 2), amount decimal(12, 2), updated_at timestamp, source_file varchar, source_row bigint, change_lsn bigint
);
create table if not exists silver.payments (
  payment_id varchar, order_id varchar, amount decimal(12, 2), currency varchar, payment_method varchar,
  payment_status varchar, transaction_id varchar, payment_date timestamp, updated_at timestamp, source_file varchar,
  source_row bigint, change_lsn bigint
);
create table if not exists silver.marketing_spend (
  date date, channel varchar, campaign varchar, spend decimal(12, 2), currency varchar, impressions bigint,
  clicks bigint, source_file varchar, source_row bigint
);
create table if not exists silver.campaigns (
  campaign varchar, channel varchar, name varchar, start_date date, end_date date, budget decimal(12, 2),
  currency varchar, source_file varchar, source_row bigint
);
create table if not exists silver.stripe_charges (
  charge_id varchar, payment_intent_id varchar, order_id varchar, amount decimal(12, 2), amount_refunded decimal(12, 2),
  currency varchar, status varchar, balance_transaction_id varchar, created_at timestamp, livemode boolean,
  source_file varchar, source_row bigint
);
create table if not exists silver.stripe_refunds (
  refund_id varchar, charge_id varchar, payment_intent_id varchar, amount decimal(12, 2), currency varchar,
  status varchar, reason varchar, balance_transaction_id varchar, created_at timestamp, livemode boolean,
  source_file varchar, source_row bigint
);
create table if not exists silver.stripe_disputes (
  dispute_id varchar, charge_id varchar, amount decimal(12, 2), currency varchar, status varchar, reason varchar,
  created_at timestamp, livemode boolean, source_file varchar, source_row bigint
);
create table if not exists silver.stripe_balance_transactions (
  balance_transaction_id varchar, type varchar, source_id varchar, amount decimal(12, 2), fee decimal(12, 2),
  net decimal(12, 2), currency varchar, created_at timestamp, created_date date, available_on date, source_file varchar,
  source_row bigint
);

-- An amount in the currency's smallest unit, as Stripe gives it.
create or replace temp macro cents(amount, currency) as case
  when upper(trim(currency)) in ('BIF', 'CLP', 'DJF', 'GNF', 'JPY', 'KMF', 'KRW', 'MGA', 'PYG', 'RWF', 'UGX',
    'VND', 'VUV', 'XAF', 'XOF', 'XPF')
    then try_cast(amount as decimal(12, 2))
  when upper(trim(currency)) in ('BHD', 'JOD', 'KWD', 'OMR', 'TND')
    then round((try_cast(amount as decimal(18, 0)) * 0.001)::decimal(22, 3), 2)::decimal(12, 2)
  else (try_cast(amount as decimal(18, 0)) * 0.01)::decimal(12, 2) end;
