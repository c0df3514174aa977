import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { describe, expect, it } from "vitest";
import { lakehouse, projectRoot, succeeded, type Lakehouse } from "./cli.ts";
import { dump, query } from "./tables.ts";

const header =
  "order_id,customer_id,product_id,quantity,unit_price,total_amount,order_date,status,updated_at";
const order = (id: string) => `${id},C1,P1,1,10.00,10.00,2026-03-01T08:00:00Z,completed,2026-03-01T09:00:00Z`;

/** A shop with one order, one customer and one product. */
async function smallShop(orders: readonly string[] = [order("O1")]): Promise<Lakehouse> {
  const shop = await lakehouse();
  await shop.land("orders/o.csv", `${[header, ...orders].join("\n")}\n`);
  await shop.land(
    "customers/c.csv",
    "customer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at\n" +
      "C1,Ann,Ng,ann@example.com,,Oslo,Oslo,Norway,2026-01-01,2026-01-01T00:00:00Z\n",
  );
  await shop.land(
    "products/p.csv",
    "product_id,product_name,category,subcategory,brand,price,cost,updated_at\n" +
      "P1,Lamp,Home,Light,Lumo,10.00,6.00,2026-01-01T00:00:00Z\n",
  );
  return shop;
}

describe("a port that cannot be had", () => {
  it("ends serve before it builds a site, with one line", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const { code, stdout, stderr } = await (await lakehouse()).shopmetrics(`serve --port=${port}`);
    taken.close();
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr: `Port ${port} is taken: choose another by --port, or 0 for any that is free.\n`,
    });
  });

  it("ends Kafka's start at once, with one line", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const kafka = spawn(process.execPath, [
      path.join(projectRoot, "node_modules/tsx/dist/cli.mjs"),
      path.join(projectRoot, "tests/services/kafka/main.ts"),
      `--port=${port}`,
    ]);
    let stderr = "";
    kafka.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
    const [code] = (await once(kafka, "close")) as [number];
    taken.close();
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `Port ${port} is in use, perhaps by another Kafka. Take another one: --port 9192\n`,
    });
  });
});

describe("several at once", () => {
  it("of three first calls of generate none dies, and their files are whole", async () => {
    const shop = await lakehouse();
    const calls = Array.from(
      { length: 3 },
      () => shop.start("generate --scale 0.01 --to 2026-03-01").outcome,
    );
    for (const call of await Promise.all(calls)) succeeded(call);
    const names = await readdir(shop.landing, { recursive: true });
    expect(names.filter((name) => /tmp|lock/.test(name))).toEqual([]);
    const alone = await lakehouse();
    for (const args of ["--scale 0.01 --to 2026-03-01", "", ""])
      succeeded(await alone.shopmetrics(`generate ${args}`));
    for (const name of await readdir(path.join(alone.landing, "orders")))
      expect(await readFile(path.join(shop.landing, "orders", name), "utf8")).toBe(
        await readFile(path.join(alone.landing, "orders", name), "utf8"),
      );
  });

  it("clean waits for who holds the warehouse, and leaves it if he keeps it", async () => {
    const shop = await smallShop();
    succeeded(await shop.shopmetrics("run"));
    const warehouse = path.join(shop.home, "warehouse.duckdb");
    const held = await openDuckdb({ file: warehouse });
    try {
      const { code, stderr } = await shop.shopmetrics("clean", { env: { SHOPMETRICS_LOCK_WAIT: "0.2" } });
      expect(code).toBe(2);
      expect(stderr).toMatch(/warehouse\.duckdb is held by .+ and did not become free/);
    } finally {
      await held.close();
    }
    expect((await dump(shop))["silver.orders_clean"]).toHaveLength(1);
    succeeded(await shop.shopmetrics("clean"));
    expect(await readdir(shop.home)).toEqual(["landing"]);
    await writeFile(warehouse, "no warehouse any more");
    succeeded(await shop.shopmetrics("clean"));
    expect(await readdir(shop.home)).toEqual(["landing"]);
  });

  it("clean says what it has removed, and asks before landed files go", async () => {
    const shop = await smallShop();
    expect((await shop.shopmetrics("clean")).stdout).toBe("There was nothing to remove.\n");
    succeeded(await shop.shopmetrics("run"));
    expect((await shop.shopmetrics("clean")).stdout).toMatch(
      /^Removed \S+warehouse\.duckdb, \S+snapshots, \S+lineage\n$/,
    );
    // Nobody is there to be asked.
    const { code, stderr } = await shop.shopmetrics("clean --landing");
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `--landing removes 3 landed files in ${shop.landing}, which no run brings back: add --yes if that is meant.\n`,
    });
    expect(await readdir(shop.home)).toEqual(["landing"]);
    expect((await shop.shopmetrics("clean --landing --yes")).stdout).toBe(`Removed ${shop.landing}\n`);
    expect(await readdir(shop.home)).toEqual([]);
  });

  it("a run that npx started ends with npx", async () => {
    const shop = await lakehouse();
    succeeded(await shop.shopmetrics("generate --scale 0.2 --to 2026-03-01"));
    const npx = spawn("npx", ["shopmetrics", "run"], {
      cwd: projectRoot,
      env: { ...process.env, SHOPMETRICS_HOME: shop.home },
      stdio: "ignore",
    });
    const warehouse = path.join(shop.home, "warehouse.duckdb");
    for (let n = 0; n < 200 && !(await readFile(warehouse).catch(() => undefined)); n++) await sleep(20);
    npx.kill("SIGTERM");
    await once(npx, "exit");
    // Nobody holds the file any more: else opening it would wait.
    const engine = await openDuckdb({ file: warehouse, patience: 2000 });
    await engine.close();
    // It may have been so early that there is no table yet.
    const started = await query(shop, "select 1 from information_schema.tables where table_name = 'runs'");
    const runs = started.length > 0 ? await query(shop, "select status from ops.runs") : [];
    expect(runs).not.toContainEqual({ status: "succeeded" });
  });
});

describe("a clock that was ahead for one run", () => {
  /** Node's clock, a year ahead. */
  const ahead = `
    const { now } = Date, shift = 365 * 86_400_000;
    globalThis.Date = class extends Date {
      constructor(...given) { super(...(given.length ? given : [now() + shift])); }
      static now() { return now() + shift; }
    };`;
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(ahead)}` };

  it("hides no later run: pages, checks and show go by the order of runs", async () => {
    const shop = await smallShop();
    succeeded(await shop.shopmetrics("run", { env }));
    await shop.land("orders/o2.csv", `${header}\n${order("O2").replace("1,10.00,10.00", "1,10.00,99.00")}\n`);
    succeeded(await shop.shopmetrics("run"));
    const [latest] = (await shop.json<{ rows: { run_id: string; started_at: string }[] }>("show ops.runs"))
      .rows;
    expect(Date.parse(latest!.started_at)).toBeLessThan(Date.now());
    const read = async (page: string) =>
      JSON.parse(await readFile(path.join(shop.home, "snapshots", `${page}.json`), "utf8")) as {
        asOf: string;
        run: string;
        checks: object;
        snapshots: Record<string, { file: string }>;
      };
    for (const page of ["sales", "customers", "pipeline"])
      expect((await read(page)).run).toBe(latest!.run_id);
    const rowsOf = ({ file }: { file: string }) =>
      query(shop, `select * from read_parquet('${path.join(shop.home, "snapshots", file)}')`);
    expect(await rowsOf((await read("sales")).snapshots["daily_sales"]!)).toMatchObject([{ orders: 2 }]);
    const { runs, checks } = (await read("pipeline")).snapshots;
    expect((await rowsOf(runs!))[0]).toMatchObject({ run_id: latest!.run_id });
    const ofOrders = (await rowsOf(checks!)).filter((row) => row["table_name"] === "silver.orders_clean");
    expect(
      ofOrders.every(({ checked }) => Date.parse(`${String(checked).replace(" ", "T")}Z`) < Date.now()),
    ).toBe(true);
    // The page is public: it has the words of each check without the rows that they name.
    const total = "total_amount is quantity × unit_price, give or take a third";
    expect(ofOrders.find(({ check_name }) => check_name === total)).toMatchObject({
      status: "warn",
      measured: "1 of 1 row; at most 0",
    });
    const kept = await query(shop, `select message from ops.check_results where check_name = '${total}'`);
    expect(kept).toContainEqual({
      message: "1 of 1 row, such as O2: quantity 1, unit_price 10.00, total_amount 99.00; at most 0",
    });
  });
});

describe("what a terminal and a network are given", () => {
  it("show and warnings print control characters of data as text", async () => {
    const shop = await smallShop([
      `O1\u001b[2J\u001b]0;mine\u0007,C1,P1,1,1.00,1.00,2026-03-01,\u009bcompleted,2026-03-01`,
    ]);
    const ran = await shop.shopmetrics("run");
    const shown = await shop.shopmetrics("show bronze.orders_raw");
    expect(shown.stdout).toContain("O1\\x1b[2J\\x1b]0;mine\\x07");
    // eslint-disable-next-line no-control-regex
    for (const text of [ran.stdout, ran.stderr, shown.stdout]) expect(text).not.toMatch(/[\x07\x1b\x9b]/);
  });

  it.each(["70000", "-1", "80.5", "http"])("serve --port %s is refused in one line", async (port) => {
    const { code, stderr } = await (await lakehouse()).shopmetrics(`serve --port=${port}`);
    expect(code).toBe(2);
    expect(stderr).toMatch(/option '--port <n>' argument '.+' is invalid\. Give a/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it("a workspace's host without TLS is named as such", async () => {
    const plain = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")).listen(
      0,
      "127.0.0.1",
    );
    await once(plain, "listening");
    const { port } = plain.address() as AddressInfo;
    const { code, stderr } = await (
      await lakehouse()
    ).shopmetrics("run", {
      env: {
        SHOPMETRICS_ENGINE: "databricks",
        DATABRICKS_HOST: `127.0.0.1:${port}`,
        DATABRICKS_TOKEN: "t",
        DATABRICKS_HTTP_PATH: "/sql/1.0/warehouses/a",
      },
    });
    plain.close();
    expect(code).toBe(2);
    expect(stderr).toContain(`DATABRICKS_HOST=127.0.0.1:${port} does not speak TLS`);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
