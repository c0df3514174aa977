import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { useSession } from "#lib/plan/session.js";
import { seed, sql } from "shopmetrics";
import { render } from "#lib/sql/render.js";
import { beforeAll, afterAll, describe, expect, it } from "vitest";

let root: string;
let restore: () => void;
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "shopmetrics-seed-"));
  restore = useSession({ root, submit: () => Promise.resolve(undefined) });
});
afterAll(async () => {
  restore();
  await rm(root, { recursive: true });
});

const targets = async (text: string | undefined) => {
  if (text !== undefined) await writeFile(path.join(root, "targets.csv"), text);
  return seed("targets.csv", { month: "month", revenue: "decimal" }, ["month"]);
};

const rendered = (statement: ReturnType<typeof seed>) => {
  let count = 0;
  return render(statement, {
    literal: (value) => ({ name: `p${++count}`, kind: "literal", value }),
  });
};

describe("a seed", () => {
  it("is a select of the file's rows, with texts bound and all columns typed", async () => {
    await writeFile(
      path.join(root, "days.csv"),
      "date,label,orders\n2026-11-27,Black 'Friday',5\n\n2026-12-24,Eve,-7\n",
    );
    const { text, params } = rendered(
      seed("days.csv", { date: "date", label: "string", orders: "integer" }, ["date"]),
    );
    expect(text).toBe(
      "select date, label, orders from (values (date'2026-11-27', cast(param__p1 as string), cast(5 as bigint)), " +
        "(date'2026-12-24', cast(param__p2 as string), cast(-7 as bigint))) as t (date, label, orders)",
    );
    expect(params.map((param) => "value" in param && param.value)).toEqual(["Black 'Friday'", "Eve"]);
    expect(rendered(await targets("month,revenue\n2026-11,1000\n")).text).toBe(
      "select month, revenue from (values (date'2026-11-01', cast(1000 as decimal(18,2)))) as t (month, revenue)",
    );
  });

  it("takes columns in any order, quotes, Windows line ends and a byte-order mark", async () => {
    const { text } = rendered(await targets('\uFEFFrevenue,month\r\n"1000","2026-11"\r\n'));
    expect(text).toContain("(date'2026-11-01', cast(1000 as decimal(18,2)))");
  });

  it("of a file with the header alone has no rows", async () => {
    const { text, params } = rendered(await targets("month,revenue\n"));
    expect(text).toContain("where false");
    expect(params).toEqual([]);
  });

  it("can be read by other selects", async () => {
    const months = await targets("month,revenue\n2026-11,1000\n");
    expect(rendered(sql`select max(month) as last from ${months}`).text).toMatch(/^with /);
  });

  it.for([
    ["month,revenue\n2026-11,12k\n", 'line 2, column revenue: "12k". Expected an amount such as 125000.00'],
    [
      "month,revenue\n2026-11,1\n2026-13,1\n",
      'line 3, column month: "2026-13". Expected a month such as 2026-11',
    ],
    ["month,revenue\n\n2026-11,\n", "line 3, column revenue: no value. Expected an amount"],
    [
      "month,revenue\n2026-11,1,000\n",
      "line 2: 3 values. Expected 2: month, revenue. A value with a comma stands in quotes.",
    ],
    [
      "month,revenue\n2026-11,1\n2026-11,2\n",
      "line 3, column month: the same as in line 2. Expected one line for each.",
    ],
    ["month,target\n", 'line 1: the header reads "month,target". Expected the columns month, revenue.'],
    ["", 'line 1: the header reads "". Expected the columns month, revenue.'],
    ['month,revenue\n"2026-11,1\n', "line 2: a quote is not closed"],
  ] as const)("names file, line, column and what is expected: %j", async ([text, message]) => {
    await expect(targets(text)).rejects.toThrow(`targets.csv, ${message}`);
  });

  it("that is not there says which file to make", () => {
    expect(() => seed("other.csv", { date: "date", label: "string" }, ["date"])).toThrow(
      "other.csv is not there. Expected a CSV file with the columns date, label; one with the header alone has no rows.",
    );
  });

  it("holds a rate to eight decimals", async () => {
    await writeFile(path.join(root, "rates.csv"), "quote,rate\nJPY,180.30\n");
    expect(rendered(seed("rates.csv", { quote: "string", rate: "rate" }, ["quote"])).text).toBe(
      "select quote, rate from (values (cast(param__p1 as string), cast(180.30 as decimal(18,8)))) as t (quote, rate)",
    );
  });

  it.for([
    ["date", "2026-02-30"],
    ["date", "27.11.2026"],
    ["integer", "1.5"],
    ["decimal", "1.005"],
    ["rate", "0"],
    ["rate", "-1.16"],
    ["rate", "1.123456789"],
  ] as const)("refuses as a %s what is none: %s", async ([kind, value]) => {
    await writeFile(path.join(root, "one.csv"), `one\n${value}\n`);
    expect(() => seed("one.csv", { one: kind }, ["one"])).toThrow(
      `one.csv, line 2, column one: "${value}". Expected`,
    );
  });
});
