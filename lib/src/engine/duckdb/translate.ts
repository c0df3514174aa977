import { parseQuery } from "../../sql/parser.js";
import { SqlError } from "../../sql/sql-error.js";
import { typeText } from "../../sql/types.js";
import type { Surroundings, Translation } from "../adapter.js";
import { bindQuery } from "./binder.js";

/**
 * Translates a select from Databricks' dialect to DuckDB's. Pure: the same text among the same relations gives the same, so
 * callers may keep the answers.
 *
 * @param onUse told each signature that the select uses, by its title
 * @throws SqlError when the text does not parse or uses what is not known to give the same on both engines
 */
export async function translate(
  text: string,
  surroundings: Surroundings,
  onUse?: (signature: string) => void,
): Promise<Translation> {
  try {
    const { sql, columns } = bindQuery(text, parseQuery(text), surroundings, onUse);
    // The names of an object that are numbers come first, whatever their place.
    const number = columns.length > 1 ? columns.find(({ name }) => /^\d+$/.test(name)) : undefined;
    if (number)
      throw new SqlError(`a column is called ${number.name}: give it a name, as in \`${number.name} as n\``);
    return {
      sql,
      columns: Object.fromEntries(columns.map(({ name, type }) => [name, typeText(type)])),
    };
  } catch (error) {
    if (!(error instanceof SqlError) || error.line === undefined) throw error;
    throw new SqlError(error.message, error.line, text.split("\n")[error.line - 1]?.trim(), text);
  }
}
