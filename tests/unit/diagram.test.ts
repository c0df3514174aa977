import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { diagramHtml } from "../../build/src/docs/diagram.ts";
import { loadHighlight } from "../../build/src/docs/highlight.ts";
import { renderMarkdown } from "../../build/src/docs/markdown.ts";

const root = path.resolve(import.meta.dirname, "../..");
const figures = async (file: string) =>
  [...(await readFile(path.join(root, file), "utf8")).matchAll(/```mermaid\n([^]*?)\n```/g)].map(
    ([, text]) => text!,
  );
const textsOf = (html: string) =>
  [...html.matchAll(/<text\b[^>]*>(.*?)<\/text>/gs)].map(([, text]) => text!.replace(/<[^>]*>/g, ""));

describe("a figure in mermaid's language", () => {
  it("is drawn with every name that it has", async () => {
    const [source] = await figures("README.md");
    const html = String(diagramHtml(source!, "How it fits together"));
    const labels = [...source!.matchAll(/\[([^\]]+)\]/g)].map(([, label]) => label);
    expect(labels.length).toBeGreaterThan(10);
    expect(textsOf(html)).toEqual(
      expect.arrayContaining([...labels, "refused rows with reasons", "Parquet snapshots"]),
    );
    expect(html).toContain('role="img" aria-label="How it fits together"');
  });

  it("calls tables as they are called, and draws each once", async () => {
    const [source] = await figures("docs/data-model.md");
    const html = String(diagramHtml(source!, "The data model"));
    const tables = [...source!.matchAll(/\["([^"]+)"\]/g)].map(([, name]) => name!);
    expect(tables.length).toBeGreaterThan(10);
    for (const table of tables)
      expect(
        textsOf(html).filter((text) => text === table),
        table,
      ).toHaveLength(1);
    expect(html).not.toContain("no attributes");
  });

  it("asks no other site for anything, and brings no style for the rest of the page", async () => {
    for (const file of ["README.md", "docs/data-model.md"])
      for (const source of await figures(file)) {
        const html = String(diagramHtml(source, file));
        expect(html).not.toMatch(/https?:|@import|<style|<script/);
      }
  });

  it("has ids of its own, and its arrows find them", () => {
    const [one, other] = ["flowchart TB\n a --> b", "flowchart TB\n a --> c"].map((text) =>
      String(diagramHtml(text, "x")),
    );
    const ids = (html: string) => [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
    expect(ids(one!).filter((id) => ids(other!).includes(id))).toEqual([]);
    for (const [, id] of one!.matchAll(/url\(#([^)]+)\)/g)) expect(ids(one!)).toContain(id);
  });

  it("shows what stands in it as text", () => {
    const html = String(
      diagramHtml("flowchart TB\n a[<b>bold</b> & <script>alert(1)</script>] --> b", '"x"'),
    );
    expect(html).not.toMatch(/<script|<b>/);
  });

  it("stays text in a guide where the library draws no such figure", async () => {
    const options = {
      highlight: await loadHighlight(),
      taken: new Set<string>(),
      link: () => undefined,
      mention: () => undefined,
    };
    const { html } = renderMarkdown(
      "## Times\n\n```mermaid\ngantt\n  title A\n```\n\n```mermaid\nflowchart TB\n a --> b\n```",
      options,
    );
    expect(String(html)).toContain("<code>gantt");
    expect(String(html)).toContain('aria-label="Times"');
  });
});
