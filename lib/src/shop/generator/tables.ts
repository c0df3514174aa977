/** The SQL that creates a small table with these rows. */
export function createTable(
  name: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const values = rows.map((row) => `(${row.map(literal).join(", ")})`).join(",\n");
  return `create table ${name} as select * from (values ${values}) as rows (${columns.join(", ")})`;
}

/** A value as SQL text. */
export function literal(value: string | number): string {
  return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}
