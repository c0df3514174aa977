import { execFile } from "node:child_process";
import { chmod, chown, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { lakehouse, scratchProject, succeeded, temporaryFolder, type Lakehouse } from "./cli.ts";
import { differences, dump, query, unread, type Tables } from "./tables.ts";

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

const header =
  "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";
const order = (number: number, day: string) =>
  `O${number},C${(number % 3) + 1},P${(number % 2) + 1},2,10.50,21.00,${day}T08:00:00Z,completed,${day}T09:00:00Z`;
const orders = (from: number, count: number, day: string) =>
  Array.from({ length: count }, (_, index) => order(from + index, day));
const csv = (...lines: string[]) => `${lines.join("\n")}\n`;

/** Two hundred new orders of one day, and of the next. */
const monday = csv(header, ...orders(1001, 200, "2026-03-02"));
const tuesday = csv(header, ...orders(2001, 200, "2026-03-03"));
const mondayFile = "orders/orders_2026-03-02.csv";
const tuesdayFile = "orders/orders_2026-03-03.csv";

/** A small shop, taken in without a complaint but that its data are old. */
let shop: Lakehouse;
/** The shop's tables, and what they are when Monday and Tuesday have been taken in as they should. */
let before: Tables;
let clean: Tables;

beforeAll(async () => {
  shop = await lakehouse();
  await shop.land(
    "customers/customers_2026-03-01.csv",
    csv(
      "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at",
      ...[1, 2, 3].map(
        (id) => `C${id},Ann,Ng,a${id}@example.com,,Oslo,Oslo,Norway,2026-01-0${id},2026-01-0${id}T00:00:00Z`,
      ),
    ),
  );
  await shop.land(
    "products/products_2026-03-01.csv",
    csv(
      "product_id,product_name,category,subcategory,brand,price,cost,updated_at",
      "P1,Lamp,Home,Light,Lumo,10.50,6.00,2026-01-01T00:00:00Z",
      "P2,Rug,Home,Floor,Woolly,10.50,6.00,2026-01-01T00:00:00Z",
    ),
  );
  await shop.land("orders/orders_2026-03-01.csv", csv(header, ...orders(1, 200, "2026-03-01")));
  succeeded(await shop.shopmetrics("run"));
  before = await dump(shop);
  clean = await outcomeOf(monday);
});

/** The tables when Monday's file has this content from the start. */
async function outcomeOf(content: string | Buffer): Promise<Tables> {
  const other = await shop.copy();
  await other.land(mondayFile, content);
  await other.land(tuesdayFile, tuesday);
  succeeded(await other.shopmetrics("run"));
  return dump(other);
}

const latin1 = (text: string) => Buffer.from(text, "latin1");

describe("a file that cannot be loaded as it is", () => {
  let broken: Lakehouse;
  beforeAll(async () => {
    broken = await shop.copy();
    await broken.land(tuesdayFile, tuesday);
  });

  const lacking = csv(
    "order_id,customer_id,product_id,quantity,unit_price,order_date,status,updated_at",
    "O1,C1",
  );
  it.each([
    [
      "lacks a column",
      lacking,
      /the header lacks "total_amount"\. It reads: order_id,customer_id/,
      /Export it again/,
    ],
    [
      "has another separator",
      monday.replaceAll(",", ";"),
      /its columns look separated by semicolon \(;\), not by comma/,
      /Export it again with commas/,
    ],
    [
      "is Latin-1",
      latin1(monday.replace("C1,P2", "Jörgen,P2")),
      /is not UTF-8 but looks like Latin-1: line \d+, byte \d+ \(0xf6\)/,
      /iconv -f latin1 -t utf-8 'orders_2026-03-02\.csv'/,
    ],
    [
      "is UTF-16",
      Buffer.from(`\ufeff${monday}`, "utf16le"),
      /is not UTF-8 but looks like UTF-16: line 1, byte 0 \(0xff\)/,
      /iconv -f utf-16 -t utf-8/,
    ],
    [
      "is compressed by gzip and not called so",
      gzipSync(monday),
      /is compressed by gzip, and its name does not say so/,
      /Rename it to orders_2026-03-02\.csv\.gz/,
    ],
    [
      "is an Excel workbook",
      Buffer.from("PK\x03\x04 xl/workbook.xml"),
      /is a ZIP archive or an Excel workbook/,
      /export the workbook as CSV/,
    ],
    [
      "has no header",
      csv(...orders(1001, 200, "2026-03-02")),
      /the first line is not a header: it has none of the columns order_id/,
      /Add the header line/,
    ],
    [
      "names a column twice",
      monday.replace("status,updated_at", "status,updated_at,status"),
      /the header names "status" more than once/,
      /Give each column its own name/,
    ],
  ])(
    "because it %s is named with the cause and a way out, and changes no table",
    async (_, content, cause, wayOut) => {
      await broken.land(mondayFile, content);
      const { code, stdout, stderr } = await broken.shopmetrics("run");
      expect(code).toBe(1);
      const failure = stderr.split("\n").find((line) => line.startsWith("failed"));
      expect(failure).toContain(`failed  bronze.orders_raw: ${mondayFile}`);
      expect(failure).toMatch(cause);
      expect(failure).toMatch(wayOut);
      expect(stderr).toContain(
        "bronze.orders_raw wrote nothing, and the 24 steps behind it did not run: their tables are as they were.",
      );
      expect(stderr).toContain("Fix the cause and run again: `npx shopmetrics run` continues from there.");
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stdout).toContain("✗ bronze.orders_raw");
      expect(stdout).toMatch(/^Failed in /m);
      expect(differences(await dump(broken), before)).toEqual([]);
    },
  );

  it("once mended leaves the tables as if nothing had been", async () => {
    await broken.land(mondayFile, monday);
    succeeded(await broken.shopmetrics("run"));
    expect(differences(await dump(broken), clean)).toEqual([]);
    expect(await unread(broken)).toEqual([]);
  });
});

describe("a file that is unusual", () => {
  /** The columns in reverse. */
  const turned = (text: string) => text.replaceAll(/.+/g, (line) => line.split(",").toReversed().join(","));

  it("in what a reader does not see gives the same tables without a word", async () => {
    const day = (number: number) => csv(header, ...orders(3000 + 200 * number, 200, `2026-03-0${number}`));
    const written = [
      `\ufeff${day(4)}`,
      day(5).replaceAll("\n", "\r\n"),
      turned(day(6)),
      day(7).replace(header, header.toUpperCase()),
      day(8).trimEnd(),
    ];
    const tables: Tables[] = [];
    for (const contents of [written, [4, 5, 6, 7, 8].map(day)]) {
      const other = await shop.copy();
      for (const [index, content] of contents.entries())
        await other.land(`orders/orders_2026-03-0${4 + index}.csv`, content);
      const { code, stderr } = await other.shopmetrics("run --quiet");
      expect(code).toBe(0);
      expect(stderr).not.toContain("orders/");
      tables.push({ ...(await dump(other)), "ops.loaded_files": [] });
    }
    expect(tables[1]?.["silver.orders_clean"]).toHaveLength(1200);
    expect(differences(tables[0]!, tables[1]!)).toEqual([]);
  });

  it("because it has a column more is loaded, the column kept as JSON and named", async () => {
    const other = await shop.copy();
    const lines = monday.trimEnd().split("\n");
    await other.land(
      mondayFile,
      csv(...lines.map((line, index) => `${line},${index === 0 ? "coupon" : "SPRING"}`)),
    );
    await other.land(tuesdayFile, tuesday);
    const { code, stderr } = await other.shopmetrics("run --quiet");
    expect(code).toBe(0);
    expect(stderr).toContain(`warning  ${mondayFile} has columns that the table doesn't: "coupon".`);
    expect(
      await query(
        other,
        `select count(*) as n from bronze.orders_raw where _rescued_data = '{"coupon":"SPRING"}'`,
      ),
    ).toEqual([{ n: "200" }]);
    const silver = ({ "silver.orders_clean": kept }: Tables) => ({ kept: kept! });
    expect(differences(silver(await dump(other)), silver(clean))).toEqual([]);
  });

  it("because it is empty is loaded as no rows, and named", async () => {
    const other = await shop.copy();
    await other.land(mondayFile, "");
    await other.land(tuesdayFile, tuesday);
    const { code, stderr } = await other.shopmetrics("run --quiet");
    expect(code).toBe(0);
    expect(stderr).toContain(`warning  ${mondayFile} is empty (0 bytes, no header): 0 rows loaded.`);
    expect((await dump(other))["silver.orders_clean"]).toHaveLength(400);
  });

  it("because its last line is torn keeps that line whole, in bronze and in the quarantine", async () => {
    const torn = `${monday}O9999,C1,P1,2`;
    const other = await shop.copy();
    await other.land(mondayFile, torn);
    await other.land(tuesdayFile, tuesday);
    const { code, stderr, stdout } = await other.shopmetrics("run");
    expect(code).toBe(0);
    expect(stderr).toContain(
      `warning  ${mondayFile}: 1 of 201 records can't be split into 9 columns and are kept whole in _rescued_data (record 201).`,
    );
    expect(stdout).toMatch(/silver\.orders_clean +401 +400 +0 +1 +\d+\/\d+ /);
    const refused = "select reasons, raw_row from silver.rejected_rows";
    const [row] = await query(other, refused);
    expect(row?.["reasons"]).toEqual(["malformed line"]);
    expect(row?.["raw_row"]).toContain('"_rescued_data":"O9999,C1,P1,2"');

    // Landing the whole file in its place.
    expect(await other.shopmetrics(`unload ${mondayFile}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^Removed the 201 rows of .+ from bronze\.orders_raw\nsilver\.orders_clean has read them\. .+ npx shopmetrics run --full\n$/,
      ),
    });
    await other.land(mondayFile, monday);
    succeeded(await other.shopmetrics("run --full"));
    expect(differences(await dump(other), clean)).toEqual([]);
  });

  it("because one value has 10 MB is loaded, and the value kept to the byte", async () => {
    const other = await shop.copy();
    const long = "ü".repeat(5_000_000);
    await other.land(mondayFile, `${monday}${order(9999, "2026-03-02").replace("completed", long)}\n`);
    await other.land(tuesdayFile, tuesday);
    const { code, stderr } = await other.shopmetrics("run");
    expect(code).toBe(0);
    expect(stderr.length).toBeLessThan(5000);
    expect(
      await query(
        other,
        "select octet_length(encode(status)) as bytes from bronze.orders_raw where length(status) > 100",
      ),
    ).toEqual([{ bytes: "10000000" }]);
    expect(await query(other, "select reasons from silver.rejected_rows")).toEqual([
      { reasons: ["status is not known"] },
    ]);
    // Whoever looks at it is not drowned.
    const { stdout } = await other.shopmetrics("show silver.rejected_rows");
    expect(stdout.length).toBeLessThan(5000);
  });
});

describe("a file that broke more than the gate allows", () => {
  it("halts silver with the figures, and can be taken back", async () => {
    const other = await shop.copy();
    const nameless = monday.replaceAll(/^O10[0-4]\d/gm, "");
    await other.land(mondayFile, nameless);
    await other.land(tuesdayFile, tuesday);
    const { code, stderr } = await other.shopmetrics("run");
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^failed {2}silver\.orders_clean: notebooks\/silver\/orders_clean\.ipynb cell \d+:\d+: check "null order_id" of silver\.orders_clean: 12\.25 % \(49 of 400 rows\), such as \S+ row \d+ and \S+ row \d+ and \S+ row \d+; at most 1 %$/m,
    );
    expect(stderr).toContain("`npx shopmetrics unload <file>`");
    const layers = ({ [`silver.orders_clean`]: silver, [`gold.customer_ltv`]: gold }: Tables) => ({
      silver: silver!,
      gold: gold!,
    });
    expect(differences(layers(await dump(other)), layers(before))).toEqual([]);
    expect(
      await query(other, "select figure, failed_rows from ops.check_results where status = 'fail'"),
    ).toEqual([{ figure: 0.1225, failed_rows: "49" }]);

    // Mended and landed beside it, it would halt again: the rows are in bronze.
    await other.land("orders/orders_2026-03-02_mended.csv", monday);
    expect((await other.shopmetrics("run --quiet")).code).toBe(1);
    succeeded(await other.shopmetrics("unload orders/orders_2026-03-02_mended.csv --quiet"));
    await other.take("orders/orders_2026-03-02_mended.csv");

    // The step that halted has read nothing, so a plain run is enough, and the name is free.
    expect(await other.shopmetrics(`unload ${mondayFile}`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(
        /^Removed the 200 rows of .+ from bronze\.orders_raw\nNo step has read them\. .+ run again: npx shopmetrics run\n$/,
      ),
    });
    await other.land(mondayFile, monday);
    succeeded(await other.shopmetrics("run"));
    expect(differences(await dump(other), clean)).toEqual([]);
    expect(await unread(other)).toEqual([]);
  });

  it("is only taken back by the name it was loaded by", async () => {
    const { code, stderr } = await shop.shopmetrics("unload orders_2026-03-01.csv");
    expect(code).toBe(2);
    expect(stderr).toBe(
      'No file "orders_2026-03-01.csv" was loaded. Did you mean orders/orders_2026-03-01.csv? Nothing was unloaded.\n',
    );
  });
});

it("a file changed after it was loaded stops the run, until it is as it was", async () => {
  const other = await shop.copy();
  await other.land(mondayFile, monday);
  await other.land(tuesdayFile, tuesday);
  succeeded(await other.shopmetrics("run"));
  await other.land(mondayFile, monday.replace("21.00", "12.00"));
  await other.land("orders/orders_2026-03-04.csv", csv(header, order(3001, "2026-03-04")));
  const { code, stderr } = await other.shopmetrics("run");
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /failed {2}bronze\.orders_raw: orders\/orders_2026-03-02\.csv was changed after it was loaded: then \d+ bytes of .+ \(sha256 \w+…\), now \d+ bytes of .+restore the old content and land the new content under a new name/,
  );
  expect(differences(await dump(other), clean)).toEqual([]);

  await other.land(mondayFile, monday);
  succeeded(await other.shopmetrics("run"));
  expect((await dump(other))["silver.orders_clean"]).toHaveLength(601);
});

describe("a system that has no room or gives no right", () => {
  it.skipIf(!isRoot)(
    `a full disk stops the run with the cause, and nothing is lost${isRoot ? "" : " (skipped: only root may mount a small disk)"}`,
    async (context) => {
      const disk = await temporaryFolder();
      const mounted = await mount(disk);
      if (!mounted && !process.env["CI"]) context.skip("no small disk can be mounted here");
      expect(mounted).toBe(true);
      try {
        const small = await lakehouse({ home: disk });
        for (const name of ["customers", "products", "orders"])
          await small.land(
            `${name}/${name}_2026-03-01.csv`,
            await readFile(path.join(shop.landing, `${name}/${name}_2026-03-01.csv`)),
          );
        succeeded(await small.shopmetrics("run"));
        expect(differences(await dump(small), before)).toEqual([]);
        await small.land(tuesdayFile, csv(header, ...orders(2001, 20_000, "2026-03-03")));
        await fill(disk);
        const { code, stderr } = await small.shopmetrics("run");
        expect(code).toBe(1);
        expect(stderr).toMatch(
          /The disk is full: free some space and run again; what was complete is kept\. \(.*No space left/,
        );
        const snapshots = await readdir(path.join(disk, "snapshots"));
        expect(snapshots.filter((name) => name.startsWith("."))).toEqual([]);
        expect(stderr).not.toMatch(/^\s+at /m);

        await rm(path.join(disk, "ballast"));
        await execute("mount", ["-o", "remount,size=200m", disk]);
        succeeded(await small.shopmetrics("run"));
        expect((await dump(small))["silver.orders_clean"]).toHaveLength(20_200);
        expect(await unread(small)).toEqual([]);
      } finally {
        await execute("umount", [disk]);
      }
    },
  );

  it.skipIf(!isRoot && process.getuid === undefined)(
    "an unreadable folder stops the run with its name",
    async () => {
      const other = await shop.copy();
      await other.land(mondayFile, monday);
      await other.land(tuesdayFile, tuesday);
      const folder = path.join(other.landing, "orders");
      // Root may read everything, so the run is somebody else's.
      if (isRoot)
        for (const file of await everythingIn(other.home)) await chown(file, nobody.uid, nobody.gid);
      await chmod(folder, 0o000);
      const { code, stderr } = await other.shopmetrics("run", isRoot ? nobody : {});
      await chmod(folder, 0o755);
      expect(code).toBe(1);
      expect(stderr).toContain(
        `failed  bronze.orders_raw: The folder ${folder} can't be read (EACCES). Give the user who runs this the right to read it`,
      );
      succeeded(await other.shopmetrics("run", isRoot ? nobody : {}));
      expect(differences(await dump(other), clean)).toEqual([]);
    },
  );

  it("a home that is a file is refused in one line", async () => {
    const file = path.join(await temporaryFolder(), "home");
    await writeFile(file, "");
    const { code, stderr } = await shop.shopmetrics("run", { env: { SHOPMETRICS_HOME: file } });
    expect(code).toBe(1);
    expect(stderr).toBe(`EEXIST: file already exists, mkdir '${file}'\n`);
  });

  it("a warehouse that is no database is refused with its name", async () => {
    const other = await lakehouse();
    await writeFile(path.join(other.home, "warehouse.duckdb"), "This is no database.".repeat(1000));
    const { code, stderr } = await other.shopmetrics("run");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^The warehouse .+warehouse\.duckdb cannot be opened: .+not a valid DuckDB database file/,
    );
  });

  it("nothing landed is said, and is no error", async () => {
    const { code, stderr } = await (await lakehouse()).shopmetrics("run --quiet");
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning {2}Nothing has landed in .+landing yet: .+`npx shopmetrics generate`\.$/m,
    );
  });
});

describe("a command that is mistyped", () => {
  let empty: Lakehouse;
  beforeAll(async () => (empty = await lakehouse()));

  it.each([
    ["frobnicate", "error: unknown command 'frobnicate'"],
    ["run --ful", "error: unknown option '--ful'\n(Did you mean --full?)"],
    ["run --only silver.ordrs", 'No step is called "silver.ordrs". Did you mean silver.orders_clean?'],
    [
      "run --only ''",
      'No step is called "". There are: sources.check_kafka, sources.generate_exports, sources.',
    ],
    [
      "run --only gold.weather",
      'No step is called "gold.weather". There are: sources.check_kafka, sources.generate_exports, sources.',
    ],
    ["run --only a --from b", "--only and --from exclude each other: give one of them."],
    [
      "run --job nightly",
      "--job nightly: no notebook belongs to it. There are: daily, forget, generator, maintenance, smoke_test, streaming.",
    ],
    ["run --date 2026-02-30", "--date 2026-02-30: give a date such as 2026-03-01."],
    ["run --date 2026-99-99", "--date 2026-99-99: give a date such as 2026-03-01."],
    ["generate --scale abc", "error: option '--scale <n>' argument 'abc' is invalid. Give a number."],
    ["generate --scale 0", "scale is 0: give a number above 0 and up to 1000, such as 0.01 or 1."],
    ["generate --faults 2", "faults is 2: give a rate from 0 to 1, such as 0.02 for 2 % faulty rows."],
    ["generate --from soon", 'is "soon": give a date from 1970 on as YYYY-MM-DD, such as 2026-03-01.'],
    [
      "show gold.dialy_sales_summary",
      'no table "gold.dialy_sales_summary". Did you mean gold.daily_sales_summary?',
    ],
    [
      "show gold.customer_ltv --limit few",
      "error: option '-n, --limit <n>' argument 'few' is invalid. Give a number.",
    ],
  ])("%s ends with 2 and says what there is", async (args, message) => {
    const { code, stdout, stderr } = await (args.startsWith("show") ? shop : empty).shopmetrics(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each([
    ["SHOPMETRICS_LOCK_WAIT", "soon", "SHOPMETRICS_LOCK_WAIT=soon: is not a number of seconds"],
    ["SHOPMETRICS_LOCK_WAIT", "-1", "SHOPMETRICS_LOCK_WAIT=-1: "],
    ["SHOPMETRICS_IDLE", "1e9", "SHOPMETRICS_IDLE=1e9: "],
    [
      "SHOPMETRICS_ENGINE",
      "sqlite",
      "SHOPMETRICS_ENGINE=sqlite: there is no such engine. There are: duckdb, databricks.",
    ],
    [
      "SHOPMETRICS_ENGINE",
      "databricks",
      "DATABRICKS_HOST: is not set: the workspace's host, such as adb-1234.5.azuredatabricks.net",
    ],
  ])("%s=%s ends with 2 and names the setting", async (name, value, message) => {
    const { code, stderr } = await shop.shopmetrics("run", { env: { [name]: value } });
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

interface Spoilt {
  readonly what: string;
  readonly notebook: string;
  readonly from: string;
  readonly to: string;
  readonly message: RegExp;
  readonly command?: string;
  /** What standard output says. */
  readonly verdict?: RegExp;
}

describe("a notebook that is wrong", () => {
  let project: Lakehouse;
  let root: string;
  const sound = new Map<string, string>();

  beforeAll(async () => {
    root = await scratchProject();
    project = await lakehouse({ root });
    for (const name of await everythingIn(path.join(root, "notebooks")))
      if (name.endsWith(".ipynb")) sound.set(path.relative(root, name), await readFile(name, "utf8"));
    succeeded(await project.shopmetrics("build"));
  });

  it.each<Spoilt>([
    {
      what: "a syntax error",
      notebook: "notebooks/gold/customer_ltv.ipynb",
      from: "await refresh(gold.customer_ltv, ",
      to: "await refresh(gold.customer_ltv,, ",
      message: /^notebooks\/gold\/customer_ltv\.ipynb cell 3:\d+: .*Unexpected ","/m,
    },
    {
      what: "a type error",
      notebook: "notebooks/gold/customer_ltv.ipynb",
      from: 'by: ["customer_id"]',
      to: 'by: ["customer"]',
      message:
        /^notebooks\/gold\/customer_ltv\.ipynb cell 3:\d+ – TS2322: Type '"customer"' is not assignable/m,
      command: "check",
      verdict: /^Checked the types and the SQL of \d+ notebooks: 1 error /,
    },
    {
      what: "a misspelt column in its SQL",
      notebook: "notebooks/gold/customer_ltv.ipynb",
      from: "min(orders.order_date) as first_order_date",
      to: "min(orders.orderdate) as first_order_date",
      message:
        /^notebooks\/gold\/customer_ltv\.ipynb cell 3:\d+: .*orderdate" here: did you mean orders\.order_date/m,
    },
    {
      what: "a column that the contract lacks",
      notebook: "notebooks/gold/customer_ltv.ipynb",
      from: "else 'Low' end as ltv_segment",
      to: "else 'Low' end as segment",
      message:
        /^notebooks\/gold\/customer_ltv\.ipynb cell 3:\d+: the select for refresh gold\.customer_ltv lacks ltv_segment and has segment/m,
    },
    {
      what: "a read against the order of the layers",
      notebook: "notebooks/silver/dim_products.ipynb",
      from: "select product_id, price, cost from ${silver.dim_products} where price < cost",
      to: "select product_id from ${gold.product_performance} where units_sold < 0",
      message:
        /^notebooks\/silver\/dim_products\.ipynb cell 4:\d+: reads gold\.product_performance, which is of a later layer/m,
    },
    {
      what: "a circle of reads",
      notebook: "notebooks/silver/dim_products.ipynb",
      from: "select product_id, price, cost from ${silver.dim_products} where price < cost",
      to: "select product_id from ${silver.orders_clean} where quantity < 0",
      message:
        /^notebooks\/silver\/\w+\.ipynb cell \d+:\d+: reads in a circle: silver\.\w+ reads silver\.\w+ reads silver\.\w+$/m,
    },
    {
      what: "a table that another notebook writes",
      notebook: "notebooks/gold/customer_cohorts.ipynb",
      from: "await refresh(gold.customer_cohorts, sql`\\n",
      to: "await load(gold.customer_ltv, { from: 'x' });\\nawait refresh(gold.customer_cohorts, sql`\\n",
      message:
        /cell \d+:\d+: writes gold\.customer_ltv, which notebooks\/gold\/\w+\.ipynb writes too \(cell \d+:\d+\)/m,
    },
  ])(
    "by $what is named with its cell and line",
    async ({ notebook, from, to, message, command = "run", verdict = /^$/ }) => {
      const text = sound.get(notebook)!;
      const [found, put] = [from, to].map((part) => part.replaceAll('"', '\\"'));
      expect(text).toContain(found);
      let spoilt = text.replace(found!, put!);
      if (to.includes("gold.product"))
        spoilt = spoilt.replace("import { arrived,", "import { arrived, gold,");
      if (to.includes("load("))
        spoilt = spoilt.replace("import { check, gold,", "import { check, gold, load,");
      await writeFile(path.join(root, notebook), spoilt);
      const { code, stdout, stderr } = await project.shopmetrics(command);
      await writeFile(path.join(root, notebook), text);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(message) });
      expect(stderr).not.toMatch(/^\s+at /m);
      expect(stdout).toMatch(verdict);
    },
  );

  it("by reading a table that nobody writes is named with what to add", async () => {
    const notebook = "notebooks/silver/dim_products.ipynb";
    await rm(path.join(root, notebook));
    const { code, stderr } = await project.shopmetrics("run");
    await writeFile(path.join(root, notebook), sound.get(notebook)!);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^notebooks\/\w+\/\w+\.ipynb cell \d+:\d+: reads silver\.dim_products, which no notebook writes\nAdd notebooks\/silver\/dim_products\.ipynb, or read a table that is written\.$/m,
    );
  });

  it("by having no name yet is passed over with a warning, and the others run", async () => {
    const draft = path.join(root, "notebooks/gold/Untitled1.ipynb");
    await writeFile(draft, '{ "cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5 }');
    const { code, stderr } = await project.shopmetrics("run --only gold.customer_ltv");
    await rm(draft);
    expect(code).toBe(0);
    expect(stderr).toContain(
      "warning  notebooks/gold/Untitled1.ipynb is passed over: Jupyter calls a new notebook so. Rename it",
    );
  });

  it("leaves the warehouse alone, and is forgotten once it is mended", async () => {
    const home = await shop.copy();
    const mended = await project.shopmetrics("run --quiet", { env: { SHOPMETRICS_HOME: home.home } });
    expect(mended.code).toBe(0);
    expect(differences(await dump(home), before)).toEqual([]);
  });
});

const execute = promisify(execFile);

/** A disk of a few megabytes; false where the system does not allow one. */
async function mount(folder: string): Promise<boolean> {
  return execute("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]).then(
    () => true,
    () => false,
  );
}

/** Leaves half a megabyte of a small disk. */
async function fill(folder: string): Promise<void> {
  const { stdout } = await execute("df", ["-B1", "--output=avail", folder]);
  const free = Number(stdout.trim().split("\n").at(-1));
  await writeFile(path.join(folder, "ballast"), Buffer.alloc(Math.max(0, free - (1 << 19))));
}

async function everythingIn(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const found = await readdir(folder, { recursive: true });
  return [folder, ...found.map((name) => path.join(folder, name))];
}
