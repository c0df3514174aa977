import { code, frontMatter, inWords, notebookFile, prose, type Draft } from "./draft.js";

/**
 * A gold table that works as it is and counts the orders of each day: its contract, its notebook with an example, and a test of
 * what an example does not show, with sentences to be filled in.
 */
export function newTable(name: string): Draft {
  const table = `gold.${name}`;
  const test = `tests/steps/${name}.test.ts`;
  return {
    contract: { path: "lib/src/shop/gold.ts", name, text: contract(name) },
    files: [notebookFile(`notebooks/gold/${name}.ipynb`, cells(name)), { path: test, text: testOf(name) }],
    next: [
      "npm run compile",
      `npx shopmetrics run --only ${table}`,
      `npx shopmetrics show ${table}`,
      `npx shopmetrics test ${name}`,
      `npx vitest run ${test}`,
    ],
  };
}

const contract = (name: string) => `
export const ${name} = table(
  "gold.${name}",
  "Orders per day: say here what one row is.",
  {
    date: date("UTC date of the orders.", happened),
    order_count: bigint("Orders of the day, whatever became of them.", { from: 0 }),
    ...updatedAt,
  },
  { ...gold, key: ["date"] },
);
`;

const cells = (name: string) => [
  frontMatter({ title: inWords(name) }),
  prose(`# ${inWords(name)}

*Which question does this table answer, and who asks it?* Say in two sentences what one row is, what counts and what does
not. Whoever reads a figure and wonders comes here first.`),
  code(`import { check, given, gold, refresh, run, show, silver, sql, touched } from "shopmetrics";`),
  prose(`## Which days are computed again

A day is touched when one of its orders is new or changed, or was of that day before. All other days stay as they are. A
backfill adds the days that it is given.`),
  code(`const days = sql\`
  select cast(order_date as date) as date from \${touched(silver.orders_clean)}
  union
  select date from \${run.days}\`;`),
  prose(`## The days

Say what is computed, and why in this way.`),
  code(`await refresh(gold.${name}, sql\`
  select cast(order_date as date) as date, count(*) as order_count
  from \${silver.orders_clean}
  where cast(order_date as date) in (select date from \${days})
  group by cast(order_date as date)\`, { by: ["date"], in: days });`),
  prose(`## What the checks protect

Each order is counted once. Say what would be wrong in the shop, or in this notebook, if it were not.`),
  code(`await check.reconcile(gold.${name}, "each order is counted once", {
  actual: sql\`select sum(order_count) as amount from \${gold.${name}}\`,
  expected: sql\`select count(*) as amount from \${silver.orders_clean}\`,
}, { sumsOf: "orders", max: 0 });

await show(sql\`select date, order_count from \${gold.${name}} order by date desc\`, { limit: 8 });`),
  prose(`## For example

Write down a few rows and what becomes of them, such as the case that people ask about. Then change them as the select changes.`),
  code(`await given(silver.orders_clean, [
  { order_id: "O1", order_date: "2026-03-01T00:00:00Z" },
  { order_id: "O2", order_date: "2026-03-01T23:59:59Z" },
  { order_id: "O3", order_date: "2026-03-02T00:00:00Z" },
]).expect(gold.${name}, [
  { date: "2026-03-01", order_count: 2 },
  { date: "2026-03-02", order_count: 1 },
]);`),
];

const testOf = (name: string) => `import { expect, it } from "vitest";
import { gold } from "shopmetrics";
import { step } from "./harness.ts";

it("a backfill computes only its days", async () => {
  const lake = await step("gold.${name}", {
    "silver.orders_clean": [
      { order_id: "O1", order_date: "2026-03-01T00:00:00Z" },
      { order_id: "O2", order_date: "2026-03-02T00:00:00Z" },
    ],
  });
  await lake.damage("update gold.${name} set order_count = 9");
  await lake.run("gold.${name}", { backfill: { from: "2026-03-02", to: "2026-03-02" } });
  expect(await lake.rows(gold.${name}, "date", "order_count")).toEqual([
    { date: "2026-03-01", order_count: 9 },
    { date: "2026-03-02", order_count: 1 },
  ]);
});
`;
