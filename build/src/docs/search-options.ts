import type { Options } from "minisearch";

/** A part of a page that the search finds. */
export interface SearchEntry {
  readonly id: number;
  /** From the site's root, with the part's anchor. */
  readonly url: string;
  readonly kind: SearchKind;
  readonly page: string;
  readonly heading: string;
  readonly text: string;
}

/** What a part of a page is about: tables are found before pages, columns after them. */
export type SearchKind = "table" | "page" | "part" | "column";

const words = (text: string) => text.split(/[^\p{L}\p{N}_-]+/u);

/**
 * How the index is built and searched. Names such as daily_sales_summary are found by each of their words too; what the reader types keeps
 * its underscores.
 */
export const searchOptions: Options<SearchEntry> = {
  fields: ["heading", "page", "text"],
  storeFields: ["url", "kind", "page", "heading", "text"],
  tokenize: (text) =>
    words(text).flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word])),
  searchOptions: {
    tokenize: words,
    boost: { heading: 4, page: 2 },
    prefix: true,
    fuzzy: 0.15,
    combineWith: "AND",
  },
};
