import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { findJupyter, kernelEnvironment } from "../../build/src/commands/jupyter.ts";
import { whyNoJupyter } from "../services/jupyter/why-not.ts";
import { projectRoot, temporaryFolder } from "./cli.ts";

const absent = whyNoJupyter();

/** What an editor shows in Jupyter for a word of a cell. */
describe.skipIf(absent)(`help in the kernel${absent ? ` (skipped: ${absent})` : ""}`, () => {
  let answers: { hover: string; completions: string[] }[];

  beforeAll(async () => {
    const env = await kernelEnvironment({ root: projectRoot, home: await temporaryFolder() });
    const python = path.join(path.dirname(findJupyter(projectRoot)), "python3");
    const script = path.join(projectRoot, "tests/fixtures/kernel/help.py");
    const first =
      'import { silver, sql, type Row } from "shopmetrics"; const order = {} as Row<typeof silver.orders_clean>;';
    const words = [
      "silver.orders_clean",
      "silver.ord",
      "const row = {} as Row<typeof silver.orders_clean>; row.total_amount",
      "order.cust",
      "await show(sql`select ord.customer_id from ${silver.orders_clean} as ord where ord.stat",
      "sql`select order_id from silver.orders_c",
    ];
    const options = { env, cwd: path.join(projectRoot, "notebooks") };
    const { stdout } = await promisify(execFile)(python, [script, first, ...words], options);
    answers = JSON.parse(stdout) as typeof answers;
  }, 120_000);

  it("a table's hover says what the table is, and its key", () => {
    expect(answers[0]?.hover).toContain("silver.orders_clean: One row per order");
    expect(answers[0]?.hover).toContain("Key: order_id.");
  });

  it("tables complete", () => {
    expect(answers[1]?.completions).toContain("orders_clean");
  });

  it("a column's hover says its SQL type and what it holds, in the cell that declares the row", () => {
    expect(answers[2]?.hover).toContain("DECIMAL(12,2): What the customer pays.");
  });

  it("columns of a row complete", () => {
    expect(answers[3]?.completions).toEqual(expect.arrayContaining(["customer_id", "customer_key"]));
  });

  it("columns of a table complete within sql, and so do tables", () => {
    expect(answers[4]?.completions).toEqual(["status"]);
    expect(answers[5]?.completions).toEqual(["${silver.orders_clean}"]);
  });
});

describe.skipIf(absent)("a cell that computes without end", () => {
  it.each(["tslab", "deno"])(
    "is interrupted under %s, and the kernel goes on",
    async (kernel) => {
      const env = await kernelEnvironment({ root: projectRoot, home: await temporaryFolder() });
      const python = path.join(path.dirname(findJupyter(projectRoot)), "python3");
      const script = path.join(projectRoot, "tests/fixtures/kernel/interrupt.py");
      const options = { env, cwd: path.join(projectRoot, "notebooks") };
      const { stdout } = await promisify(execFile)(python, [script, kernel], options);
      expect(JSON.parse(stdout)).toEqual(["error", "ok"]);
    },
    120_000,
  );
});
