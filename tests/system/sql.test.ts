import { exec } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, projectRoot, succeeded, type Lakehouse } from "./cli.ts";

let shop: Lakehouse;
beforeAll(async () => {
  shop = await lakehouse();
  succeeded(await shop.shopmetrics("generate --scale 0.01 --event-days 5 --quiet"));
  succeeded(await shop.shopmetrics("run --quiet"));
}, 120_000);

const ask = (...args: string[]) => shop.shopmetrics(["sql", ...args]);

describe("shopmetrics sql", () => {
  it("answers Databricks SQL as a table, as CSV and as JSON", async () => {
    const select =
      "select date_format(date'2026-03-01', 'EEEE') as day, regexp_replace('+47 22', '[^0-9]', '') as digits;";
    expect((await ask(select)).stdout).toMatch(/│ Sunday │ 4722 +│\n└.*┘\n1 row\n$/);
    expect((await ask(select, "--format", "csv")).stdout).toBe("day,digits\r\nSunday,4722\r\n");
    expect(JSON.parse((await ask(select, "--format", "json")).stdout)).toEqual([
      { day: "Sunday", digits: "4722" },
    ]);
  });

  it("knows tables by their names, also where a column or a text is called like one", async () => {
    const { stdout } = await ask(
      "with l as (select customer_id, 'gold.customer_ltv' as source from gold.customer_ltv) select source, count(*) as n " +
        "from l join Silver.Dim_Customers d on d.customer_id = l.customer_id where d.is_current group by source",
      "--format",
      "json",
    );
    expect(JSON.parse(stdout)).toEqual([{ source: "gold.customer_ltv", n: 100 }]);
  });

  it("gives all rows to a file, and 50 to a terminal unless told otherwise", async () => {
    const select = "select customer_id from gold.customer_ltv order by customer_id";
    expect((await ask(select, "--format", "csv")).stdout.trimEnd().split("\r\n")).toHaveLength(101);
    expect((await ask(select)).stdout).toMatch(
      /\n50 rows of more: --limit <n> or --format csv gives them\n$/,
    );
    expect((await ask(select, "--limit", "3")).stdout).toMatch(/C000003 +│\n└.*┘\n3 rows\n$/);
  });

  it.each([
    ["select count(*) from gold.customer_lt", "did you mean gold.customer_ltv?"],
    ["select statu from silver.orders_clean", 'there is no column "statu" here: did you mean status?'],
    ["selec 1", 'expected select, found "selec"'],
    ["drop table gold.customer_ltv", 'expected select, found "drop"'],
    ["select 1; select 2", "holds more than one statement: give one at a time"],
    ["select 1/0", "division by zero"],
    ["select 'open", "a text is not closed"],
    [" ", "Give a select, such as"],
  ])("%s ends with 2 and one line", async (select, message) => {
    const { code, stdout, stderr } = await ask(select);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at |\$\{/m);
  });
});

describe("shopmetrics show", () => {
  const show = async (...args: string[]) =>
    JSON.parse((await shop.shopmetrics(["show", ...args, "--json"])).stdout) as {
      total: number;
      rows: Record<string, string | number>[];
    };

  it("takes a condition, an order and an offset", async () => {
    const all = await show("gold.customer_ltv", "--order", "total_revenue desc", "--limit", "100");
    const revenue = all.rows.map((row) => Number(row["total_revenue"]));
    expect(revenue).toEqual(revenue.toSorted((a, b) => b - a));
    const page = await show("customer_ltv", "--order", "total_revenue desc", "--limit", "2", "--offset", "1");
    expect(page.rows).toEqual(all.rows.slice(1, 3));
    const high = await show("customer_ltv", "--where", "ltv_segment = 'High'");
    expect(high.total).toBe(all.rows.filter((row) => row["ltv_segment"] === "High").length);
    expect(new Set(high.rows.map((row) => row["ltv_segment"]))).toEqual(new Set(["High"]));
  });

  it("gives the newest rows first with --last", async () => {
    const { rows } = await show("silver.orders_clean", "--last", "--limit", "5");
    const [newest] = JSON.parse(
      (await ask("select max(updated_at) as at from silver.orders_clean", "--format", "json")).stdout,
    ) as { at: string }[];
    expect(rows[0]!["updated_at"]).toBe(newest!.at);
    expect(rows.map((row) => row["updated_at"])).toEqual(
      rows
        .map((row) => row["updated_at"])
        .toSorted()
        .toReversed(),
    );
  });
});

it("ends quietly when its reader has seen enough", async () => {
  const { stdout, stderr } = await promisify(exec)(
    `set -o pipefail; "${process.execPath}" "${path.join(projectRoot, "build/bin/shopmetrics.js")}" show ops.check_results --limit 5000 | head -1`,
    { shell: "/bin/bash", env: { ...process.env, SHOPMETRICS_HOME: shop.home } },
  );
  expect({ lines: stdout.trimEnd().split("\n").length, stderr }).toEqual({ lines: 1, stderr: "" });
});

it("fits a terminal of 80 columns: no table is broken, and help neither", async () => {
  const calls = [
    "show",
    "show orders_clean --limit 3",
    "show ops.steps",
    "show customer_ltv --columns",
    "graph",
    "--help",
  ];
  for (const call of [...calls, "sql --help", "diff --help", "clean --help", "start --help"]) {
    const { stdout } = await shop.shopmetrics(call, { env: { COLUMNS: "80" } });
    expect(
      stdout.split("\n").filter((line) => [...line].length > 80),
      call,
    ).toEqual([]);
    expect(stdout.length, call).toBeGreaterThan(100);
  }
});

it("--version is the package's, and each command's help has an example", async () => {
  expect((await shop.shopmetrics("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const help = (await shop.shopmetrics("--help")).stdout;
  for (const command of [
    "start",
    "generate",
    "run",
    "sql",
    "show",
    "diff",
    "unload",
    "stream",
    "site",
    "graph",
    "clean",
  ]) {
    expect(help, command).toContain(`\n  ${command} `);
    expect((await shop.shopmetrics(`${command} --help`)).stdout, command).toMatch(
      /\nExamples:\n {2}npx shopmetrics /,
    );
  }
});
