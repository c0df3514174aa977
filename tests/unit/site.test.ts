import path from "node:path";
import { mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { Window } from "happy-dom";
import { exportPage } from "#lib/dashboard/export.js";
import { Inputs } from "#lib/dashboard/control.js";
import { short, written } from "#lib/dashboard/format.js";
import type { Manifest } from "#lib/dashboard/manifest.js";
import { heat, light } from "#lib/dashboard/palette.js";
import { readSnapshot } from "#lib/dashboard/read-snapshot.js";
import { csvOf, fileNameOf } from "#lib/dashboard/render/csv.js";
import { shortened, textWidth } from "#lib/dashboard/render/text-width.js";
import { ageWords, checkWords } from "#lib/dashboard/render/data-state.js";
import { standStill } from "#lib/dashboard/render/still.js";
import { tableBody } from "#lib/dashboard/render/table-body.js";
import { movingMean, sum } from "#lib/dashboard/rows.js";
import { writeSnapshot } from "#lib/dashboard/write-snapshot.js";
import type { Connection } from "#lib/engine/connection.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import type { Item, Result, ResultValue } from "#lib/plan/plan.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseNotebook } from "../../build/src/notebook/parse.ts";
import { browserModule } from "../../build/src/site/browser-notebook.ts";
import { proseHtml } from "../../build/src/site/dashboard-page.ts";
import { type SiteServer, serveSite } from "../../build/src/site/server.ts";

const bytesOf = (file: Uint8Array) => file.slice().buffer;
const result = (row: Record<string, ResultValue>): Result => ({
  columns: Object.keys(row).map((name) => ({ name, type: "" })),
  rows: [row],
});

it("a table in Jupyter has no button that does nothing, and texts to the left", () => {
  const document = new Window().document as unknown as Document;
  const rows = [{ name: "Lamp", units: 3 }];
  const surface = { document, width: 860, state: {}, again: undefined };
  const drawn = tableBody(
    { rows, columns: { name: "Product", units: { label: "Units", bar: true } } },
    surface,
    10,
  );
  standStill(drawn);
  expect(drawn.querySelectorAll("button")).toHaveLength(0);
  expect(
    [...drawn.querySelectorAll("th, td")].map((cell) => [cell.textContent, cell.getAttribute("style")]),
  ).toEqual([
    ["Product", "text-align:left"],
    ["Units", "text-align:right"],
    ["Lamp", "text-align:left"],
    ["3", "--share:100.0%;text-align:right"],
  ]);
});

describe("a snapshot", () => {
  const columns = {
    day: "date",
    at: "instant",
    name: "string",
    count: "integer",
    money: "decimal",
    rate: "number?",
    good: "boolean",
  } as const;
  const row = {
    day: "2024-02-29",
    at: "2026-03-01T10:20:30.456Z",
    name: "Brøndby – 鍋",
    count: -3,
    money: "-12345678901.05",
    rate: null,
    good: true,
  };

  it("gives back what was written", async () => {
    const [read] = await readSnapshot(bytesOf(writeSnapshot("all", columns, result(row))), columns);
    expect(read).toEqual({
      ...row,
      day: new Date("2024-02-29T00:00:00Z"),
      at: new Date("2026-03-01T10:20:30.456Z"),
      money: -12345678901.05,
    });
  });

  it("gives back many rows, and none", async () => {
    const rows = Array.from({ length: 3000 }, (_, index) => ({
      ...row,
      count: index * 7,
      money: `${index}.10`,
    }));
    const many = { ...result(row), rows };
    const read = await readSnapshot(bytesOf(writeSnapshot("many", columns, many)), columns);
    expect(read.map(({ count, money }) => [count, money])).toEqual(
      rows.map(({ count, money }) => [count, Number(money)]),
    );
    expect(
      await readSnapshot(bytesOf(writeSnapshot("none", columns, { ...many, rows: [] })), columns),
    ).toEqual([]);
  });

  it("is the same to the byte for the same rows", () => {
    expect(writeSnapshot("all", columns, result(row))).toEqual(writeSnapshot("all", columns, result(row)));
  });

  it.each([
    [
      "a date that is none",
      { day: "2024-02-30x" },
      /"all", row 1: day holds "2024-02-30x", but is declared date/,
    ],
    ["null where none is declared", { name: null }, /name is null, but declared string/],
    ["a number that no number of a page can hold", { count: 2 ** 53 }, /count holds 9007199254740992/],
    ["thirds of a cent", { money: "1.005" }, /more than two places/],
  ])("refuses %s", (_, wrong, message) => {
    expect(() => writeSnapshot("all", columns, result({ ...row, ...wrong }))).toThrow(message);
  });

  it("refuses a result without a column", () => {
    expect(() => writeSnapshot("all", { missing: "string" }, result(row))).toThrow(
      'query "all" gives no missing',
    );
  });
});

describe("an export", () => {
  let folder: string;
  let connection: Connection;
  let close: () => Promise<void>;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "export-"));
    const engine = await openDuckdb({ file: ":memory:" });
    connection = await engine.connect();
    close = async () => {
      await connection.close();
      await engine.close();
    };
  });
  afterAll(async () => {
    await close();
    await rm(folder, { recursive: true });
  });

  const item = (name: string, sql: string): Item => ({
    kind: "rows",
    name,
    place: undefined,
    snapshot: { name, columns: { value: "integer" } },
    scripts: { duckdb: [{ sql, params: [], role: "show" }], databricks: [] },
  });
  const run = (value: string, written?: ReadonlyMap<string, string>, full = false) =>
    exportPage(
      connection,
      "duckdb",
      {
        step: "dashboard.test",
        items: [item("one", `select ${value} as value`), item("other", `select ${value} as value`)],
        params: [],
        takes: [],
        reads: ["gold.one", "gold.other"],
        fingerprint: "f",
      },
      {
        runId: "r",
        date: "2026-01-01",
        now: new Date().toISOString(),
        full,
        landing: "",
        windows: new Map(),
        batches: new Map(),
      },
      folder,
      { checks: { pass: 1, warn: 0, fail: 0 }, ...(written && { written }) },
    );
  const manifest = async () => JSON.parse(await readFile(path.join(folder, "test.json"), "utf8")) as Manifest;
  const valueOf = async ({ snapshots }: Manifest, name: string) => {
    const bytes = await readFile(path.join(folder, snapshots[name]!.file));
    return (await readSnapshot(bytesOf(bytes), { value: "integer" }))[0]!.value;
  };

  it("never shows a reader half of itself", async () => {
    await run("0");
    const writer = { done: false };
    const writing = (async () => {
      for (let value = 1; value <= 40; value++) await run(String(value));
      writer.done = true;
    })();
    let reads = 0;
    while (!writer.done) {
      const seen = await manifest();
      expect(await valueOf(seen, "one")).toBe(await valueOf(seen, "other"));
      reads++;
    }
    await writing;
    expect(reads).toBeGreaterThan(5);
  });

  it("runs queries again only after a run that wrote what they read", async () => {
    const by = (one: string, other: string) =>
      new Map([
        ["gold.one", one],
        ["gold.other", other],
      ]);
    const value = async () => valueOf(await manifest(), "one");
    await run("1", by("run-1", "run-1"));
    await run("2", by("run-1", "run-1"));
    expect(await value()).toBe(1);
    await run("3", by("run-1", "run-2"));
    expect(await value()).toBe(3);
    await run("4", by("run-1", "run-2"), true);
    expect(await value()).toBe(4);
    await rm(path.join(folder, (await manifest()).snapshots["one"]!.file));
    await run("5", by("run-1", "run-2"));
    expect(await value()).toBe(5);
    await run("6", new Map([["gold.one", "run-1"]]));
    expect(await value()).toBe(6);
    await run("7");
    expect(await value()).toBe(7);
  });

  it("says of rows it kept that they hold now", async () => {
    const written = new Map([
      ["gold.one", "run-1"],
      ["gold.other", "run-1"],
    ]);
    await run("1", written);
    const before = await manifest();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await run("2", written);
    const after = await manifest();
    expect(after.snapshots).toEqual(before.snapshots);
    expect(after.asOf > before.asOf).toBe(true);
  });

  it("leaves the last good state when a query fails", async () => {
    await run("7");
    const before = await manifest();
    await expect(run("no_such_column")).rejects.toThrow("no_such_column");
    expect(await manifest()).toEqual(before);
    expect(await valueOf(before, "one")).toBe(7);
  });

  it("says what the checks came to, and removes what no manifest has named for a while", async () => {
    const old = path.join(folder, "test.one-0000000000000000.parquet");
    await writeFile(old, "old");
    await utimes(old, new Date(0), new Date(0));
    await run("8");
    expect((await manifest()).checks).toEqual({ pass: 1, warn: 0, fail: 0 });
    await expect(readFile(old)).rejects.toThrow("ENOENT");
  });
});

describe("a page's notebook in the browser", () => {
  const notebook = (...cells: string[]) =>
    parseNotebook(
      "notebooks/dashboard/test.ipynb",
      JSON.stringify({
        nbformat: 4,
        cells: [
          { cell_type: "raw", source: "---\ntitle: Test\nruntime: page\nposition: 1\n---" },
          ...cells.map((source) => ({ cell_type: "code", source })),
        ],
      }),
    );

  it("has no SQL, and says which parts of Plot it draws with", async () => {
    const { code, plot } = await browserModule(
      notebook(
        'import { gold, sql } from "shopmetrics";\nimport { display, Plot, query } from "shopmetrics/page";',
        "const part = sql`select secret from ${gold.daily_sales_summary} where a = ${sql`'nested'`}`;",
        'const rows = await query("rows", { a: "string" }, sql`select a from ${part}`);',
        "display(() => Plot.lineY(rows.rows)); Plot.dot([]);",
      ),
    );
    expect(code).not.toMatch(/secret|nested|select/);
    expect(code).toContain('query("rows", { a: "string" }, undefined)');
    expect(plot.toSorted()).toEqual(["dot", "lineY"]);
  });
});

describe("prose", () => {
  it("never becomes HTML of its own", () => {
    expect(String(proseHtml("<img src=x onerror=alert(1)> *so*"))).toBe(
      "<p>&lt;img src=x onerror=alert(1)&gt; <em>so</em></p>\n",
    );
    expect(String(proseHtml("[x](javascript:alert(1))"))).not.toContain("href");
  });
});

describe("days", () => {
  const day = (text: string) => new Date(`${text}T00:00:00Z`);
  const period = () =>
    Inputs.period(() => [day("2024-01-01"), day("2026-03-01")], {
      key: "period",
      label: "Days",
      presets: [30],
      value: 30,
    });

  it("are counted back from the last day, both ends included", () => {
    const { value } = period();
    expect([value.from, value.to, value.length]).toEqual([day("2026-01-31"), day("2026-03-01"), 30]);
    expect([value.before.from, value.before.to]).toEqual([day("2026-01-01"), day("2026-01-30")]);
    expect(value.contains(day("2026-03-01"))).toBe(true);
  });

  it("have the same days a year before, of which the 29th of February is the 28th", () => {
    const control = period();
    control.state.value = "2024-02-29_2024-03-01";
    const { from, to } = control.value.yearBefore;
    expect([from, to]).toEqual([day("2023-02-28"), day("2023-03-01")]);
  });

  it.each([
    ["all", "2024-01-01", "2026-03-01"],
    ["2024-02-28_2024-03-01", "2024-02-28", "2024-03-01"],
    ["2019-01-01_2024-01-31", "2024-01-01", "2024-01-31"],
    ["2019-01-01_2019-12-31", "2024-01-01", "2024-01-01"],
    ["2026-02-27_2099-12-31", "2026-02-27", "2026-03-01"],
    ["9999d", "2024-01-01", "2026-03-01"],
    ["nonsense", "2026-01-31", "2026-03-01"],
    ["2026-02-02_2026-01-01", "2026-01-31", "2026-03-01"],
    ["0d", "2026-01-31", "2026-03-01"],
  ])("that the address calls %s", (state, from, to) => {
    const control = period();
    control.state.value = state;
    expect([control.value.from, control.value.to]).toEqual([day(from), day(to)]);
  });
});

describe("colours", async () => {
  const style = await readFile(path.resolve(import.meta.dirname, "../../build/site/style.css"), "utf8");
  const scheme = (from: string) => {
    const block = style.slice(style.indexOf(from)).split("}")[0]!;
    return new Map([...block.matchAll(/--([\w-]+): (#\w{6});/g)].map(([, name, value]) => [name!, value!]));
  };
  const schemes = { light: scheme(":root {"), dark: scheme("(prefers-color-scheme: dark)") };

  it("of what leaves the page are the style sheet's for light", () => {
    for (const [name, value] of Object.entries(light)) expect(schemes.light.get(name), name).toBe(value);
  });

  it.each(["light", "dark"] as const)(
    "leave numbers on a heat table readable in %s: 4.5:1 or more",
    (name) => {
      const value = (key: string) => schemes[name].get(key)!;
      for (const share of [0, 0.25, 0.5, 0.75, 1]) {
        const percent = Number(/ (\d+)%/.exec(heat(share))![1]) / 100;
        const ground = channels(value("heat")).map(
          (part, index) => percent * part + (1 - percent) * channels(value("surface"))[index]!,
        );
        const [bright, dim] = [luminance(ground), luminance(channels(value("ink")))].toSorted(
          (a, b) => b - a,
        );
        expect((bright! + 0.05) / (dim! + 0.05), `share ${share}`).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  const channels = (hex: string) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  /** After WCAG 2. */
  const luminance = (color: readonly number[]) => {
    const [red, green, blue] = color.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
});

describe("a label", () => {
  it("is shortened at its end to the room there is, by letters as readers count them", () => {
    expect(shortened("Books", 200)).toBe("Books");
    expect(shortened("Home & Kitchen appliances", 90)).toBe("Home & Kitc…");
    // A family of four is one letter, which is kept or left out as a whole.
    expect(shortened("👨‍👩‍👧‍👦 and more words than fit", 50)).toBe("👨‍👩‍👧‍👦 and…");
    expect(textWidth("👨‍👩‍👧‍👦")).toBe(textWidth("👗"));
  });

  it("keeps the direction of its own script, so that the dots stand at its end", () => {
    expect(shortened("مستلزمات المنزل والمطبخ", 60)).toMatch(/^\u2068\p{Script=Arabic}[^\u2069]*…\u2069$/u);
  });
});

describe("figures", () => {
  it("add up to the cent", () => {
    expect(
      sum(
        Array.from({ length: 1000 }, () => 0.1),
        (value) => value,
      ),
    ).toBe(100);
    expect(sum([0.005, 0.001], (value) => value)).toBeCloseTo(0.006, 12);
  });

  it("have a moving mean once there are enough of them", () => {
    expect(movingMean([1, 2, 3, 4], 3)).toEqual([null, null, 2, 3]);
  });

  it("go into CSV quoted, and never as a formula", () => {
    expect(
      csvOf({
        rows: [{ sum: 0.1 + 0.2, share: 0.5 }],
        columns: { sum: { label: "Revenue", format: "cents" }, share: { label: "Share", format: "percent" } },
      }),
    ).toBe("Revenue (EUR),Share (share of 1)\r\n0.30,0.5\r\n");
    expect(fileNameOf("What do we sell?", "2025-03-01_2025-03-31", "Toys & Games")).toBe(
      "what-do-we-sell-2025-03-01-2025-03-31-toys-games",
    );
    const rows = [
      { name: 'He said "no", twice', value: 1.5, day: new Date("2026-03-01T00:00:00Z") },
      { name: "=HYPERLINK(1)", value: null, day: new Date("2026-03-01T10:00:00Z") },
    ];
    expect(csvOf({ rows, columns: { name: "Name", value: { label: "Value" }, day: "Day" } })).toBe(
      'Name,Value,Day\r\n"He said ""no"", twice",1.5,2026-03-01\r\n\'=HYPERLINK(1),,2026-03-01T10:00:00.000Z\r\n',
    );
  });

  it("name the currency of amounts that are not in the shop's, as long as it is one", () => {
    const columns = { amount: { label: "Budget", format: "cents", currency: "currency" } } as const;
    const pounds = { amount: 5, currency: "GBP" };
    expect(csvOf({ rows: [pounds, pounds], columns })).toBe("Budget (GBP)\r\n5.00\r\n5.00\r\n");
    const rows = [pounds, { amount: 7, currency: "USD" }];
    expect(csvOf({ rows, columns: { ...columns, currency: "Currency" } })).toBe(
      "Budget,Currency\r\n5.00,GBP\r\n7.00,USD\r\n",
    );
    expect([written(5, "cents", "GBP"), written(5, "cents"), short.moneyIn("GBP")(1234)]).toEqual([
      "£5.00",
      "€5.00",
      "£1.2k",
    ]);
  });
});

describe("the header", () => {
  const asOf = new Date("2026-03-01T02:00:00Z");
  it.each([
    ["2026-03-01T02:00:01Z", "Data 1 second old", false],
    ["2026-03-01T02:45:00Z", "Data 45 minutes old", false],
    ["2026-03-02T03:59:00Z", "Data 25 hours old", false],
    ["2026-03-02T09:00:00Z", "Data is 31 hours old", true],
    ["2026-03-08T05:00:00Z", "Data is 7 days old", true],
  ])("at %s says: %s", (now, words, stale) => {
    expect(ageWords(asOf, new Date(now))).toEqual({ words, stale });
  });

  it("says the worst that checks came to", () => {
    expect(checkWords({ pass: 5, warn: 0, fail: 0 })).toEqual({ words: "✓ 5 checks passed", status: "pass" });
    expect(checkWords({ pass: 5, warn: 2, fail: 0 }).words).toBe("! 2 of 7 checks warn");
    expect(checkWords({ pass: 5, warn: 1, fail: 0 }).words).toBe("! 1 of 6 checks warns");
    expect(checkWords({ pass: 1, warn: 0, fail: 0 }).words).toBe("✓ 1 check passed");
    expect(checkWords({ pass: 5, warn: 2, fail: 1 })).toEqual({
      words: "✗ 1 of 8 checks failed",
      status: "fail",
    });
  });
});

describe("the server", () => {
  let folder: string;
  let server: SiteServer;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "site-"));
    await writeFile(path.join(folder, "secret.txt"), "secret");
    const { mkdir } = await import("node:fs/promises");
    await mkdir(path.join(folder, "site"));
    await writeFile(path.join(folder, "site/index.html"), "<p>page</p>".repeat(500));
    await writeFile(path.join(folder, "site/.hidden"), "hidden");
    await writeFile(path.join(folder, "site/a-0123456789abcdef.js"), "1");
    const { symlink } = await import("node:fs/promises");
    await symlink(path.join(folder, "secret.txt"), path.join(folder, "site/link.txt"));
    await symlink(folder, path.join(folder, "site/linked"));
    server = await serveSite({
      site: path.join(folder, "site"),
      snapshots: path.join(folder, "none"),
      port: 0,
    });
  });
  afterAll(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  it.each([
    "../secret.txt",
    "%2e%2e/secret.txt",
    "..%2fsecret.txt",
    ".hidden",
    "%00",
    "%",
    "data/../../secret.txt",
    "link.txt",
    "linked/secret.txt",
  ])("gives nothing for %s", async (wanted) => {
    const { request } = await import("node:http");
    const url = new URL(server.url);
    // A client that does not tidy the path, as fetch does.
    const status = await new Promise((done, fail) =>
      request({ host: url.hostname, port: url.port, path: `/${wanted}` }, (response) =>
        done(response.statusCode),
      )
        .once("error", fail)
        .end(),
    );
    expect(status).toBe(404);
  });

  it("compresses, and answers 304 for what the browser has", async () => {
    const first = await fetch(server.url, { headers: { "accept-encoding": "br" } });
    expect(first.headers.get("content-encoding")).toBe("br");
    expect(Number(first.headers.get("content-length"))).toBeLessThan(100);
    const etag = first.headers.get("etag")!;
    const again = await fetch(server.url, { headers: { "accept-encoding": "br", "if-none-match": etag } });
    expect(again.status).toBe(304);
  });

  it("lets a browser keep only what never changes", async () => {
    const page = await fetch(server.url);
    const asset = await fetch(`${server.url}a-0123456789abcdef.js`);
    expect(page.headers.get("cache-control")).toBe("no-cache");
    expect(asset.headers.get("cache-control")).toContain("immutable");
  });

  it.each([
    ["127.0.0.1:3000", 200],
    ["localhost", 200],
    ["shop.localhost:3000", 200],
    ["[::1]:3000", 200],
    ["rebound.example", 403],
    ["localhost.rebound.example:3000", 403],
    ["127.0.0.1.rebound.example", 403],
  ])(
    "answers a request for the host %s by %i, since a page elsewhere may point its name here",
    async (host, expected) => {
      const { request } = await import("node:http");
      const { hostname, port } = new URL(server.url);
      const status = await new Promise((done, fail) =>
        request({ host: hostname, port, path: "/", headers: { host } }, ({ statusCode }) => done(statusCode))
          .once("error", fail)
          .end(),
      );
      expect(status).toBe(expected);
    },
  );

  it("takes no other request than to read", async () => {
    expect((await fetch(server.url, { method: "POST" })).status).toBe(405);
  });
});
