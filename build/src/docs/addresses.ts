/*
 * Where pages are, from the site's root. Addresses in pages are relative, so that the site works under any path and from
 * a folder.
 */

export const docsHome = "docs/index.html";
export const pipelinePage = "docs/pipeline.html";
export const dictionaryPage = "tables/index.html";
export const lineagePage = "docs/lineage.html";
export const requirementsPage = "docs/requirements.html";

/** The page that tells where the figures of a dashboard's page come from: `dashboard.sales` → `docs/figures/sales.html`. */
export const figuresPage = (step: string) => `docs/figures/${step.replace(/^.*\./, "")}.html`;

/** The page of a step's notebook: `silver.orders_clean` → `notebooks/silver/orders_clean.html`. */
export const notebookPage = (step: string) => `notebooks/${step.replace(".", "/")}.html`;

/** The step's compiled SQL, as text. */
export const compiledFile = (step: string) => `notebooks/${step.replace(".", "/")}.sql`;

export const tablePage = (table: string) => `tables/${table}.html`;

/** `docs/deployment-guide.md` → `guides/deployment-guide.html`, `README.md` → `guides/readme.html`. */
export const guidePage = (file: string) =>
  `guides/${file
    .replace(/^docs\//, "")
    .replace(/\.md$/, "")
    .toLowerCase()
    .replaceAll("/", "-")}.html`;

/** A column's row on its table's page, or a requirement's on theirs. */
export const anchorOf = (name: string) =>
  name
    .replace(/^_+/, "")
    .replace(/[^\w-]+/g, "-")
    .toLowerCase();

/** A column on the page of the lineage. */
export const columnAnchor = (table: string, column: string) => anchorOf(`${table}.${column}`);

/** The way from a page to the site's root: "" or "../". */
export const baseOf = (page: string) => "../".repeat(page.split("/").length - 1);

/** A requirement's id in a text. */
export const requirementId = /\b(?:N?FR|AC|C|R)-\d{3}\b/g;
