import { createHash } from "node:crypto";
import type { SiteFile } from "../site/files.js";
import type { Page } from "./page.js";
import type { SearchEntry } from "./search-options.js";

/** The longest text of a part that the search looks through. */
const longest = 1500;

/** What the search looks through, as a script, so that it works from a folder. */
export function searchIndex(pages: readonly Page[]): SiteFile {
  const entries = pages.flatMap(({ path, title, sections }) =>
    sections.map(({ id, heading, text, kind = id ? "part" : "page" }): Omit<SearchEntry, "id"> => ({
      url: id ? `${path}#${id}` : path,
      kind,
      page: title,
      heading,
      text: text.replace(/\s+/g, " ").trim().slice(0, longest),
    })),
  );
  const content = `window.shopmetricsSearch=${JSON.stringify(entries.map((entry, id) => ({ id, ...entry })))};\n`;
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  return { path: `assets/search-${hash}.js`, content };
}
