import { describe, expect, it } from "vitest";
import { silver } from "shopmetrics";
import type { Given } from "./defaults.ts";
import { lakehouse, step, type Lakehouse } from "./harness.ts";

type Line = Given<"bronze.customers_raw">;

const jan = "2026-01-01T00:00:00Z";
const feb = "2026-02-01T00:00:00Z";
const mar = "2026-03-01T00:00:00Z";

/** Each version as e-mail, start, end. */
async function versions(lake: Lakehouse): Promise<(string | null)[][]> {
  const rows = await lake.rows(silver.dim_customers);
  return rows
    .toSorted((a, b) =>
      a.customer_id + a.effective_start_date < b.customer_id + b.effective_start_date ? -1 : 1,
    )
    .map(({ email, effective_start_date, effective_end_date }) => [
      email,
      effective_start_date,
      effective_end_date,
    ]);
}

/** Lines that arrive one batch after the other, with a run after each. */
async function arriving(...batches: Line[][]): Promise<Lakehouse> {
  const lake = await lakehouse();
  for (const lines of batches) {
    await lake.given({ "bronze.customers_raw": lines });
    await lake.run("silver.dim_customers");
  }
  return lake;
}

describe("versions (FR-004)", () => {
  it("a changed e-mail closes the old row and opens a new one (AC-003)", async () => {
    const lake = await arriving(
      [{ email: "old@x.com", updated_at: jan }],
      [{ email: "new@x.com", updated_at: feb }],
    );
    const rows = await lake.rows(silver.dim_customers);
    const [old, current] = rows.toSorted((a) => (a.is_current ? 1 : -1));
    expect(rows).toHaveLength(2);
    expect(old).toMatchObject({
      email: "old@x.com",
      effective_end_date: feb,
      is_current: false,
      end_reason: "changed",
    });
    expect(current).toMatchObject({
      email: "new@x.com",
      effective_start_date: feb,
      effective_end_date: null,
      is_current: true,
      end_reason: null,
    });
    expect(old?.surrogate_key).not.toBe(current?.surrogate_key);
  });

  it.for(["first_name", "last_name", "phone", "city", "region", "country"] as const)(
    "a changed %s opens a version too: every descriptive attribute is tracked",
    async (column) => {
      const lake = await arriving([{ updated_at: jan }], [{ [column]: "Other", updated_at: feb }]);
      expect(await lake.rows(silver.dim_customers, column)).toHaveLength(2);
    },
  );

  it("an attribute that becomes empty, or is filled in, opens a version", async () => {
    const lake = await arriving([{ phone: "1", updated_at: jan }], [{ phone: null, updated_at: feb }]);
    await lake.given({ "bronze.customers_raw": [{ phone: "1", updated_at: mar }] });
    await lake.run("silver.dim_customers");
    expect(await versions(lake)).toHaveLength(3);
  });

  it("a row sent again unchanged opens no version, be its updated_at the same or later (AC-003)", async () => {
    const lake = await arriving([{ updated_at: jan }], [{ updated_at: jan }], [{ updated_at: feb }]);
    expect(await versions(lake)).toEqual([["ada@example.com", jan, null]]);
  });

  it("spaces and the case of an e-mail address are no change", async () => {
    const lake = await arriving(
      [{ updated_at: jan }],
      [{ email: " ADA@Example.com ", city: "London ", updated_at: feb }],
    );
    expect(await versions(lake)).toHaveLength(1);
  });

  it("a day that is replayed changes nothing, not even the keys (NFR-007)", async () => {
    const day: Line[] = [
      { email: "a@x.com", updated_at: jan },
      { email: "b@x.com", updated_at: feb },
    ];
    const lake = await arriving(day);
    const before = await lake.rows(silver.dim_customers);
    await lake.given({ "bronze.customers_raw": day });
    const outcome = await lake.run("silver.dim_customers");
    expect(await lake.rows(silver.dim_customers)).toEqual(before);
    expect(outcome.step("silver.dim_customers")).toMatchObject({ in: 2, out: 0, deleted: 0 });
  });

  it("a customer who changes back has three versions", async () => {
    const lake = await arriving([
      { email: "a@x.com", updated_at: jan },
      { email: "b@x.com", updated_at: feb },
      { email: "a@x.com", updated_at: mar },
    ]);
    expect(await versions(lake)).toEqual([
      ["a@x.com", jan, feb],
      ["b@x.com", feb, mar],
      ["a@x.com", mar, null],
    ]);
  });

  it("news of one customer leave the others alone", async () => {
    const lake = await arriving(
      [
        { customer_id: "C1", updated_at: jan },
        { customer_id: "C2", updated_at: jan },
      ],
      [],
    );
    await lake.given({ "bronze.customers_raw": [{ customer_id: "C2", email: "b@x.com", updated_at: feb }] });
    const outcome = await lake.run("silver.dim_customers");
    expect(outcome.step("silver.dim_customers").out).toBe(2); // the closed and the opened version of C2
    expect(await lake.rows(silver.dim_customers)).toHaveLength(3);
  });
});

describe("late and out-of-order changes (FR-004)", () => {
  it("a late older change lands in its place and the current version stays current", async () => {
    const lake = await arriving(
      [
        { email: "a@x.com", updated_at: jan },
        { email: "c@x.com", updated_at: mar },
      ],
      [{ email: "b@x.com", updated_at: feb }],
    );
    expect(await versions(lake)).toEqual([
      ["a@x.com", jan, feb],
      ["b@x.com", feb, mar],
      ["c@x.com", mar, null],
    ]);
  });

  it("a change older than all becomes the first version", async () => {
    const lake = await arriving(
      [{ email: "b@x.com", updated_at: feb }],
      [{ email: "a@x.com", updated_at: jan }],
    );
    expect(await versions(lake)).toEqual([
      ["a@x.com", jan, feb],
      ["b@x.com", feb, null],
    ]);
  });

  it("a late change that already says what a later one said takes that one's place", async () => {
    const lake = await arriving(
      [
        { email: "a@x.com", updated_at: jan },
        { email: "b@x.com", updated_at: mar },
      ],
      [{ email: "b@x.com", updated_at: feb }],
    );
    expect(await versions(lake)).toEqual([
      ["a@x.com", jan, feb],
      ["b@x.com", feb, null],
    ]);
  });

  it("a late change between two equal ones makes the second a version, though it opened none before", async () => {
    const lake = await arriving(
      [{ email: "a@x.com", updated_at: jan }],
      [{ email: "a@x.com", updated_at: mar }],
      [{ email: "b@x.com", updated_at: feb }],
    );
    expect(await versions(lake)).toEqual([
      ["a@x.com", jan, feb],
      ["b@x.com", feb, mar],
      ["a@x.com", mar, null],
    ]);
  });

  it("a late copy of the version before it changes nothing", async () => {
    const lake = await arriving(
      [
        { email: "a@x.com", updated_at: jan },
        { email: "b@x.com", updated_at: mar },
      ],
      [{ email: "a@x.com", updated_at: feb }],
    );
    expect(await versions(lake)).toEqual([
      ["a@x.com", jan, mar],
      ["b@x.com", mar, null],
    ]);
  });

  it("files in the wrong order give the same history as in the right one", async () => {
    const changes: Line[] = [
      { email: "a@x.com", updated_at: jan, source_file: "customers/1.csv" },
      { email: "b@x.com", updated_at: feb, source_file: "customers/2.csv" },
      { email: "c@x.com", updated_at: mar, source_file: "customers/3.csv" },
    ];
    const right = await arriving(...changes.map((one) => [one]));
    const wrong = await arriving(...changes.toReversed().map((one) => [one]));
    expect(await wrong.rows(silver.dim_customers)).toEqual(await right.rows(silver.dim_customers));
  });

  it("of two changes at one instant the file loaded later wins, whatever its name is", async () => {
    const first: Line = {
      email: "first@x.com",
      updated_at: jan,
      source_file: "customers/b.csv",
      source_load: 1,
    };
    const second: Line = {
      email: "second@x.com",
      updated_at: jan,
      source_file: "customers/a.csv",
      source_load: 2,
    };
    for (const lake of [await arriving([first], [second]), await arriving([second], [first])])
      expect(await lake.rows(silver.dim_customers, "email")).toEqual([{ email: "second@x.com" }]);
  });

  it("of two changes at one instant the one of the later file holds, whichever arrives first", async () => {
    const earlier: Line = { email: "earlier@x.com", updated_at: jan, source_file: "customers/1.csv" };
    const later: Line = { email: "later@x.com", updated_at: jan, source_file: "customers/2.csv" };
    expect(await versions(await arriving([earlier], [later]))).toEqual([["later@x.com", jan, null]]);
    expect(await versions(await arriving([later], [earlier]))).toEqual([["later@x.com", jan, null]]);
  });

  it("of two changes at one instant in one file the later line holds", async () => {
    const lake = await arriving([
      { email: "line9@x.com", updated_at: jan, source_row: 9 },
      { email: "line10@x.com", updated_at: jan, source_row: 10 },
    ]);
    expect(await versions(lake)).toEqual([["line10@x.com", jan, null]]);
  });

  it("an updated_at with an offset is placed by its instant in UTC", async () => {
    const lake = await arriving([
      { email: "b@x.com", updated_at: "2026-02-01T01:00:00+02:00" },
      { email: "c@x.com", updated_at: "2026-01-31T23:30:00Z" },
    ]);
    expect(await versions(lake)).toEqual([
      ["b@x.com", "2026-01-31T23:00:00Z", "2026-01-31T23:30:00Z"],
      ["c@x.com", "2026-01-31T23:30:00Z", null],
    ]);
  });

  it("a recomputation with --full gives the same rows and writes none", async () => {
    const lake = await arriving(
      [{ email: "b@x.com", updated_at: feb }],
      [{ email: "a@x.com", updated_at: jan }],
    );
    const before = await lake.rows(silver.dim_customers);
    const outcome = await lake.run("silver.dim_customers", { full: true });
    expect(await lake.rows(silver.dim_customers)).toEqual(before);
    expect(outcome.step("silver.dim_customers").out).toBe(0);
  });
});

describe("refused lines (FR-003)", () => {
  it.for([
    ["customer_id is missing", { customer_id: "  " }],
    ["updated_at is not a timestamp", { updated_at: "yesterday" }],
    ["signup_date is not a date", { signup_date: "2023-02-29" }],
  ] satisfies [string, Line][])("%s", async ([reason, line]) => {
    const given = await step("silver.dim_customers", {
      "bronze.customers_raw": [{ ...line, city: "Paris" }],
    });
    const [refused] = await given.rows(silver.rejected_rows);
    expect(refused).toMatchObject({
      table_name: "silver.dim_customers",
      reasons: [reason],
      source_file: "customers/customers_0001.csv",
      source_row: 1,
      run_id: given.outcome.report.runId,
    });
    expect(JSON.parse(refused?.raw_row ?? "")).toMatchObject({ ...line, city: "Paris", phone: "+44 20 1" });
    expect(await given.rows(silver.dim_customers)).toEqual([]);
  });

  it("a malformed line is refused once, as that, with the whole line", async () => {
    const empty = { customer_id: null, first_name: null, signup_date: null, updated_at: null };
    const given = await step("silver.dim_customers", {
      "bronze.customers_raw": [{ ...empty, _rescued_data: 'C9,"torn' }],
    });
    const [refused] = await given.rows(silver.rejected_rows);
    expect(refused?.reasons).toEqual(["malformed line"]);
    expect(JSON.parse(refused?.raw_row ?? "")).toMatchObject({ _rescued_data: 'C9,"torn' });
  });

  it("a line with columns that no contract knows is judged like any other, never dropped in silence", async () => {
    const rescued = '{"loyalty":"gold"}';
    const given = await step("silver.dim_customers", {
      "bronze.customers_raw": [
        { customer_id: "C1", _rescued_data: rescued },
        { customer_id: "C2", _rescued_data: rescued, updated_at: "soon" },
        { customer_id: " ", _rescued_data: rescued },
      ],
    });
    expect(await given.rows(silver.dim_customers, "customer_id")).toEqual([{ customer_id: "C1" }]);
    expect(await given.rows(silver.rejected_rows, "reasons")).toEqual([
      { reasons: ["updated_at is not a timestamp"] },
      { reasons: ["customer_id is missing"] },
    ]);
  });

  it.for([
    ["2026-03-01T00:30:00+02:00", "2026-02-28"],
    ["2026-02-28 23:30:00-05:00", "2026-03-01"],
    ["2026-02-28T23:30:00Z", "2026-02-28"],
    ["2026-02-28T23:30:00", "2026-02-28"],
    [" 2026-02-28 ", "2026-02-28"],
  ] as const)("signup_date %s is the UTC day %s", async ([given, signup_date]) => {
    const lake = await step("silver.dim_customers", { "bronze.customers_raw": [{ signup_date: given }] });
    expect(await lake.rows(silver.dim_customers, "signup_date")).toEqual([{ signup_date }]);
  });

  it("empty attributes are allowed, and so is a leap day", async () => {
    const given = await step("silver.dim_customers", {
      "bronze.customers_raw": [{ email: "", phone: null, city: " ", signup_date: "2024-02-29" }],
    });
    expect(await given.rows(silver.dim_customers, "email", "phone", "city", "signup_date")).toEqual([
      { email: null, phone: null, city: null, signup_date: "2024-02-29" },
    ]);
  });

  it("more than 5 % refused warns with the figure", async () => {
    const given = await step("silver.dim_customers", {
      "bronze.customers_raw": [{ customer_id: "C1" }, { customer_id: "" }],
    });
    expect(given.outcome.check("refused customer rows")).toMatchObject({
      status: "warn",
      figure: 0.5,
      failedRows: 1,
    });
  });
});
