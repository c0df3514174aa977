import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { history, merge, silver, sql } from "shopmetrics";
import { bigint, text } from "#lib/contracts/columns.js";
import { table } from "#lib/contracts/table.js";
import { databricks } from "#lib/engine/databricks/adapter.js";
import { textOf } from "#lib/engine/operation.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { duckdb } from "#lib/engine/index.js";
import { shop } from "#lib/shop/index.js";
import { runUnitTest } from "#lib/unit/run-unit-test.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { prepareFile } from "../../build/src/bundle/sql/prepare.ts";
import { dryRun } from "../../build/src/compile/dry-run.ts";
import { lineageOf } from "../../build/src/compile/lineage/columns.ts";
import { analyse } from "../../build/src/compile/lineage/select.ts";
import { record } from "../../build/src/compile/record.ts";
import { code, frontMatter, notebookFile } from "../../build/src/new/draft.ts";
import { bundleNotebooks } from "../../build/src/notebook/plugin.ts";
import {
  change,
  changed,
  contentsOf,
  expected,
  people,
  peopleOn,
  planOf,
  play,
  stepNames,
  steps,
  tables,
  versions,
  type Change,
  type People,
} from "../deletes.ts";

// DELETE_RUNS=5000 npx vitest run --project unit tests/unit/deletes.test.ts
// A failure names its seed: DELETE_SEED=<seed> DELETE_RUNS=1 runs that stream alone.
const runs = Number(process.env["DELETE_RUNS"] ?? 25);
const first = Number(process.env["DELETE_SEED"] ?? 1);

let engine: Awaited<ReturnType<typeof openDuckdb>>;
let lake: People;
beforeEach(async () => {
  engine = await openDuckdb({ file: ":memory:", threads: 1 });
  lake = await peopleOn(engine, "memory");
});
afterEach(async () => {
  await lake.connection.close();
  await engine.close();
});

/** Batches that arrive one after the other, with a run after each; how many rows the last one wrote. */
async function arriving(...batches: readonly Change[][]): Promise<number> {
  let wrote = 0;
  for (const batch of batches) {
    wrote = 0;
    await lake.arrive(batch);
    for (const step of stepNames) wrote += await lake.run(step);
  }
  return wrote;
}

describe("whatever a change stream brings, however it is cut", () => {
  it.for(Array.from({ length: runs }, (_, index) => first + index))(
    "both verbs hold what the plain model says: stream %i",
    async (seed) => {
      const { come, ...published } = await play(lake, seed);
      expect(await contentsOf(lake)).toEqual(expected(come));
      expect(published).toEqual({ again: 0, full: 0 });
    },
  );
});

const gone: Partial<Change> = { is_deleted: true, city: null, amount: null };
const [jan, feb, mar, apr] = ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"].map(
  (day) => `${day}T00:00:00Z`,
) as [string, string, string, string];

const held = () => lake.rows("select person_id, city from silver.people order by person_id");
const sums = () => lake.rows("select city, people from gold.people_by_city order by city");

describe("merge with deletions", () => {
  it("takes the row away, and what is computed from it", async () => {
    await arriving(
      [change({ lsn: 1 }), change({ lsn: 2, person_id: "Bo" })],
      [change({ lsn: 3, ...gone }), change({ lsn: 4, person_id: "Bo", city: "Paris" })],
    );
    expect(await held()).toEqual([{ person_id: "Bo", city: "Paris" }]);
    expect(await sums()).toEqual([{ city: "Paris", people: 1 }]);
  });

  it("publishes a batch that only deletes, with what the row was", async () => {
    await arriving([change({ lsn: 1 })]);
    expect(await arriving([change({ lsn: 2, ...gone })])).toBeGreaterThan(0);
    expect(await lake.rows("select person_id, city, amount, _batch from ops.before_silver_people")).toEqual([
      { person_id: "Ada", city: "London", amount: 1, _batch: 2 },
    ]);
    expect(await sums()).toEqual([]);
  });

  it("deletes what is not there without a change, and remembers it", async () => {
    await lake.arrive([change({ lsn: 5, ...gone })]);
    expect(await lake.run("people")).toBe(0);
    await lake.arrive([change({ lsn: 4 })]);
    expect(await lake.run("people")).toBe(0);
    expect(await held()).toEqual([]);
  });

  it.for(["in one batch", "in a later one"])(
    "does not bring a row back by an older change: %s",
    async (when) => {
      const older = change({ lsn: 2, city: "Paris" });
      const batches = [[change({ lsn: 1 })], [change({ lsn: 3, ...gone })]];
      if (when === "in one batch") batches[1]!.push(older);
      else batches.push([older]);
      await arriving(...batches);
      expect(await held()).toEqual([]);
    },
  );

  it("brings a row back by a newer one, which is downstream's too", async () => {
    await arriving([change({ lsn: 1 })], [change({ lsn: 3, ...gone })], [change({ lsn: 4, city: "Paris" })]);
    expect(await held()).toEqual([{ person_id: "Ada", city: "Paris" }]);
    expect(await sums()).toEqual([{ city: "Paris", people: 1 }]);
  });

  it("goes by the order, column by column, and not by the clock", async () => {
    await arriving(
      [change({ lsn: 9, place: 1, city: "nine", changed_at: feb })],
      [
        change({ lsn: 10, place: 5, city: "ten", changed_at: jan }),
        change({ lsn: 9, place: 7, city: "late" }),
      ],
      [change({ lsn: 10, place: 4, city: "late" })],
    );
    expect(await held()).toEqual([{ person_id: "Ada", city: "ten" }]);
  });

  it("writes nothing for a change that comes again", async () => {
    const day = [change({ lsn: 1 }), change({ lsn: 2, person_id: "Bo", ...gone })];
    expect(await arriving(day, day)).toBe(0);
  });

  it("does again what stands at the same place", async () => {
    await arriving([change({ lsn: 1, place: 3 })]);
    expect(await arriving([change({ lsn: 1, place: 3 })])).toBe(0);
    await arriving([change({ lsn: 1, place: 3, city: "Paris" })]);
    expect(await held()).toEqual([{ person_id: "Ada", city: "Paris" }]);
  });

  it("is newer by its order though it says the same, so one between them comes too late", async () => {
    await arriving([change({ lsn: 1 })], [change({ lsn: 5 })], [change({ lsn: 3, city: "Paris" })]);
    expect(await held()).toEqual([{ person_id: "Ada", city: "London" }]);
  });

  it("begins anew with --full: what was taken back from bronze may come again, corrected", async () => {
    await arriving([change({ lsn: 7, city: "wrong" }), change({ lsn: 8, person_id: "Bo", ...gone })]);
    await lake.connection.execute("delete from bronze.people_changes");
    await lake.run("people", { full: true });
    expect(await lake.rows("select * from ops.latest_silver_people")).toEqual([]);
    await arriving([change({ lsn: 7, city: "right" }), change({ lsn: 6, person_id: "Bo" })]);
    expect(await held()).toEqual([
      { person_id: "Ada", city: "right" },
      { person_id: "Bo", city: "London" },
    ]);
  });

  it("remembers one row for each key, however many changes come", async () => {
    for (let lsn = 1; lsn <= 5; lsn++) await arriving([change({ lsn, ...(lsn % 2 ? {} : gone) })]);
    expect(await lake.rows("select * from ops.latest_silver_people")).toEqual([
      { person_id: "Ada", lsn: 5, place: 0, _deleted: false },
    ]);
  });

  it.for(["is_deleted", "lsn", "person_id"])(
    "stops at a change whose %s is null, and keeps nothing of it",
    async (column) => {
      await arriving([change({ lsn: 1 })]);
      await lake.arrive([change({ lsn: 2, city: "Paris" }), change({ lsn: 3, person_id: "Bo" })]);
      await lake.connection.execute(
        `update bronze.people_changes set ${column} = null where lsn = ${column === "is_deleted" ? 2 : 3}`,
      );
      await expect(lake.run("people")).rejects.toThrow(
        /merge silver.people: .*person_id, lsn, place or is_deleted is null in a change of person_id (Ada|Bo|null): refuse such rows before/,
      );
      expect(await held()).toEqual([{ person_id: "Ada", city: "London" }]);
    },
  );
});

const lines = () =>
  lake.rows(
    `select city, effective_start_date as since, effective_end_date as until, end_reason, is_current
      from silver.people_versions order by effective_start_date`,
  );
const line = (
  city: string | null,
  since: string,
  until: string | null = null,
  end_reason: string | null = null,
) => ({
  city,
  since,
  until,
  end_reason,
  is_current: until === null,
});

describe("history with deletions", () => {
  const born = change({ lsn: 1, changed_at: jan });

  it("ends the version when the row was deleted, and says so", async () => {
    await arriving([born], [change({ lsn: 2, changed_at: feb, ...gone })]);
    expect(await lines()).toEqual([line("London", jan, feb, "deleted")]);
  });

  it("says of a version that another one followed", async () => {
    await arriving([born], [change({ lsn: 2, changed_at: feb, city: "Paris" })]);
    expect(await lines()).toEqual([line("London", jan, feb, "changed"), line("Paris", feb)]);
  });

  it("begins a new version when a row comes back, with a gap between, also if it says the same", async () => {
    await arriving(
      [born],
      [change({ lsn: 2, changed_at: feb, ...gone })],
      [change({ lsn: 3, changed_at: mar })],
    );
    expect(await lines()).toEqual([line("London", jan, feb, "deleted"), line("London", mar)]);
  });

  it("places a late change before the deletion", async () => {
    await arriving(
      [born, change({ lsn: 3, changed_at: mar, ...gone })],
      [change({ lsn: 2, changed_at: feb, city: "Paris" })],
    );
    expect(await lines()).toEqual([line("London", jan, feb, "changed"), line("Paris", feb, mar, "deleted")]);
  });

  it("places a late deletion between two changes", async () => {
    await arriving(
      [born, change({ lsn: 3, changed_at: mar })],
      [change({ lsn: 2, changed_at: feb, ...gone })],
    );
    expect(await lines()).toEqual([line("London", jan, feb, "deleted"), line("London", mar)]);
  });

  it("knows no version of what was only deleted, and the first of two deletions", async () => {
    await arriving([change({ lsn: 1, changed_at: jan, ...gone })]);
    expect(await lines()).toEqual([]);
    await arriving([
      change({ lsn: 2, changed_at: feb }),
      change({ lsn: 3, changed_at: mar, ...gone }),
      change({ lsn: 4, changed_at: apr, ...gone }),
    ]);
    expect(await lines()).toEqual([line("London", feb, mar, "deleted")]);
  });

  it("lets no change outlive a newer one by a clock that was ahead", async () => {
    await arriving(
      [born, change({ lsn: 2, changed_at: apr, city: "Paris" })],
      [change({ lsn: 3, changed_at: mar, ...gone })],
    );
    expect(await lines()).toEqual([line("London", jan, mar, "deleted")]);
  });

  it("takes a version back that a deletion at the same instant has overtaken", async () => {
    await arriving([born]);
    expect(await lines()).toHaveLength(1);
    await arriving([change({ lsn: 2, changed_at: jan, ...gone })]);
    expect(await lines()).toEqual([]);
  });

  it("stops at a change that lacks its order", async () => {
    await lake.arrive([born]);
    await lake.connection.execute("update bronze.people_changes set place = null");
    await expect(lake.run("versions")).rejects.toThrow(
      /history silver.people_versions: .*place or is_deleted is null in a change of person_id Ada/,
    );
  });
});

describe("without an order of its own", () => {
  it("a history goes by time, then by the file loaded later and the later line", async () => {
    const plan = await planOf("by files", () =>
      history(
        versions,
        sql`select person_id, city, amount, changed_at as effective_start_date, is_deleted as is_gone,
          'a.csv' as source_file, lsn as source_load, place as source_row from ${changed}`,
        { by: "person_id", deleted: "is_gone" },
      ),
    );
    await expect(
      runUnitTest(
        plan,
        {
          arrivals: [
            {
              now: mar,
              given: [
                {
                  table: changed.name,
                  rows: [
                    change({ changed_at: jan, lsn: 2, ...gone }),
                    change({ changed_at: jan, lsn: 1 }),
                    change({ person_id: "Bo", changed_at: jan, lsn: 1 }),
                    change({ person_id: "Bo", changed_at: feb, lsn: 1, place: 1, ...gone }),
                    change({ person_id: "Bo", changed_at: feb, lsn: 1, place: 2, city: "Paris" }),
                  ],
                },
              ],
            },
          ],
          expected: {
            table: versions.name,
            rows: [
              { person_id: "Bo", city: "London", effective_end_date: feb, end_reason: "changed" },
              { person_id: "Bo", city: "Paris", effective_end_date: null, end_reason: null },
            ],
          },
        },
        { tables },
      ),
    ).resolves.toBeUndefined();
  });
});

describe("a unit test of a step that deletes", () => {
  it("runs it over what arrives, as a notebook's given(…).later(…).expect(…)", async () => {
    const at = (now: string, rows: readonly Change[]) => ({ now, given: [{ table: changed.name, rows }] });
    const test = {
      arrivals: [
        at(feb, [change({ lsn: 1 }), change({ lsn: 1, person_id: "Bo" })]),
        at(mar, [change({ lsn: 2, ...gone })]),
      ],
      expected: { table: people.name, rows: [{ person_id: "Bo" }] },
    };
    await expect(
      runUnitTest(await planOf("people", steps.people), test, { tables }),
    ).resolves.toBeUndefined();
  });
});

describe("what stands beside the table", () => {
  it("is made, and gains columns, by the first task of a job and by a run", async () => {
    expect(prepareFile({ tables })).toContain(
      "create table if not exists ops.latest_silver_people (person_id STRING, lsn BIGINT, place BIGINT, _deleted BOOLEAN) using delta",
    );
    await lake.connection.execute("alter table ops.latest_silver_people drop column place");
    const { rows } = await (
      await peopleOn(engine, "memory")
    ).connection.query("select place from ops.latest_silver_people");
    expect(rows).toEqual([]);
  });

  it("is cared for on a warehouse", () => {
    const texts = databricks.dialect.verbs
      .maintain({ kind: "maintain", table: people }, { sqlOf: () => "", bind: () => "" })
      .map((one) => textOf(one));
    expect(texts).toContain("optimize ops.latest_silver_people");
    expect(texts).toContain("vacuum ops.latest_silver_people retain 168 hours");
    expect(texts.join()).toContain("vacuum ops.news_silver_people retain 168 hours");
  });

  it("costs a warehouse two statements more than a merge by the contract's newest", async () => {
    const plain = await planOf("plain", () =>
      merge({ ...people, order: [] }, sql`select person_id, city, amount from ${changed}`),
    );
    const ordered = await planOf("people", steps.people);
    const count = ({ items }: typeof plain) => items.flatMap(({ scripts }) => scripts["databricks"]!).length;
    expect(count(ordered) - count(plain)).toBe(2);
  });
});

describe("lineage", () => {
  it("takes why a version ended from the deletions", async () => {
    const [made] = await lineageOf([await planOf("versions", steps.versions)], tables, analyse);
    const of = (name: string) =>
      made!.columns.find(({ column }) => column === name)!.sources.map(({ column }) => column);
    expect(of("end_reason").toSorted()).toEqual(["changed_at", "is_deleted", "person_id"]);
    expect(of("effective_end_date").toSorted()).toEqual(["changed_at", "person_id"]);
    expect(made!.columns.flatMap(({ unresolved }) => unresolved)).toEqual([]);
  });
});

describe("a build fails, with cell and line,", () => {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), "shopmetrics-deletes-"));
    await mkdir(path.join(root, "notebooks/silver"), { recursive: true });
  });
  afterAll(() => rm(root, { recursive: true }));

  const products = table("silver.dim_products", "Products.", silver.dim_products.row.shape, {
    ...silver.dim_products.options,
    order: { lsn: bigint("Position in the log.") },
  } as object) as typeof silver.dim_products;

  /** What building a notebook with this verb says; its select stands in cell 2 and the verb in cell 3. */
  async function said(columns: string, verb: string): Promise<string> {
    const { path: file, text: content } = notebookFile("notebooks/silver/dim_products.ipynb", [
      frontMatter({ title: "Tried out" }),
      code(`import { bronze, changes, history, merge, silver, sql } from "shopmetrics";
const products = { ...silver.dim_products, order: [{ name: "lsn", type: "BIGINT", nullable: false, comment: "" }] } as any;`),
      code(`const rows = sql\`select product_id, product_name, category, subcategory, brand, cast(price as decimal(12,2)) as price,
  cast(cost as decimal(12,2)) as cost, try_cast(updated_at as timestamp) as updated_at, source_file, source_row, source_load,
  cast(null as bigint) as change_lsn, ${columns}
  from \${changes(bronze.products_raw)}\`;`),
      code(`// by the log\n${verb}`),
    ]);
    await writeFile(path.join(root, file), content);
    try {
      const [bundled] = await bundleNotebooks([file], { root });
      const all = new Map([...shop.tables, [products.name, products]]);
      await dryRun([await record(bundled!, duckdb.translate, all)], all);
      return "built";
    } catch (error) {
      return (error as Error).message;
    }
  }
  const flags = "false as is_deleted, cast(1 as bigint) as lsn";

  it("not at all where all is well", async () => {
    expect(await said(flags, `await merge(products, rows, { deleted: "is_deleted", order: ["lsn"] });`)).toBe(
      "built",
    );
    expect(
      await said(
        "false as is_deleted, 1 as lsn",
        `await merge(products, rows, { order: ["lsn"], deleted: "is_deleted" });`,
      ),
    ).toBe("built");
  });

  it.for([
    [
      "for a misspelt column of deletions",
      flags,
      `await merge(products, rows, { deleted: "is_deletd", order: ["lsn"] });`,
      /dim_products.ipynb cell 3:2: the select for merge silver.dim_products lacks is_deletd and has is_deleted, which/,
    ],
    [
      "for an order that the select lacks",
      "false as is_deleted",
      `await merge(products, rows, { deleted: "is_deleted", order: ["lsn"] });`,
      /cell 3:2: the select for merge silver.dim_products lacks lsn/,
    ],
    [
      "for an order that came as text",
      "false as is_deleted, '9' as lsn",
      `await merge(products, rows, { deleted: "is_deleted", order: ["lsn"] });`,
      /cell 3:2: the select for merge silver.dim_products gives lsn as STRING, and it has to be BIGINT/,
    ],
    [
      "for a deletion that is no BOOLEAN",
      "'d' as is_deleted, 9 as lsn",
      `await merge(products, rows, { deleted: "is_deleted", order: ["lsn"] });`,
      /cell 3:2: .* gives is_deleted as STRING, and it has to be BOOLEAN/,
    ],
    [
      "for an order that is not the contract's",
      flags,
      `await merge(products, rows, { order: ["offset"] });`,
      /cell 3:2: merge\(silver.dim_products\): the order is offset, and that of its contract lsn/,
    ],
    [
      "for deletions without an order",
      "false as is_deleted",
      `await merge(products, rows, { deleted: "is_deleted" });`,
      /cell 3:2: merge\(silver.dim_products\): deleted needs an order, .* Add \{ order: \["lsn"\] \}/,
    ],
    [
      "for deletions that would be kept as a column",
      flags,
      `await merge(products, rows, { deleted: "brand", order: ["lsn"] });`,
      /cell 3:2: merge\(silver.dim_products\): deleted names brand, a column of its contract/,
    ],
    [
      "for a misspelt order of a history",
      "'C1' as customer_id",
      `await history(silver.dim_customers, rows, { by: "customer_id", order: ["lns"] });`,
      /cell 3:2: the select for history silver.dim_customers lacks .*lns/,
    ],
  ] satisfies [string, string, string, RegExp][])("%s", async ([, columns, verb, message]) => {
    expect(await said(columns, verb)).toMatch(message);
  });

  it("in a contract, where the order is a column of the table", () => {
    expect(() =>
      table("silver.t", "T.", { id: text("Id.") }, { key: ["id"], order: { id: text("Id.") } }),
    ).toThrow(
      "silver.t: id is of the key, which is the same in all changes of a row; `order` names other columns.",
    );
  });
});
