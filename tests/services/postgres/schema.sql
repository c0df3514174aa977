-- The production database of a shop: what its programs write, and analysts would like to read.

create type order_status as enum ('pending', 'completed', 'cancelled', 'refunded');
create type payment_status as enum (
  'pending', 'completed', 'failed', 'cancelled', 'refunded', 'partially_refunded');

create table customers (
  customer_id text primary key,
  account uuid not null unique default gen_random_uuid(),
  first_name text,
  last_name text,
  email text,
  phone text,
  city text,
  region text,
  country text,
  preferences jsonb not null default '{}',
  signup_date date not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table products (
  product_id text primary key,
  product_name text not null,
  category text not null,
  subcategory text,
  brand text,
  tags text[] not null default '{}',
  price numeric(12, 2) not null check (price >= 0),
  cost numeric(12, 2) not null check (cost >= 0),
  created_at timestamptz not null,
  updated_at timestamptz not null
);

create table orders (
  order_id text primary key,
  customer_id text not null references customers,
  product_id text references products,
  quantity integer,
  unit_price numeric(12, 2),
  total_amount numeric(12, 2) not null,
  order_date timestamptz not null,
  status order_status not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index on orders (customer_id);

create table order_items (
  order_item_id text primary key,
  order_id text not null references orders on delete cascade,
  product_id text not null references products,
  quantity integer not null check (quantity > 0),
  unit_price numeric(12, 2) not null,
  discount numeric(12, 2) not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index on order_items (order_id);

create table payments (
  payment_id text primary key,
  order_id text not null references orders on delete cascade,
  amount numeric(12, 2) not null,
  currency char(3) not null,
  payment_method text not null,
  payment_status payment_status not null,
  transaction_id text,
  payment_date timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index on payments (order_id);

-- The shop's own clock, which a simulated day sets. A change without its own updated_at gets one.
create function shop_now() returns timestamptz language sql stable as
  $$ select coalesce(nullif(current_setting('shop.now', true), '')::timestamptz, now()) $$;

create function keep_times() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    new.created_at := coalesce(new.created_at, shop_now());
    new.updated_at := coalesce(new.updated_at, shop_now());
  elsif new.updated_at is not distinct from old.updated_at then
    new.updated_at := shop_now();
  end if;
  return new;
end $$;

do $$
declare one text;
begin
  foreach one in array array['customers', 'products', 'orders', 'order_items', 'payments'] loop
    execute format('create trigger keep_times before insert or update on %I for each row execute function keep_times()', one);
    execute format('create index on %I (updated_at)', one);
    -- A deletion says all of the row that it takes, not only its key.
    execute format('alter table %I replica identity full', one);
  end loop;
end $$;

-- What change data capture may read.
create publication shop for table customers, products, orders, order_items, payments;
