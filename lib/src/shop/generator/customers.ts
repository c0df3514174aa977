import { chance, choose, draws, pick } from "./random.js";
import { id, instantOf, type Entity } from "./entity.js";
import { countries, namePools, namesOf, nicknamed } from "./people.js";
import { createTable } from "./tables.js";

/**
 * Customers. Every `period` days after registration one thing changes, in turn address, e-mail and phone. So a customer's
 * state on any day follows from the number of periods that have passed.
 */
export function customers(seed: number): Entity {
  const draw = draws(seed, "customers");
  return {
    name: "customers",
    columns: [
      "customer_id",
      "first_name",
      "last_name",
      "email",
      "phone",
      "city",
      "region",
      "country",
      "signup_date",
      "updated_at",
    ],
    faults: ["duplicate", "malformed", "duplicate", "null_customer_id"],
    pickHistory: (to) => `select n, day from customer where day <= ${to} order by n`,
    pickDay: (day) =>
      `select n, day from customer where day <= ${day} and (${day} - day) % period = 0 order by n`,
    render: (asOf) => `
      with states as (
        select n, picked.day, period, home, picked.rowid as position,
          first_name, last_name, first_slug, last_slug,
          (${asOf} - picked.day) // period as version,
          (version + turn) // 3 as address_version,
          (version + turn + 1) // 3 as email_version,
          (version + turn + 2) // 3 as phone_version,
          draw_abroad, draw_city
        from picked join customer using (n)
      ),
      drawn as (
        select *,
          ${draw("n * 64 + address_version", "country")} as draw_country,
          ${draw("n * 64 + phone_version", "phone")} as draw_phone,
          ${draw("n * 64 + version", "second")} as draw_second,
          ${draw("n", "provider")} & 3 as provider
        from states
      ),
      settled as (
        select *,
          case when ${chance("draw_abroad", 0.04)} then ${chooseCountry("draw_country")} else home end
            as country_index
        from drawn
      )
      select
        ${id("C", "n", 6)} as customer_id,
        first_name,
        last_name,
        case email_version % 3
          when 0 then first_slug || '.' || last_slug || n
          when 1 then substr(first_slug, 1, 1) || '.' || last_slug || n
          else first_slug || n
        end || '@' || (['example.com', 'example.org', 'example.net', 'mail.example'])[
          1 + ((provider + email_version) & 3)] as email,
        country.phone || ' ' || lpad((draw_phone % 900 + 100)::varchar, 3, '0') || ' 555 '
          || lpad(((draw_phone >> 12) % 10000)::varchar, 4, '0') as phone,
        city.city,
        city.region,
        country.country,
        strftime(make_timestamp(day * 86400000000), '%Y-%m-%d') as signup_date,
        ${instantOf(`(day + version * period)`, pick("draw_second", 86400))} as updated_at,
        position
      from settled
      join country on country.country_index = settled.country_index
      join city on city.country_index = settled.country_index
        -- The square makes the first cities the likely ones; each move leads to the next.
        and city.slot = (((draw_city >> 1) * (draw_city >> 1) >> 30) * country.cities // 4294967296
          + address_version) % country.cities
      order by position`,
  };
}

/** Set up once per database: the lookup tables and each customer's fixed traits. */
export function customerTables(seed: number): string[] {
  const draw = draws(seed, "customers");
  const pools = Object.keys(namePools) as (keyof typeof namePools)[];
  const people = pools.flatMap((pool, index) => {
    const { first, last } = namesOf(pool);
    return first.map((name, slot) => [
      index,
      slot,
      name,
      slug(name),
      last[slot] ?? "",
      slug(last[slot] ?? ""),
    ]);
  });
  const english = pools.indexOf("english");
  return [
    createTable(
      "country",
      ["country_index", "country", "phone", "pool", "cities"],
      countries.map((country, index) => [
        index,
        country.name,
        country.phone,
        pools.indexOf(country.names),
        country.cities.length,
      ]),
    ),
    createTable(
      "city",
      ["country_index", "slot", "city", "region"],
      countries.flatMap((country, index) =>
        country.cities.map(([city, region], slot) => [index, slot, city, region]),
      ),
    ),
    createTable("person", ["pool", "slot", "first_name", "first_slug", "last_name", "last_slug"], people),
    createTable(
      "nicknamed",
      ["slot", "first_name", "first_slug"],
      nicknamed.map((name, slot) => [slot, name, slug(name.replace(/ .*/, ""))]),
    ),
    `create table customer as
      with registered as (
        select day, unnest(range(customers_before + 1, customers_after + 1)) as n from calendar
      ),
      drawn as (
        select n, day,
          ${drawHome(seed, "n")} as draw_home,
          ${draw("n", "first")} as draw_first,
          ${draw("n", "last")} as draw_last,
          ${draw("n", "style")} as draw_style,
          ${draw("n", "period")} as draw_period,
          ${draw("n", "abroad")} as draw_abroad,
          ${draw("n", "city")} as draw_city,
          ${pick(draw("n", "turn"), 3)} as turn
        from registered
      ),
      settled as (
        select *, ${chooseCountry("draw_home")} as home,
          ${pick("draw_first", 20)} as first_slot, ${pick("draw_last", 20)} as last_slot
        from drawn
      )
      select n, day, home, turn, draw_abroad, draw_city,
        120 + ${pick("draw_period", 600)} as period,
        case when nicknamed.slot is not null then nicknamed.first_name else first.first_name end as first_name,
        case when nicknamed.slot is not null then nicknamed.first_slug else first.first_slug end as first_slug,
        case when country.pool = ${english} and not ${chance("draw_style", 0.99)}
          then last.last_name || ', Jr.' else last.last_name end as last_name,
        last.last_slug
      from settled
      join country on country_index = home
      join person as first on first.pool = country.pool and first.slot = first_slot
      join person as last on last.pool = country.pool and last.slot = last_slot
      left join nicknamed
        on country.pool = ${english} and ${chance("draw_style", 0.01)} and nicknamed.slot = n % 4`,
  ];
}

/** The draw that decides where customer `n` signs up. */
export const drawHome = (seed: number, n: string) => draws(seed, "customers")(n, "home");

/** A country, by its place in `countries`. `draw` is a column. */
export function chooseCountry(draw: string): string {
  return choose(
    draw,
    countries.map((country, index) => [index, country.weight] as const),
  );
}

/** A name as part of an e-mail address. */
function slug(name: string): string {
  return name
    .toLowerCase()
    .replace("ß", "ss")
    .normalize("NFD")
    .replace(/[^a-z]/g, "");
}
