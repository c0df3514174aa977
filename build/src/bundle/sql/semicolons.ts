import { InputError } from "shopmetrics/settings";

/** Raw literals, literals, quoted names and comments: what a statement may hold a semicolon in. */
const parts =
  /\br(?:'[^']*'|"[^"]*")|'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\//gi;

/**
 * A SQL task's file is cut into its statements at semicolons, and nobody says whether quotes are looked at. So none stands
 * where no statement ends: literals have an escape for it, comments a comma.
 *
 * @param where says whose text it is
 * @throws InputError for a quoted name or a raw literal that holds one: nothing else can stand for it there
 */
export function withoutInnerSemicolons(sql: string, where: string): string {
  return sql.replaceAll(parts, (part) => {
    if (!part.includes(";")) return part;
    if (/^(?:--|\/\*)/.test(part)) return part.replaceAll(";", ",");
    if (/^['"]/.test(part))
      return part.replaceAll(/\\?;|\\[\s\S]/g, (found) => (found.endsWith(";") ? "\\u003b" : found));
    throw new InputError(
      `${where}: ${part} holds a semicolon, at which the step's file would be cut on Databricks. ` +
        (part.startsWith("`")
          ? "Choose another name."
          : "Write an ordinary literal with \\u003b in its place."),
    );
  });
}
