import { sql, sqlOf, type Statement } from "../sql/statement.js";

/** Currencies whose smallest unit at Stripe is the whole one, and those with a thousandth. All others have a hundredth. */
const whole = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" ");
const thousandths = "BHD JOD KWD OMR TND".split(" ");

/**
 * An amount of Stripe's API in its currency: 1250 are 12.50 EUR, 1250 JPY and 1.250 KWD. ISK and UGX have hundredths there, although
 * they have none elsewhere (https://docs.stripe.com/currencies#special-cases).
 *
 * @param units a decimal without decimals, in the currency's smallest unit
 * @param currency the currency's code in upper case
 */
export const fromSmallestUnit = (units: Statement, currency: Statement): Statement =>
  sqlOf(
    [
      "case when ",
      ` in (${list(whole)}) then `,
      " * 1.000 when ",
      ` in (${list(thousandths)}) then `,
      " * 0.001 else ",
      " * 0.010 end",
    ],
    currency,
    units,
    currency,
    units,
    units,
  );

/**
 * The instant of seconds since 1970, UTC; null outside the years 1 to 9999.
 *
 * @param seconds a BIGINT
 */
export const fromUnixSeconds = (seconds: Statement): Statement =>
  sql`case when ${seconds} between -62135596800 and 253402300799
    then dateadd(second, cast(pmod(${seconds}, 86400) as int),
      dateadd(day, cast((${seconds} - pmod(${seconds}, 86400)) / 86400 as int), timestamp'1970-01-01 00:00:00')) end`;

const list = (codes: readonly string[]) => codes.map((code) => `'${code}'`).join(", ");
