import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import { lakehouse, step, type Upstream } from "./harness.ts";

describe("Stripe's amounts", () => {
  it.for([
    ["eur", "1250", "12.50"],
    ["EUR ", "1", "0.01"],
    ["jpy", "1250", "1250.00"],
    ["kwd", "1234", "1.23"],
    ["kwd", "1235", "1.24"],
    ["isk", "125000", "1250.00"],
  ] as const)("%s %s are %s", async ([currency, amount, expected]) => {
    const given = await step("silver.stripe_charges", {
      "bronze.stripe_charges_raw": [{ currency, amount }],
    });
    expect(await given.rows(silver.stripe_charges, "amount", "currency")).toEqual([
      { amount: expected, currency: currency.trim().toUpperCase() },
    ]);
    expect(given.outcome.warnings.includes("amounts with more than two decimals, rounded half up")).toBe(
      currency === "kwd",
    );
  });

  it("below 0 leave the balance, and so may a fee; a fee of a charge below 0 is named", async () => {
    const given = await step("silver.stripe_balance_transactions", {
      "bronze.stripe_balance_transactions_raw": [
        { balance_transaction_id: "txn_1", type: "adjustment", amount: "-1000", fee: "1500", net: "-2500" },
        { balance_transaction_id: "txn_2", type: "adjustment", amount: "1000", fee: "-1500", net: "2500" },
        { balance_transaction_id: "txn_3", type: "charge", amount: "1000", fee: "-1", net: "1001" },
      ],
    });
    expect(await given.rows(silver.stripe_balance_transactions, "amount", "fee", "net")).toEqual([
      { amount: "-10.00", fee: "15.00", net: "-25.00" },
      { amount: "10.00", fee: "-15.00", net: "25.00" },
      { amount: "10.00", fee: "-0.01", net: "10.01" },
    ]);
    expect(given.outcome.check("fees below 0 of charges").message).toContain("txn_3");
  });

  it("amount, fee and net still agree when thousandths are rounded to the cent", async () => {
    const given = await step("silver.stripe_balance_transactions", {
      "bronze.stripe_balance_transactions_raw": [
        { balance_transaction_id: "txn_1", currency: "kwd", amount: "30123", fee: "905", net: "29218" },
        { balance_transaction_id: "txn_2", currency: "kwd", amount: "30123", fee: "905", net: "29228" },
      ],
    });
    expect(await given.rows(silver.stripe_balance_transactions, "amount", "fee", "net")).toEqual([
      { amount: "30.12", fee: "0.91", net: "29.21" },
      { amount: "30.12", fee: "0.91", net: "29.23" },
    ]);
    expect(given.outcome.check("net is amount − fee").message).toContain("1 of 2 rows, such as txn_2");
  });

  it("a net that is not amount − fee is named", async () => {
    const given = await step("silver.stripe_balance_transactions", {
      "bronze.stripe_balance_transactions_raw": [{ net: "961" }],
    });
    expect(given.outcome.warnings).toEqual(["net is amount − fee"]);
  });
});

describe("Stripe's times", () => {
  it.for([
    ["1773144000", "2026-03-10T12:00:00Z", "2026-03-10"],
    ["1773100799", "2026-03-09T23:59:59Z", "2026-03-09"],
    ["1773100800", "2026-03-10T00:00:00Z", "2026-03-10"],
    ["-1", "1969-12-31T23:59:59Z", "1969-12-31"],
  ] as const)("%s is %s", async ([created, expected, day]) => {
    const given = await step("silver.stripe_balance_transactions", {
      "bronze.stripe_balance_transactions_raw": [{ created, available_on: created }],
    });
    expect(
      await given.rows(silver.stripe_balance_transactions, "created_at", "created_date", "available_on"),
    ).toEqual([{ created_at: expected, created_date: day, available_on: day }]);
  });
});

describe("one row per object", () => {
  it.for([
    ["stripe_charges", { amount_refunded: "0" }, { amount_refunded: "1000" }, "amount_refunded", "10.00"],
    ["stripe_refunds", { status: "pending" }, { status: "succeeded" }, "status", "succeeded"],
    ["stripe_disputes", { status: "under_review" }, { status: "Won" }, "status", "won"],
    ["stripe_balance_transactions", { fee: "40" }, { fee: "41", net: "959" }, "fee", "0.41"],
  ] as const)("of %s the one that was loaded last counts", async ([name, older, newer, column, expected]) => {
    const lake = await lakehouse();
    const raw = `bronze.${name}_raw` as const;
    await lake.given({ [raw]: [{ ...older, source_load: 1, source_file: `${name}/b.csv` }] } as Upstream);
    await lake.run(`silver.${name}`);
    await lake.given({ [raw]: [{ ...newer, source_load: 2, source_file: `${name}/a.csv` }] } as Upstream);
    await lake.run(`silver.${name}`);
    const rows: readonly Record<string, unknown>[] = await lake.contents(silver[name]);
    expect(rows.map((row) => row[column])).toEqual([expected]);
  });

  it("test mode beside real money is named", async () => {
    const given = await step("silver.stripe_charges", {
      "bronze.stripe_charges_raw": [
        { charge_id: "ch_1", livemode: "true" },
        { charge_id: "ch_2", livemode: "false" },
      ],
    });
    expect(given.outcome.check("charges of test mode beside real ones").message).toContain("ch_2");
  });
});

describe("refused objects", () => {
  it.for([
    ["charge_id is missing", "stripe_charges", { charge_id: "" }],
    ["amount is not a whole number of the smallest unit", "stripe_charges", { amount: "10.50" }],
    ["amount is not a whole number of the smallest unit", "stripe_charges", { amount: "" }],
    ["amount is not an amount", "stripe_charges", { amount: "999999999999", currency: "jpy" }],
    ["amount is negative", "stripe_charges", { amount: "-1" }],
    ["currency is no code of three letters", "stripe_charges", { currency: "" }],
    ["status is not known", "stripe_charges", { status: "paid" }],
    ["created is not a time in seconds", "stripe_charges", { created: "2026-03-10" }],
    ["created is not a time in seconds", "stripe_charges", { created: "999999999999999" }],
    ["created is more than 1 day after it was loaded", "stripe_charges", { created: "4102444800" }],
    ["livemode is not true or false", "stripe_charges", { livemode: "" }],
    ["status is not known", "stripe_refunds", { status: "lost" }],
    ["amount is negative", "stripe_refunds", { amount: "-100" }],
    ["status is missing", "stripe_disputes", { status: " " }],
    ["type is missing", "stripe_balance_transactions", { type: "" }],
    ["fee is not a whole number of the smallest unit", "stripe_balance_transactions", { fee: "0.4" }],
    ["available_on is not a time in seconds", "stripe_balance_transactions", { available_on: "soon" }],
  ] as const)("%s (%s, %o)", async ([reason, name, line]) => {
    const given = await step(`silver.${name}`, { [`bronze.${name}_raw`]: [line] } as Upstream);
    expect(await given.rows(silver.rejected_rows, "table_name", "reasons")).toEqual([
      { table_name: `silver.${name}`, reasons: [reason] },
    ]);
    expect(await given.contents(silver[name])).toEqual([]);
  });

  it.for(["stripe_charges", "stripe_refunds", "stripe_disputes", "stripe_balance_transactions"] as const)(
    "what landed of %s without being readable is kept in the quarantine",
    async (name) => {
      const nothing = Object.fromEntries(
        [
          "charge_id",
          "refund_id",
          "dispute_id",
          "balance_transaction_id",
          "type",
          "amount",
          "fee",
          "net",
          "currency",
          "status",
          "reason",
          "created",
          "livemode",
        ]
          .filter(
            (column) =>
              silver[name].columns.some((one) => one.name === column) || ["created"].includes(column),
          )
          .map((column) => [column, null]),
      );
      const given = await step(`silver.${name}`, {
        [`bronze.${name}_raw`]: [{ ...nothing, value: "<html>502</html>" }],
      } as Upstream);
      const [refused] = await given.rows(silver.rejected_rows, "reasons", "raw_row");
      expect(refused!.reasons).toEqual(["object cannot be read"]);
      expect(refused!.raw_row).toContain("<html>502</html>");
    },
  );
});
