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
  effective_end_date timestamp, is_current boolean
);
create table if not exists silver.dim_products (
  product_id varchar, product_name varchar, category varchar, subcategory varchar, brand varchar,
  price decimal(12, 2), cost decimal(12, 2), updated_at timestamp, source_file varchar, source_row bigint
);
create table if not exists silver.orders_clean (
  order_id varchar, customer_id varchar, customer_key varchar, product_id varchar, quantity int,
  unit_price decimal(12, 2), total_amount decimal(12, 2), order_date timestamp, status varchar,
  updated_at timestamp, source_file varchar, source_row bigint
);
create table if not exists silver.rejected_rows (
  table_name varchar, reasons varchar[], raw_row varchar, source_file varchar, source_row bigint,
  rejected_at timestamp, run_id varchar
);
