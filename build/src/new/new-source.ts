import { code, frontMatter, inWords, notebookFile, prose, type Draft } from "./draft.js";

/**
 * A bronze table for files that the shop has not sent before: its contract, its notebook and a test. Each column of the header is
 * one of the table, as text.
 *
 * @param columns the header of a file, such as return_id, order_id, returned_at
 */
export function newSource(name: string, columns: readonly string[]): Draft {
  const table = `${name}_raw`;
  const test = `tests/steps/${table}.test.ts`;
  return {
    contract: {
      path: "lib/src/shop/bronze.ts",
      name: table,
      text: contract(name, columns),
      uses: { name: "exported", from: "./exported.js" },
    },
    files: [
      notebookFile(`notebooks/bronze/${table}.ipynb`, cells(name)),
      { path: test, text: testOf(name, columns) },
    ],
    next: [
      "npm run compile",
      `npx shopmetrics run --only bronze.${table}`,
      `npx shopmetrics show bronze.${table}`,
      `npx vitest run ${test}`,
    ],
  };
}

const contract = (name: string, columns: readonly string[]) => `
export const ${name}_raw = exported("${name}", {
${columns.map((column) => `  ${column}: given("${inWords(column)}."),`).join("\n")}
});
`;

const cells = (name: string) => [
  frontMatter({ title: `${inWords(name)} as they arrived` }),
  prose(`# ${inWords(name)} as they arrived

*What did the shop tell us about its ${name.replaceAll("_", " ")}?* Say when a file comes, what one line is, and who sends it.
\`bronze.${name}_raw\` keeps every line as it arrived; silver decides what it means.`),
  code(`import { bronze, load, show, sql } from "shopmetrics";`),
  prose(`## Loading

Each file in \`landing/${name}\` is loaded once, each line as text; the ledger is \`ops.loaded_files\`.`),
  code(`await load(bronze.${name}_raw, { from: "${name}" });`),
  prose(`## What is there

The number of lines of each file.`),
  code(`await show(sql\`
  select source_file, count(*) as records, max(ingested_at) as loaded_at
  from \${bronze.${name}_raw}
  group by source_file
  order by source_file desc\`, { limit: 10 });`),
];

const testOf = (name: string, columns: readonly string[]) => {
  const values = columns.map((_, index) => `v${index + 1}`);
  const row = columns.map((column, index) => `${column}: "${values[index]}"`).join(", ");
  return `import { expect, it } from "vitest";
import { bronze } from "shopmetrics";
import { lakehouse } from "./harness.ts";

it("every line is kept as it arrived", async () => {
  const lake = await lakehouse();
  await lake.land("${name}/1.csv", "${columns.join(",")}\\n${values.join(",")}\\n");
  await lake.run("bronze.${name}_raw");
  expect(await lake.rows(bronze.${name}_raw, ${columns.map((column) => `"${column}"`).join(", ")})).toEqual([
    { ${row} },
  ]);
});
`;
};
