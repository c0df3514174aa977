import { castTitles } from "#lib/engine/duckdb/casts.js";
import { signatures, type Signature } from "#lib/engine/duckdb/signatures.js";
import { readFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { expect, it } from "vitest";

const guide = path.resolve(import.meta.dirname, "../../docs/databricks-sql.md");
const mark = "<!-- From here on the page is generated: npm run golden. -->";

const headings: Readonly<Record<Signature["kind"], string>> = {
  function: "Functions",
  operator: "Operators",
  aggregate: "Aggregates",
  window: "Window functions",
  generator: "In a select list, by itself",
};

it("the guide lists what is allowed", async () => {
  const written = readFileSync(guide, "utf8").split(mark)[0]!;
  const all = [...signatures.values()].flat();
  const sections = (Object.keys(headings) as Signature["kind"][]).map((kind) => {
    const titles = all.filter((signature) => signature.kind === kind).map(({ title }) => title);
    return `## ${headings[kind]}\n\n${titles
      .toSorted()
      .map((title) => `- \`${title}\``)
      .join("\n")}`;
  });
  const types = [...new Set(castTitles.map(([from]) => from))];
  const casts = types.map(
    (from) =>
      `| \`${from}\` | ${castTitles.flatMap(([one, to]) => (one === from ? [`\`${to}\``] : [])).join(", ")} |`,
  );
  const text = [
    `${written}${mark}`,
    "`T` is any type, the same at each place; `any` is any; `T*` stands for one or more; a word in quotes is written out.",
    ...sections,
    `## Casts\n\nBy \`cast\`, \`try_cast\` and \`::\`.\n\n| from | to |\n| --- | --- |\n${casts.join("\n")}`,
  ].join("\n\n");
  await expect(await format(text, { parser: "markdown" })).toMatchFileSnapshot(guide);
});
