import type { SearchResult } from "minisearch";
import type { SearchEntry, SearchKind } from "./search-options.js";

type Found = SearchResult & SearchEntry;

/**
 * Puts what was found in the order in which a reader expects it: what has the query's words in its name before what only speaks of them,
 * and of each tables first, then what is called exactly so, pages before columns, whole words before begun ones. What is found only as
 * a slip of the pen comes last.
 */
export function ranked(results: readonly SearchResult[], query: string): Found[] {
  const asked = query.trim().toLowerCase();
  const terms = asked.split(/[^\p{L}\p{N}_-]+/u).filter(Boolean);
  return (results as Found[])
    .map((result) => ({ result, rank: rankOf(result, terms, asked.replace(/\s+/g, "_")) }))
    .toSorted((a, b) => compared(a.rank, b.rank))
    .map(({ result }) => result);
}

const kinds: readonly SearchKind[] = ["table", "page", "part", "column"];

/** The least is first. */
function rankOf(result: Found, terms: readonly string[], asked: string): number[] {
  const { heading, page, kind, match, score } = result;
  const name = (heading || page).toLowerCase().replace(/\s+/g, "_");
  const isCalledSo = name === asked || name.endsWith(`.${asked}`);
  const nearness = (inName: boolean) =>
    Math.max(
      ...terms.map((term) => {
        const found = Object.entries(match)
          .filter(([, fields]) => !inName || fields.includes("heading") || fields.includes("page"))
          .map(([word]) => (word === term ? exact : word.startsWith(term) ? begun : slip));
        return Math.min(...found, nowhere);
      }),
    );
  const [anywhere, named] = [nearness(false), nearness(true)];
  // Each column's name begins with its table's: what is only in there is no hit of the column's own.
  const own = name.slice(name.lastIndexOf(".") + 1).split("_");
  const isOwn =
    kind !== "column" || terms.some((term) => [own.join("_"), ...own].some((word) => word.startsWith(term)));
  return [
    Number(anywhere === slip),
    Number(named > begun || !isOwn),
    Number(kind !== "table"),
    Number(!isCalledSo),
    kinds.indexOf(kind),
    Math.min(anywhere, named),
    -score,
  ];
}

const [exact, begun, slip, nowhere] = [0, 1, 2, 3] as const;

function compared(one: readonly number[], other: readonly number[]): number {
  for (const [at, value] of one.entries()) if (value !== other[at]) return value - other[at]!;
  return 0;
}
