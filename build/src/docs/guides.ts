import path from "node:path";
import { access, readFile, readdir } from "node:fs/promises";
import type { SiteFile } from "../site/files.js";
import { html } from "shopmetrics/display";
import { baseOf, guidePage } from "./addresses.js";
import type { Docs } from "./model.js";
import { linkFrom } from "./links.js";
import { renderMarkdown } from "./markdown.js";
import { mentionIn } from "./mention.js";
import type { Page } from "./page.js";
import { requirementsFile } from "./evidence.js";
import { shortened } from "../text.js";

/** The guides that people write, by file, README first. The requirements have a page of their own. */
export async function readGuides(root: string): Promise<Map<string, string>> {
  const docs = await readdir(path.join(root, "docs"));
  const files = [
    "README.md",
    ...docs
      .filter((name) => name.endsWith(".md"))
      .toSorted()
      .map((name) => `docs/${name}`),
    "CONTRIBUTING.md",
  ].filter((file) => file !== requirementsFile);
  return new Map(
    await Promise.all(
      files.map(async (file): Promise<[string, string]> => [
        file,
        await readFile(path.join(root, file), "utf8"),
      ]),
    ),
  );
}

/** A guide's title: its first heading. */
export const guideTitle = (file: string, text: string) => /^# (.+)$/m.exec(text)?.[1] ?? file;

/** A guide as a page; its links to other guides and to notebooks lead to their pages. */
export function buildGuidePage(file: string, text: string, docs: Docs): Page {
  const page = guidePage(file);
  const title = guideTitle(file, text);
  const {
    html: prose,
    headings,
    sections,
  } = renderMarkdown(text.replace(/^<!--.*-->$/gm, ""), {
    highlight: docs.highlight,
    taken: new Set(["main", "search", "search-found"]),
    link: (href) => linkFrom(docs, file, href, page),
    picture: (href) => pictureFrom(file, href, page),
    mention: mentionIn(docs, page),
  });
  const first = sections.find((section) => section.text.trim() !== "");
  return {
    path: page,
    title,
    description: shortened(first?.text ?? title),
    group: "Guides",
    main: html`<p class="kicker">Guide</p>\n<div class="prose guide">${prose}</div>`,
    headings,
    sections,
  };
}

/** The pictures that the guides show, except those whose file is missing. */
export async function guidePictures(root: string, guides: ReadonlyMap<string, string>): Promise<SiteFile[]> {
  const files: SiteFile[] = [];
  for (const picture of new Set([...guides].flatMap(([file, text]) => picturesIn(file, text)))) {
    const place = path.join(root, picture);
    const isThere = await access(place).then(
      () => true,
      () => false,
    );
    if (isThere) files.push({ path: pictureFile(picture), content: await readFile(place) });
  }
  return files;
}

const picturesIn = (file: string, text: string) =>
  [...text.matchAll(/!\[[^\]]*\]\(([^)\s]+)/g)]
    .map(([, href]) => href!)
    .filter((href) => !/^\w+:/.test(href))
    .map((href) => path.posix.normalize(path.posix.join(path.posix.dirname(file), href)));

/** The path of a picture in the site. */
const pictureFile = (picture: string) => `guides/images/${path.posix.basename(picture)}`;

/** The address of a guide's picture on a page; a picture of another site is not shown. */
const pictureFrom = (source: string, href: string, page: string): string | undefined =>
  /^\w+:/.test(href)
    ? undefined
    : `${baseOf(page)}${pictureFile(path.posix.join(path.posix.dirname(source), href))}`;
