import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parseNotebook } from "../../build/src/notebook/parse.ts";

const folder = path.resolve(import.meta.dirname, "../../notebooks/dashboard");
const pages = readdirSync(folder)
  .filter((name) => name.endsWith(".ipynb"))
  .map((name) => parseNotebook(`notebooks/dashboard/${name}`, readFileSync(path.join(folder, name), "utf8")));

/** What a reader of the page may see: prose, and texts of the code, without SQL and imports. */
const wordsOf = (page: (typeof pages)[number]): string[] =>
  page.cells
    .filter(({ kind }) => kind !== "raw")
    .map(({ kind, source }) =>
      kind === "markdown" ? source : source.replaceAll(/sql`[^`]*`|^import .*$|^\s*\/\/.*$/gm, ""),
    );

describe("pages of the dashboard", () => {
  it("speak to business: no requirement ids, no commands, no names of settings", () => {
    for (const page of pages)
      for (const words of wordsOf(page)) {
        expect(words, page.path).not.toMatch(/\b(?:FR|NFR|AC)-\d{3}\b/);
        expect(words, page.path).not.toMatch(/\bnpm (?:run|start)\b|\bnpx\b|\b[A-Z]{3,}_[A-Z]{3,}\b/);
      }
  });

  it("count one thing as one: a number before a plural is written by counted()", () => {
    const plain = /\$\{written\([^}]*\\?"integer\\?"\)\} (?!of )(?:[a-z]+ )?[a-z]+s\b/;
    for (const page of pages) for (const words of wordsOf(page)) expect(words, page.path).not.toMatch(plain);
  });

  it("name what they satisfy in their front matter", () => {
    for (const page of pages) expect(page.front.requirements?.length, page.path).toBeGreaterThan(0);
  });
});
