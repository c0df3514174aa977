import { shop } from "#lib/shop/index.js";
import type { Html } from "#lib/display/html.js";
import type { Engine } from "#lib/engine/adapter.js";
import type { Connection } from "#lib/engine/connection.js";
import { dialectOf } from "#lib/engine/index.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import type { Item, Plan } from "#lib/plan/plan.js";
import { prepareWarehouse } from "#lib/run/warehouse.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examplesOf } from "../../build/src/docs/examples.ts";
import { readWarehouseStats } from "../../build/src/docs/warehouse-stats.ts";
import { type Highlight, loadHighlight } from "../../build/src/docs/highlight.ts";
import { around, layOut, lineageGraph } from "../../build/src/docs/lineage-graph.ts";
import { linkFrom } from "../../build/src/docs/links.ts";
import { renderMarkdown } from "../../build/src/docs/markdown.ts";
import { shownHtml } from "../../build/src/docs/outputs.ts";
import { unitTestsHtml } from "../../build/src/docs/unit-test.ts";
import type { UnitTest } from "#lib/plan/unit-test.js";
import { html } from "#lib/display/html.js";

let highlight: Highlight;
beforeAll(async () => {
  highlight = await loadHighlight();
});

const shownText = (html: Html) =>
  String(html)
    .replace(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");

describe("code in colour", () => {
  const code = [
    "const typed = sql`",
    "  select nullif(a, 'it''s ${x}') as b, -- why ${y}",
    "    case when b is null then 1 end",
    "  from ${changes(sql`select * from ${bronze.orders_raw} where n < 2`)}`;",
    "const plain = `select ${n}`;",
  ].join("\n");

  it("loses and adds nothing", () => {
    expect(shownText(highlight(code, "typescript"))).toBe(code);
  });

  it("is SQL within sql`…`, also in a hole of another, and nowhere else", () => {
    const html = String(highlight(code, "typescript"));
    const keyword = (word: string) => `<span class="code-keyword">${word}</span>`;
    expect(html.split(keyword("select"))).toHaveLength(3);
    expect(html).toContain(`${keyword("case")} ${keyword("when")}`);
    expect(html).toContain('<span class="code-comment">-- why </span>');
    expect(html).toContain('<span class="code-string">select </span>');
  });

  it("is shown plain where the language is not known", () => {
    expect(String(highlight("<b> & x", "brainfuck"))).toBe("&lt;b&gt; &amp; x");
  });
});

describe("a unit test of a notebook", () => {
  const given = [
    {
      table: "bronze.orders_raw",
      rows: [
        { order_id: "O1", status: "<b>" },
        { order_id: "O2", quantity: null },
      ],
    },
  ];
  const rows = [{ quantity: 1, total_amount: "12.50" }];
  const expected = { table: "silver.orders_clean", rows };
  const shown = (...tests: UnitTest[]) => unitTestsHtml(tests, shop.tables, (table) => html`<a>${table}</a>`);
  const rowsIn = (page: Html) =>
    [...String(page).matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) =>
      [...row!.matchAll(/<t[dh]\b[^>]*>(.*?)<\/t[dh]>/g)].map(([, cell]) => cell),
    );

  it("is a table of the rows given and one of the rows expected, empty where a row says nothing", () => {
    const page = shown({ arrivals: [{ now: "2026-03-11T00:00:00Z", given }], expected });
    expect(shownText(page).replaceAll(/\s+/g, " ")).toMatch(
      /Given bronze.orders_raw .*Expected silver.orders_clean/,
    );
    expect(rowsIn(page)).toEqual([
      ["order_id", "status", "quantity"],
      ["O1", "&lt;b&gt;", ""],
      ["O2", "", "null"],
      ["quantity", "total_amount"],
      ["1", "12.50"],
    ]);
    expect(String(page)).toContain('<td class="number">12.50</td>');
    expect(shownText(page)).not.toContain("The step runs at");
  });

  it("says what arrives after a run, and when the step runs where the test says it", () => {
    const page = shown({
      arrivals: [
        { now: "2026-03-11T00:00:00Z", given },
        { now: "2026-04-01T06:30:00Z", given: [{ table: "silver.dim_customers", rows: [] }] },
      ],
      expected,
    });
    expect(shownText(page).replaceAll(/\s+/g, " ")).toMatch(
      /Later, after a run, silver.dim_customers No rows. The step runs at 1 Apr 2026, 06:30 UTC./,
    );
  });

  it("shows rows that several tests of a cell begin with once", () => {
    const arrivals = [{ now: "2026-03-11T00:00:00Z", given }];
    const page = shownText(shown({ arrivals, expected }, { arrivals, expected: { ...expected, rows: [] } }));
    expect(page.match(/Given/g)).toHaveLength(1);
    expect(page.match(/Expected/g)).toHaveLength(2);
  });
});

describe("prose", () => {
  const render = (source: string) => {
    const { html, headings, sections } = renderMarkdown(source, {
      highlight,
      taken: new Set(),
      link: (href) => (href.startsWith("http") ? href : undefined),
      mention: (name) => (name === "silver.orders_clean" || name === "FR-003" ? `to-${name}` : undefined),
    });
    return { html: String(html), headings, sections };
  };

  it("goes into the search as it reads: names keep their underscores, marks and links are gone", () => {
    const { sections } = render("Reads *all* of `silver.orders_clean` and daily_sales,\nsee [FR-003](x.md).");
    expect(sections.map(({ text }) => text)).toEqual([
      "Reads all of silver.orders_clean and daily_sales, see FR-003.",
    ]);
  });

  it("shows raw HTML as text and links to no script", () => {
    const { html } = render(
      "<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) [b](missing.md) <b>c</b>",
    );
    expect(html).not.toMatch(/<img|<b>|href="javascript/);
    expect(html).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(html).not.toContain("<a ");
  });

  it("gives each heading an anchor of its own", () => {
    const { headings, html } = render("# A & B\n\n## Rows\n\n## Rows\n\n## 4. Run");
    expect(headings.map(({ id }) => id)).toEqual(["a-b", "rows", "rows-2", "part-4-run"]);
    for (const { id } of headings) expect(html).toContain(`id="${id}"`);
  });

  it("makes links of tables and requirements, but not within a link", () => {
    const { html } = render("`silver.orders_clean` (FR-003) [see FR-003](https://example.org) FR-999");
    expect(html).toBe(
      '<p><a href="to-silver.orders_clean"><code>silver.orders_clean</code></a> (<a href="to-FR-003">FR-003</a>) ' +
        '<a href="https://example.org">see FR-003</a> FR-999</p>\n',
    );
  });
});

describe("links between files", () => {
  const docs = {
    guides: new Map([
      ["README.md", ""],
      ["docs/a.md", ""],
    ]),
    notebooks: new Map([["silver.orders_clean", undefined as never]]),
  };
  it.each([
    ["README.md", "docs/a.md#part", "../guides/a.html#part"],
    ["docs/a.md", "../README.md", "../guides/readme.html"],
    ["README.md", "notebooks/silver/orders_clean.ipynb", "../notebooks/silver/orders_clean.html"],
    ["docs/a.md", "requirements.md", "../docs/requirements.html"],
    ["README.md", "LICENSE", undefined],
    ["README.md", "/etc/passwd", undefined],
    ["README.md", "file:///etc/passwd", undefined],
    ["README.md", "https://example.org/x.md", "https://example.org/x.md"],
    ["README.md", "#part", "#part"],
  ])("in %s, %s leads to %s", (source, href, target) => {
    expect(linkFrom(docs, source, href, "guides/x.html")).toBe(target);
  });
});

describe("what the warehouse holds", () => {
  let engine: Engine;
  let connection: Connection;
  const hostile = `<script>alert("1")</script>`;

  beforeAll(async () => {
    engine = await openDuckdb({ file: ":memory:" });
    connection = await engine.connect();
    await prepareWarehouse(connection, dialectOf("duckdb"), shop.tables);
    await connection.execute(
      `insert into silver.dim_customers (surrogate_key, customer_id, first_name, email, country, effective_start_date, is_current)
       values ('k1', 'c1', 'Ada', 'ada@example.org', 'GB', timestamp '2026-01-01', true),
              ('k2', 'c2', 'Max', 'max@example.org', 'DE', timestamp '2026-01-01', true)`,
    );
    await connection.execute(
      `insert into silver.dim_products (product_id, product_name, category, updated_at, source_file, source_row)
       select 'p' || n, $name, 'c' || (n % 2), timestamp '2026-01-01', 'f', n from range(500) as r(n)`,
      { name: hostile },
    );
  });
  afterAll(async () => {
    await connection.close();
    await engine.close();
  });

  const show = async (select: string) => {
    const item = {
      kind: "show",
      name: "show",
      place: undefined,
      select,
      scripts: {
        duckdb: [
          { sql: `select * from (${select}) limit 20`, params: [], role: "show", limit: 20, offset: 0 },
        ],
        databricks: [],
      },
    } as const satisfies Item;
    const plan = { step: "silver.x", items: [item], params: [], reads: [], writes: [] } as unknown as Plan;
    const { shows } = await readWarehouseStats(connection, "duckdb", { plans: [plan], tables: shop.tables });
    return shows.get(item)!;
  };

  it("is text on the page, whatever it is", async () => {
    const html = String(
      shownHtml(await show('select distinct product_name as "<i>" from silver.dim_products')),
    );
    expect(html).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;");
    expect(html).toContain("&lt;i&gt;");
    expect(html).not.toMatch(/<script|<i>/);
  });

  it("never shows a person: their text is masked, figures about them are not", async () => {
    const shown = await show(
      "select upper(max(email)) as contact, concat(first_name, '!') as greeting, count(distinct email) as people from silver.dim_customers group by first_name order by first_name",
    );
    expect(shown).toMatchObject({
      result: {
        rows: [
          { contact: "•••", greeting: "•••", people: 1 },
          { contact: "•••", greeting: "•••", people: 1 },
        ],
      },
    });
    expect(String(shownHtml(shown))).not.toMatch(/ada|max@/i);
  });

  it("says which table is missing, and what the warehouse could not answer", async () => {
    await connection.execute("drop table gold.customer_ltv");
    expect(await show("select * from gold.customer_ltv")).toBe(
      "The warehouse has no table gold.customer_ltv yet: a run makes it.",
    );
    expect(await show("select nothing from silver.dim_products")).toMatch(
      /^The warehouse could not answer: .*nothing/,
    );
  });

  it("leaves out a column that a contract has gained since the last run", async () => {
    await connection.execute("alter table gold.daily_sales_summary drop column avg_order_value");
    const stats = await readWarehouseStats(connection, "duckdb", { plans: [], tables: shop.tables });
    expect(stats.examples.has("gold.daily_sales_summary.revenue")).toBe(true);
    expect(stats.examples.has("gold.daily_sales_summary.avg_order_value")).toBe(false);
  });

  it("tells what checks found without the rows that they name, also of a step that one of them halted", async () => {
    await connection.execute(
      `insert into ops.check_results (run_id, step, table_name, check_name, severity, status, figure, threshold, notebook, cell, checked_at,
         sample, message, line)
       values ('r', 'silver.x', 'silver.x', 'c', 'halt', 'fail', 1, 0, 'x.ipynb', 2, timestamp '2026-01-01', 'C17', '1 row, such as C17; at most 0', 7)`,
    );
    await connection.execute(
      `insert into ops.step_runs (run_id, step, status, started_at, seconds, statement_ids, message)
       values ('r', 'silver.x', 'failed', timestamp '2026-01-01', 1, [], 'x.ipynb cell 2:1: check "c" of silver.x: 1 row, such as C17; at most 0')`,
    );
    const stats = await readWarehouseStats(connection, "duckdb", { plans: [], tables: shop.tables });
    expect(stats.checks.map(({ message }) => message)).toEqual(["1 row; at most 0"]);
    expect(stats.checks.map(({ place }) => place)).toEqual([{ path: "x.ipynb", cell: 2, line: 7 }]);
    expect(stats.steps.get("silver.x")!.message).toBe(
      'x.ipynb cell 2:1: check "c" of silver.x: 1 row; at most 0',
    );
    expect(JSON.stringify([stats.checks, ...stats.steps, ...stats.examples])).not.toContain("C17");
  });

  it("gives three different values of a column, of one with fewer all, and none of a personal one", async () => {
    const examples = await examplesOf(connection, [
      shop.tables.get("silver.dim_products")!,
      shop.tables.get("silver.dim_customers")!,
    ]);
    expect(examples.get("silver.dim_products.product_id")).toEqual(["p0", "p1", "p2"]);
    expect(examples.get("silver.dim_products.category")).toEqual(["c0", "c1"]);
    for (const column of ["email", "first_name", "last_name", "phone"])
      expect(examples.has(`silver.dim_customers.${column}`), column).toBe(false);
    expect([...examples.values()].flat().join()).not.toMatch(/ada|max/i);
  });
});

describe("the lineage's graph", () => {
  const column = (name: string, ...from: [string, string][]) => ({
    column: name,
    kind: "identity" as const,
    sources: from.map(([table, of]) => ({ table, column: of, kind: "identity" as const })),
    expressions: [],
    unresolved: [],
  });
  const lineage = [
    { table: "bronze.orders_raw", steps: [], columns: [column("id", ["landing/orders", "id"])] },
    { table: "silver.orders_clean", steps: [], columns: [column("order_id", ["bronze.orders_raw", "id"])] },
    {
      table: "dashboard.sales.orders",
      steps: [],
      columns: [column("n", ["silver.orders_clean", "order_id"]), column("run", ["ops.runs", "run_id"])],
    },
  ];

  it("has files, tables and pages as boxes, and the pipeline's own books not", () => {
    const { boxes, lines } = lineageGraph(lineage, shop.tables);
    expect(boxes.map(({ name, columns }) => [name, columns.map((one) => one.name)])).toEqual([
      ["bronze.orders_raw", ["id"]],
      ["landing/orders", ["id"]],
      ["silver.orders_clean", ["order_id"]],
      ["dashboard.sales", ["orders.n"]],
    ]);
    expect(lines).toHaveLength(3);
  });

  it("begins at landed folders and topics of which only rows are known", () => {
    const read = {
      ...column("value", ["kafka/clicks", "*"], ["landing/clicks", "*"]),
      kind: "program" as const,
    };
    const { boxes, lines } = lineageGraph(
      [{ table: "bronze.clicks_raw", steps: [], columns: [read] }],
      shop.tables,
    );
    expect(boxes.map(({ name, layer }) => [name, layer])).toEqual([
      ["bronze.clicks_raw", "bronze"],
      ["kafka/clicks", "kafka"],
      ["landing/clicks", "landing"],
    ]);
    expect(lines).toHaveLength(2);
  });

  it.each([
    ["LR", "left"],
    ["TB", "top"],
  ] as const)(
    "%s: its boxes follow each other, and its lines go from box to box within the picture",
    (direction, side) => {
      const { boxes, lines, width, height } = layOut(lineageGraph(lineage, shop.tables), direction);
      const at = (name: string) => boxes.find((box) => box.name === name)!;
      expect(at("landing/orders")[side]).toBeLessThan(at("bronze.orders_raw")[side]);
      expect(at("silver.orders_clean")[side]).toBeLessThan(at("dashboard.sales")[side]);
      for (const { from, to, path } of lines) {
        const numbers = [...path.matchAll(/-?[\d.]+/g)].map(Number);
        const [x, y] = [0, 1].map((first) => numbers.filter((_, index) => index % 2 === first));
        const along = side === "left" ? x! : y!;
        expect(along[0]).toBeGreaterThan(at(from)[side]);
        expect(along.at(-1)).toBeCloseTo(at(to)[side], 0);
        expect(Math.min(...x!, ...y!)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...x!)).toBeLessThanOrEqual(width);
        expect(Math.max(...y!)).toBeLessThanOrEqual(height);
      }
    },
  );

  it("around a table is what it is made of and what is made of it, and nothing beside it", () => {
    const line = (from: string, to: string) => ({ from, to });
    const lines = [
      line("a", "b"),
      line("b", "c"),
      line("b", "d"),
      line("x", "d"),
      line("c", "e"),
      line("y", "z"),
    ];
    expect([...around("c", lines)].toSorted()).toEqual(["a", "b", "c", "e"]);
    expect([...around("b", lines)].toSorted()).toEqual(["a", "b", "c", "d", "e"]);
    expect([...around("q", lines)]).toEqual(["q"]);
  });
});
