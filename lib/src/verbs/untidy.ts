import { sql, type Statement } from "../sql/statement.js";

/**
 * Whether a text is an amount below 0, also one that rounding makes 0.00.
 *
 * @param given the text as it arrived
 * @example
 * case when price = 0 and ${isNegative(sql`given_price`)} then 'price is negative' end
 */
export const isNegative = (given: Statement): Statement =>
  sql`trim(${given}) like '-%' and trim(${given}) rlike '^-[0.]*[1-9]'`;

/**
 * Whether a text has digits behind those that were kept of it.
 *
 * @param given the text as it arrived
 * @param kept the decimal that was made of it
 * @example
 * select product_id, given_price from ${typed} where ${isFiner(sql`given_price`, sql`price`)}
 */
export const isFiner = (given: Statement, kept: Statement): Statement =>
  sql`case when ${given} like '%.___%' or lower(${given}) like '%e%' then try_cast(${given} as decimal(38,18)) <> ${kept} else false end`;
