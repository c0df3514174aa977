import type { Search } from "./surface.js";
import type { Rows } from "./table-body.js";

/** A text as it is compared: small letters without accents. */
export const folded = (text: string): string =>
  // "ß" becomes "ss" by way of its capital.
  text.toUpperCase().toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

/** The rows whose texts contain each word of what is searched, in any order. */
export function foundRows({ rows, columns }: Rows, search: Search | undefined): Rows["rows"] {
  const words = folded(search?.field.value ?? "")
    .split(/\s+/)
    .filter(Boolean);
  if (!search || words.length === 0) return rows;
  if (search.texts?.of !== rows) {
    const names = Object.keys(columns);
    const textOf = (row: Rows["rows"][number]) =>
      names
        .map((name) => row[name])
        .filter((value) => typeof value === "string")
        .join("\n");
    search.texts = { of: rows, folded: rows.map((row) => folded(textOf(row))) };
  }
  const { texts } = search;
  return rows.filter((_, index) => words.every((word) => texts.folded[index]!.includes(word)));
}
