import { computed } from "@preact/signals-core";
import { noticing } from "#lib/dashboard/noticed.js";
import { openSnapshot } from "#lib/dashboard/snapshot.js";
import { describe, expect, it } from "vitest";

const columns = { day: "string", revenue: "integer", orders: "integer" } as const;

function page() {
  const notice = noticing();
  const open = (name: string) => {
    const snapshot = openSnapshot(name, columns);
    snapshot.set([
      { day: "mon", revenue: 10, orders: 1 },
      { day: "tue", revenue: 20, orders: 2 },
    ]);
    return notice.over(snapshot);
  };
  return {
    sales: open("sales"),
    traffic: open("traffic"),
    readsOf: (draw: () => unknown) => notice.while(draw).reads,
  };
}

describe("of a drawing is noticed", () => {
  it("which columns it reads, of which query", () => {
    const { sales, traffic, readsOf } = page();
    expect(readsOf(() => sales.rows.map(({ revenue }) => revenue))).toEqual(["sales.revenue"]);
    expect(readsOf(() => [sales.rows[0]?.day, traffic.rows[1]?.orders])).toEqual([
      "sales.day",
      "traffic.orders",
    ]);
    expect(readsOf(() => "nothing")).toEqual([]);
  });

  it("what it reads by way of something that was computed for an earlier one", () => {
    const { sales, readsOf } = page();
    let times = 0;
    const total = computed(() => {
      times++;
      return sales.rows.reduce((sum, { revenue }) => sum + revenue, 0);
    });
    const twice = computed(() => 2 * total.value);
    expect(readsOf(() => total.value)).toEqual(["sales.revenue"]);
    expect(readsOf(() => twice.value)).toEqual(["sales.revenue"]);
    expect(readsOf(() => [twice.value, sales.rows[0]?.day])).toEqual(["sales.day", "sales.revenue"]);
    expect(times).toBe(1);
  });

  it("every column where a row is copied, and the rows alone where they are counted", () => {
    const { sales, readsOf } = page();
    expect(readsOf(() => sales.rows.map((row) => ({ ...row })))).toEqual([
      "sales.day",
      "sales.orders",
      "sales.revenue",
    ]);
    expect(readsOf(() => sales.rows.length)).toEqual(["sales.*"]);
  });
});

it("a drawing that fails is told as it failed", () => {
  const { readsOf } = page();
  expect(() =>
    readsOf(() => {
      throw new TypeError("no such thing");
    }),
  ).toThrow("no such thing");
});

it("rows are the same objects each time, with their own values", () => {
  const { sales } = page();
  expect(sales.rows[0]).toBe(sales.rows[0]);
  expect(sales.rows).toEqual([
    { day: "mon", revenue: 10, orders: 1 },
    { day: "tue", revenue: 20, orders: 2 },
  ]);
});
