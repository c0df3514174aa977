/** A text as a string literal of Databricks SQL. */
export const quoted = (value: string): string => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** A text as a raw literal, in which nothing is escaped. It must hold no double quote. */
export function raw(value: string): string {
  if (value.includes('"')) throw new Error(`A raw literal cannot hold a double quote: ${value}`);
  return `r"${value}"`;
}
