import { sql, sqlOf, type Statement } from "../sql/statement.js";
import { fromUnixSeconds } from "./stripe.js";

/** The first of several paths in a document at which something stands, as a text. */
const firstOf = (document: Statement, paths: readonly string[]): Statement =>
  sqlOf(
    ["coalesce(", ...paths.slice(1).map(() => ", "), ")"],
    ...paths.map((path) => sqlOf(["get_json_object(", `, '${path}')`], document)),
  );

/**
 * The text of a number in a document of MongoDB: an int, a long, a double or a decimal, exactly as it is there. Null for anything else.
 *
 * @param document a document as canonical Extended JSON
 * @param path such as `$.price.paid`
 */
export const numberIn = (document: Statement, path: string): Statement =>
  firstOf(
    document,
    ["Int", "Long", "Double", "Decimal"].map((type) => `${path}.$number${type}`),
  );

/** The text of an `_id` in a key or a document: an ObjectId's digits, a number or a text, and the Extended JSON of anything else. */
export const idIn = (document: Statement): Statement =>
  firstOf(document, ["$._id.$oid", "$._id.$numberInt", "$._id.$numberLong", "$._id"]);

/** The milliseconds since 1970 of a date in a document; null for anything else. For `fromUnixMilliseconds`. */
export const dateIn = (document: Statement, path: string): Statement =>
  sqlOf(["try_cast(get_json_object(", `, '${path}.$date.$numberLong') as bigint)`], document);

/** The instant of milliseconds since 1970, UTC; null outside the years 1 to 9999. */
export const fromUnixMilliseconds = (milliseconds: Statement): Statement =>
  sql`dateadd(millisecond, cast(pmod(${milliseconds}, 1000) as int),
    ${fromUnixSeconds(sql`cast((${milliseconds} - pmod(${milliseconds}, 1000)) / 1000 as bigint)`)})`;
