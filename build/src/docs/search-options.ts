import type { Options } from "minisearch";

/** A part of a page that the search finds. */
export interface SearchEntry {
  readonly id: number;
  /** From the site's root, with the part's anchor. */
  readonly url: string;
  readonly page: string;
  readonly heading: string;
  readonly text: string;
}

/** How the index is built and searched. Names such as daily_sales_summary are found by each of their words too. */
export const searchOptions: Options<SearchEntry> = {
  fields: ["heading", "page", "text"],
  storeFields: ["url", "page", "heading", "text"],
  tokenize: (text) =>
    text
      .split(/[^\p{L}\p{N}_-]+/u)
      .flatMap((word) => (word.includes("_") ? [word, ...word.split("_")] : [word])),
  searchOptions: { boost: { heading: 4, page: 2 }, prefix: true, fuzzy: 0.15, combineWith: "AND" },
};
