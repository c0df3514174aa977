/** The few texts that SQL doesn't take as parameters. Everything else is bound. */

/** A name as a quoted identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as a string literal, for places where DuckDB takes no parameter. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as a pattern that matches only itself: DuckDB's readers take every path for a glob. */
export function globEscaped(path: string): string {
  return path.replace(/[*?[]/g, "[$&]");
}
