import { settings } from "../settings.js";
import { sql, touched, type Statement } from "../sql/statement.js";
import * as silver from "./silver.js";

const called = (name: string, statement: Statement): Statement => ({ ...statement, name });

/** Each known rate with the days on which it holds: the first of a pair also before its day, the newest one also after it. */
const known = () =>
  called(
    "known_rates",
    sql`
    select date, base, quote, rate,
      case when row_number() over (partition by base, quote order by date) = 1 then date'0001-01-01' else date end as holds_from,
      coalesce(valid_until, date'9999-12-31') as holds_until
    from ${silver.currency_rates}`,
  );

/**
 * What one unit of a currency is worth in the reporting currency, as of a day: a select of `currency`, `date` and `rate`, a row for
 * each of the given that is in another currency and has a rate. A pair counts whichever way round it was given; without a pair of
 * the two currencies, both are taken by way of a third one.
 *
 * @param days a select of `currency` and `date`; may hold a row more than once
 * @example
 * const rates = exchangeRates(sql`select currency, refund_date as date from ${silver.refunds}`);
 */
export function exchangeRates(days: Statement): Statement {
  const reporting = settings().look.currency;
  const wanted = called(
    "wanted_rates",
    sql`select distinct currency, date from ${days} where currency <> ${reporting}`,
  );
  const rates = known();
  // One unit of source is worth up ÷ down units of target; way 0 is the pair as it was given.
  const ways = called(
    "rates_both_ways",
    sql`
    select base as source, quote as target, rate as up, cast(1 as decimal(18,8)) as down, 0 as way, holds_from, holds_until from ${rates}
    union all
    select quote as source, base as target, cast(1 as decimal(18,8)) as up, rate as down, 1 as way, holds_from, holds_until from ${rates}`,
  );
  const first = called(
    "rates_of_the_day",
    sql`
    select wanted.currency, wanted.date, ways.target, ways.up, ways.down, ways.way
    from ${wanted} as wanted
    join ${ways} as ways on ways.source = wanted.currency and wanted.date >= ways.holds_from and wanted.date < ways.holds_until`,
  );
  const found = called(
    "found_rates",
    sql`
    select currency, date, concat('0', cast(way as string)) as preference, cast(up as decimal(24,12)) as up,
      cast(down as decimal(24,12)) as down
    from ${first} where target = ${reporting}
    union all
    select one.currency, one.date, concat('1', one.target, cast(one.way as string), cast(two.way as string)) as preference,
      cast(one.up * two.up as decimal(24,12)) as up, cast(one.down * two.down as decimal(24,12)) as down
    from ${first} as one
    join ${ways} as two
      on two.source = one.target and two.target = ${reporting} and one.date >= two.holds_from and one.date < two.holds_until`,
  );
  return called(
    "exchange_rates",
    sql`
    select currency, date, cast(try_divide(min_by(up, preference), min_by(down, preference)) as decimal(22,12)) as rate
    from ${found}
    group by currency, date`,
  );
}

/**
 * An amount in the reporting currency, rounded half up to the cent; null where it is in another one of which no rate is known.
 *
 * @param amount in the currency
 * @param currency its code
 * @param rate what `exchangeRates` gives for the currency and the amount's day, joined by a left join
 */
export const inReporting = (amount: Statement, currency: Statement, rate: Statement): Statement => sql`
  case when ${currency} = ${settings().look.currency} then ${amount} else cast(round(${amount} * ${rate}, 2) as decimal(18,2)) end`;

/**
 * The days whose amounts in other currencies are converted again, because a rate came or was corrected: a select of `date`.
 *
 * @param days a select of `currency` and `date`: what is in the table that holds the converted amounts
 */
export function daysOfNewRates(days: Statement): Statement {
  const given = called("given_rates", sql`select date from ${touched(silver.currency_rates)}`);
  const spans = called(
    "spans_of_new_rates",
    sql`
    select distinct holds_from, holds_until from ${known()} where date in (select date from ${given})
    union
    select date as holds_from, date_add(date, 1) as holds_until from ${given}`,
  );
  const converted = called(
    "converted_days",
    sql`select distinct date from ${days} where currency <> ${settings().look.currency}`,
  );
  return called(
    "days_of_new_rates",
    sql`
    select distinct converted.date
    from ${converted} as converted
    join ${spans} as spans on converted.date >= spans.holds_from and converted.date < spans.holds_until`,
  );
}
