import path from "node:path";
import { stepName } from "../notebook/front-matter.js";
import { baseOf, guidePage, notebookPage, requirementsPage } from "./addresses.js";
import type { Docs } from "./model.js";
import { requirementsFile } from "./evidence.js";

/**
 * Where a link in a file of the project leads in the site: guides and notebooks to their pages, the outside as it is.
 * Undefined for files that have no page.
 *
 * @param source the file that contains the link, relative to the root
 * @param page the page it is shown on
 */
export function linkFrom(
  docs: Pick<Docs, "guides" | "notebooks">,
  source: string,
  href: string,
  page: string,
): string | undefined {
  if (/^(https?:|mailto:)/.test(href) || href.startsWith("#")) return href;
  if (/^[a-z][\w+.-]*:/i.test(href) || href.startsWith("/")) return undefined;
  const [, file = "", hash = ""] = /^([^#?]*)[^#]*(#.*)?$/.exec(href) ?? [];
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(source), decodeURI(file)));
  const found = pageOf(docs, target);
  return found === undefined ? undefined : `${baseOf(page)}${found}${hash}`;
}

function pageOf({ guides, notebooks }: Pick<Docs, "guides" | "notebooks">, file: string): string | undefined {
  if (guides.has(file)) return guidePage(file);
  if (file === requirementsFile) return requirementsPage;
  if (!file.endsWith(".ipynb")) return undefined;
  const step = stepName(file);
  return notebooks.has(step) ? notebookPage(step) : undefined;
}
