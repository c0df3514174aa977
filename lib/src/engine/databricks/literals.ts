/**
 * A text as a string literal of Databricks SQL. Whoever cuts a file at semicolons, or pairs quotes without knowing of escapes,
 * finds neither in it.
 */
export const quoted = (value: string): string =>
  `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\u0027").replaceAll(";", "\\u003b")}'`;

/** A text as a raw literal, in which nothing is escaped. It must hold no double quote. */
export function raw(value: string): string {
  if (value.includes('"')) throw new Error(`A raw literal cannot hold a double quote: ${value}`);
  return `r"${value}"`;
}
