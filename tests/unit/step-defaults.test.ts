import { describe, expect, it } from "vitest";
import { boolean, date, decimal, int, oneOf, text, texts, timestamp } from "#lib/contracts/columns.js";
import { table } from "#lib/contracts/table.js";
import { tables } from "#lib/shop/index.js";
import { completeRow } from "../steps/defaults.ts";

const first = { batch: 1, row: 1 };

describe("a row of a step test of which the test says nothing", () => {
  it.each([...tables.values()].filter(({ layer }) => layer !== "ops").map((one) => [one.name, one] as const))(
    "is a row of %s",
    (_, contract) => {
      const row = completeRow(contract, {}, first);
      expect(contract.row.parse(row)).toEqual(row);
    },
  );

  it("has a value for every column that a contract gains, whatever its type", () => {
    const grown = table("gold.customer_ltv", "Grown.", {
      customer_id: text("As before."),
      nickname: text("New."),
      rank: int("New."),
      points: decimal(10, 3, "New."),
      since: date("New."),
      seen_at: timestamp("New."),
      is_known: boolean("New."),
      tier: oneOf(["gold", "silver"], "New."),
      tags: texts("New."),
      note: text("New.").nullable(),
    });
    expect(completeRow(grown, {}, first)).toMatchObject({
      customer_id: "C1",
      nickname: "nickname",
      rank: 0,
      points: "0.000",
      since: "2026-03-10",
      seen_at: "2026-03-10T12:00:00Z",
      is_known: false,
      tier: "gold",
      tags: [],
      note: null,
    });
  });
});
