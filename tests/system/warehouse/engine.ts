import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError, ops } from "shopmetrics";
import type { DatabricksConnection } from "#lib/engine/databricks/options.js";
import {
  copyInto,
  createLanded,
  dropLanded,
  insertRecords,
  recordLoadedFiles,
  refuseFiles,
} from "#lib/engine/databricks/copy-into.js";
import { checkParts } from "#lib/engine/databricks/check.js";
import { databricks } from "#lib/engine/databricks/adapter.js";
import { databricksDialect } from "#lib/engine/databricks/dialect.js";
import { quoted } from "#lib/engine/databricks/literals.js";
import { openDatabricks, type DatabricksEngine } from "#lib/engine/databricks/engine.js";
import { checkParts as embeddedCheckParts } from "#lib/engine/duckdb/check.js";
import { duckdbDialect } from "#lib/engine/duckdb/dialect.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { checksum } from "#lib/landing/checksum.js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { withoutInnerSemicolons } from "../../../build/src/bundle/sql/semicolons.ts";
import { deleteOutdated, dropRecords, fillRecords, recordsLeft, recordsOf } from "../../outdated.ts";
import { damagedFile } from "../../damaged-file.ts";
import type { Warehouse } from "../../services/warehouse/start.ts";

/** The engine: values, parameters, failures, waiting, and loading files, on a warehouse that holds nothing yet. */
export function engineTests(given: () => Warehouse): void {
  let warehouse: Warehouse;
  let engine: DatabricksEngine;
  let sql: DatabricksConnection;
  const said: string[] = [];
  const opened: DatabricksEngine[] = [];

  async function open(more: Partial<Parameters<typeof openDatabricks>[0]> = {}): Promise<DatabricksEngine> {
    const made = await openDatabricks({ ...warehouse.address, onWait: (line) => said.push(line), ...more });
    opened.push(made);
    return made;
  }

  const rows = async (text: string, params?: Parameters<DatabricksConnection["query"]>[1]) =>
    (await sql.query(text, params)).rows;

  beforeAll(async () => {
    warehouse = given();
    engine = await open();
    sql = await engine.connect();
    await sql.execute("create schema if not exists bronze");
  });

  afterEach(() => {
    warehouse.faults.reset();
    said.length = 0;
  });

  afterAll(async () => {
    for (const made of opened) await made.close();
  });

  describe.each(["with Arrow", "without Arrow"])("values %s", (how) => {
    let here: DatabricksConnection;

    beforeAll(async () => {
      const { host, port } = how === "with Arrow" ? warehouse : warehouse.withoutArrow;
      here = await (await open({ host: `${host}:${port}` })).connect();
    });

    it("come back exactly, with the types' names", async () => {
      const given = await here.query(`
        select cast('12345678901234567890123456.7890123456' as decimal(36,10)) as exact, cast(-0.10 as decimal(12,2)) as money,
          timestamp'2026-03-01 12:34:56.123456' as micros, timestamp'1969-12-31 23:59:59.000001' as before_1970,
          timestamp'2026-03-01 00:00:00' as whole, date'2024-02-29' as day, 9007199254740993L as big, -7L as small,
          3 as number, 1.5d as half, true as yes, array('a', 'b') as list, 'naïve ☕' as text, '' as empty`);
      expect(given.rows).toEqual([
        {
          exact: "12345678901234567890123456.7890123456",
          money: "-0.10",
          micros: "2026-03-01T12:34:56.123456Z",
          before_1970: "1969-12-31T23:59:59.000001Z",
          whole: "2026-03-01T00:00:00Z",
          day: "2024-02-29",
          big: "9007199254740993",
          small: -7,
          number: 3,
          half: 1.5,
          yes: true,
          list: ["a", "b"],
          text: "naïve ☕",
          empty: "",
        },
      ]);
      expect(given.columns.map(({ type }) => type).join(" ")).toBe(
        "DECIMAL(36,10) DECIMAL(12,2) TIMESTAMP TIMESTAMP TIMESTAMP DATE BIGINT BIGINT INT DOUBLE BOOLEAN ARRAY<STRING> STRING STRING",
      );
    });

    it("may be null, among others that are not", async () => {
      const { rows } = await here.query(`
        select * from values (1, null, null, null, null, null, null),
          (null, 'x', 1.20, 5L, timestamp'2026-01-01', date'2026-01-01', array('y')) as t(a, b, c, d, e, f, g)
        order by a nulls last`);
      expect(rows).toEqual([
        { a: 1, b: null, c: null, d: null, e: null, f: null, g: null },
        { a: null, b: "x", c: "1.20", d: 5, e: "2026-01-01T00:00:00Z", f: "2026-01-01", g: ["y"] },
      ]);
    });

    it("are none in an empty result, which still has its columns", async () => {
      expect(await here.query("select 1 as a, 2.5 as b where false")).toEqual({
        columns: [
          { name: "a", type: "INT" },
          { name: "b", type: "DECIMAL(2,1)" },
        ],
        rows: [],
      });
    });

    it("stream in chunks when there are many", async () => {
      let count = 0;
      let chunks = 0;
      let sum = 0;
      for await (const part of here.stream(
        "select id, concat('row ', id) as name, cast(id as decimal(12,2)) as amount from range(100000)",
      )) {
        chunks++;
        count += part.length;
        for (const { id } of part) sum += Number(id);
      }
      expect({ count, sum }).toEqual({ count: 100_000, sum: 4_999_950_000 });
      expect(chunks).toBeGreaterThan(3);
    });
  });

  it("binds parameters with their types, in each way that a statement names them", async () => {
    const params = {
      text: `it's a \\ "quote" :n`,
      n: 9007199254740993n,
      half: 0.5,
      yes: true,
      none: null,
      now: { type: "timestamp", value: "2026-03-01T12:34:56.123456Z" },
      day: { type: "date", value: "2026-03-01" },
    } as const;
    expect(
      await rows(
        `select :text as text, $n as n, param__half as half, :yes as yes, :none as none, :now as now, :day as day,
          typeof(:n) as type, ':n $n param__n' as quoted -- :n`,
        params,
      ),
    ).toEqual([
      {
        text: params.text,
        n: "9007199254740993",
        half: 0.5,
        yes: true,
        none: null,
        now: params.now.value,
        day: "2026-03-01",
        type: "bigint",
        quoted: ":n $n param__n",
      },
    ]);
  });

  it("reads literals that hold neither semicolons nor quotes as the texts that they stand for", async () => {
    const own = String.raw`a; b's "c" \; \u003b \\`;
    const theirs = String.raw`select ';' as a, "\;" as b, '\\;' as c, 'a;' as d`;
    const written = withoutInnerSemicolons(theirs, "here");
    expect(written).not.toContain(";");
    expect(await rows(`select ${quoted(own)} as own, * from (${written})`)).toEqual([
      { own, a: ";", b: ";", c: String.raw`\;`, d: "a;" },
    ]);
  });

  it("writes a view's parameters out, since a warehouse binds none there", async () => {
    const params = {
      text: "it's :n",
      n: 5,
      at: { type: "timestamp", value: "2026-03-01T00:00:00Z" },
    } as const;
    await sql.execute(
      "create or replace temporary view given as select :text as text, param__n as n, $at as at",
      params,
    );
    expect(await rows("select * from given")).toEqual([{ text: params.text, n: 5, at: params.at.value }]);
  });

  it("keeps variables and temporary views for as long as the connection lasts, and hides them from others", async () => {
    await sql.execute("declare or replace variable answer bigint default 42");
    await sql.execute("create or replace temporary view answers as select answer as a");
    expect(await rows("select a from answers")).toEqual([{ a: 42 }]);
    const other = await engine.connect();
    await expect(other.query("select a from answers")).rejects.toThrow("TABLE_OR_VIEW_NOT_FOUND");
    await other.close();
  });

  it("counts the rows that a statement changed, and knows the tables by information_schema and by the catalog", async () => {
    await sql.execute("create or replace table bronze.counted (id int, name string) using delta");
    expect(await sql.execute("insert into bronze.counted values (1, 'a'), (2, 'b')")).toBe(2);
    const merge = `merge into bronze.counted as t using (select 2 as id, 'c' as name union all select 3, 'd') as i on t.id = i.id
      when matched then update set * when not matched then insert *`;
    expect(await sql.execute(merge)).toBe(2);
    expect(await sql.execute("delete from bronze.counted where id = 1")).toBe(1);
    expect(await rows(`select name from ${warehouse.catalog}.bronze.counted order by id`)).toEqual([
      { name: "c" },
      { name: "d" },
    ]);
    expect(
      await rows("select table_name from information_schema.tables where table_name = 'counted'"),
    ).toEqual([{ table_name: "counted" }]);
    await sql.execute("alter table bronze.counted set tags ('owner' = 'data-eng')");
    await expect(sql.execute("alter table bronze.nowhere set tags ('owner' = 'x')")).rejects.toThrow(
      "bronze",
    );
  });

  it("hands on what the warehouse says of a wrong statement, without Java's stack", async () => {
    await expect(sql.query("select nothing from bronze.nowhere")).rejects.toThrow(
      /^\[TABLE_OR_VIEW_NOT_FOUND\] The table or view `bronze`\.`nowhere` cannot be found\.[\s\S]*line 1 pos 20$/,
    );
    await expect(sql.query(`select raise_error('notebooks/x.ipynb cell 4: check "y"')`)).rejects.toThrow(
      '[USER_RAISED_EXCEPTION] notebooks/x.ipynb cell 4: check "y" SQLSTATE: P0001',
    );
  });

  it("writes the numbers of a check's message as the embedded engine does", async () => {
    const figures = [
      "0",
      "1",
      "0.5",
      "0.03125",
      "99.99995",
      "1234.56789",
      "2942",
      "-1234567.005",
      "2.5e12",
      "1e15",
    ];
    const columns = ({ number, amount }: typeof checkParts) =>
      figures
        .flatMap((figure, index) => [`${number(figure)} as n${index}`, `${amount(figure)} as a${index}`])
        .join(", ");
    const duckdb = await openDuckdb({ file: ":memory:", threads: 1 });
    const embedded = await duckdb.connect();
    const here = await embedded.query(`select ${columns(embeddedCheckParts)}`);
    await embedded.close();
    await duckdb.close();
    expect(await rows(`select ${columns(checkParts)}`)).toEqual(here.rows);
    expect(here.rows[0]).toMatchObject({
      n3: "0.0312",
      n6: "2,942",
      a6: "2,942.00",
      n8: "2,500,000,000,000",
    });
  });

  it("names each statement by an id", async () => {
    const before = sql.statementIds.length;
    await sql.query("select 1");
    expect(sql.statementIds).toHaveLength(before + 1);
    expect(sql.statementIds.at(-1)).toMatch(/^[\da-f]{8}-[\da-f-]{27}$/);
  });

  it("cancels the statement that runs when it is told to stop", async () => {
    const stop = new AbortController();
    const connection = await (await open({ signal: stop.signal })).connect();
    const began = Date.now();
    const long = connection.query(
      "select count(*) from range(20000000000) where sha2(cast(id as string), 512) = 'x'",
    );
    setTimeout(() => stop.abort(new Error("interrupted")), 1500);
    await expect(long).rejects.toThrow("interrupted");
    await expect(connection.query("select 1")).rejects.toThrow("interrupted");
    expect(Date.now() - began).toBeLessThan(15_000);
    // Spark is free again.
    expect(await rows("select count(*) as n from range(1000)")).toEqual([{ n: 1000 }]);
  });

  it.each(["session", "503"] as const)("waits for a stopped warehouse and says so (%s)", async (how) => {
    warehouse.faults.stop(2.5, how);
    const connection = await (await open()).connect();
    expect(await connection.query("select 1 as one")).toMatchObject({ rows: [{ one: 1 }] });
    expect(said.length).toBeGreaterThan(1);
    expect(said[0]).toMatch(
      /^The SQL warehouse is starting \(.+\), which takes 1 to 5 minutes: 0 s so far …$/,
    );
  });

  it("gives up on a warehouse that does not start in time", async () => {
    warehouse.faults.stop(60);
    const waiting = open({ patience: 1000 }).then((made) => made.connect());
    await expect(waiting).rejects.toThrow(
      /^The SQL warehouse did not start within 1 s \(session not init.*start it there/,
    );
  });

  it("waits for a slow warehouse without a word", async () => {
    warehouse.faults.slow(2000);
    expect(await rows("select 1 as one")).toEqual([{ one: 1 }]);
    expect(said).toEqual([]);
  });

  it("fails at once when the token is refused, and does not print it", async () => {
    const refused = await open({ token: "dapi-wrong-secret" })
      .then((made) => made.connect())
      .catch((error: unknown) => error as Error);
    expect(refused).toBeInstanceOf(InputError);
    expect((refused as Error).message).toMatch(/refused DATABRICKS_TOKEN \(HTTP 403\)/);
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain("dapi-wrong-secret");
    expect(said).toEqual([]);
  });

  it("fails at once when there is no such warehouse, host or authority", async () => {
    const failing = async (more: Parameters<typeof open>[0]) => (await open(more)).connect();
    await expect(failing({ httpPath: "/sql/1.0/warehouses/other" })).rejects.toThrow(
      "DATABRICKS_HTTP_PATH=/sql/1.0/w",
    );
    await expect(failing({ host: "127.0.0.1:1" })).rejects.toThrow(
      "DATABRICKS_HOST=127.0.0.1:1 cannot be reached",
    );
    await expect(failing({ ca: undefined as never })).rejects.toThrow("NODE_EXTRA_CA_CERTS");
  });

  it("fails when the session is dropped, because its variables are lost, and a new connection works", async () => {
    const connection = await (await open()).connect();
    await connection.execute("declare or replace variable v int default 1");
    warehouse.faults.dropSession(1);
    expect((await connection.query("select v")).rows).toEqual([{ v: 1 }]);
    await expect(connection.query("select v")).rejects.toThrow(/ended the session .* Run again/);
    expect(said).toEqual([]);
    const again = await engine.connect();
    expect((await again.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });

  it("repeats a statement that met another writer", async () => {
    const conflict =
      "[DELTA_CONCURRENT_APPEND.WITHOUT_HINT] ConcurrentAppendException: Files were added by a concurrent update.";
    warehouse.faults.fail(/as once/, conflict, 2);
    expect(await rows("select 1 as once")).toEqual([{ once: 1 }]);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/Another writer changed the same table/);
    warehouse.faults.fail(/as other/, "[DELTA_MISSING_COLUMN] no");
    await expect(rows("select 1 as other")).rejects.toThrow("[DELTA_MISSING_COLUMN] no");
  });

  it("deletes what runs have left and nothing reads any more, while tasks add to the same tables", async () => {
    for (const schema of ["ops", "silver"]) await sql.execute(`create schema if not exists ${schema}`);
    await fillRecords(sql, databricks);
    expect(
      await rows("select typeof(current_timestamp() - make_dt_interval(cast('30' as int))) as kept_from"),
    ).toEqual([{ kept_from: "timestamp" }]);
    await deleteOutdated(sql, databricks, "2026-03-05T00:00:00Z");
    expect(await recordsOf(sql)).toEqual(recordsLeft);
    const met: string[] = [];
    const task = await (await open({ onWait: (line) => met.push(line) })).connect();
    const stop = new AbortController();
    const adding = (async () => {
      let number = 0;
      while (!stop.signal.aborted) {
        number++;
        await task.execute(`insert into ops.step_runs (step, run_id, started_at, status)
          values ('task', 'n${number}', timestamp '2026-03-06 00:00:00', 'succeeded')`);
        await task.execute(
          `insert into ops.watermarks (step, table_name, batch) values ('task', 't', ${number})`,
        );
        // A statement of the care takes some seconds on a busy machine, and would meet every addition if they came faster.
        await sleep(10_000, undefined, { signal: stop.signal }).catch(() => undefined);
      }
      return number;
    })();
    try {
      for (const run of ["r-2", "r-1", "r0"]) {
        await sql.execute(`insert into ops.step_runs (step, run_id, started_at, status)
          values ('often', '${run}', timestamp '2026-02-01 00:00:00', 'succeeded')`);
        await deleteOutdated(sql, databricks, "2026-03-05T00:00:00Z", [ops.step_runs, ops.watermarks]);
      }
    } finally {
      stop.abort();
    }
    const added = await adding;
    // The care may have had to repeat a statement, since open-source Delta knows no weaker isolation; a task never.
    expect(met).toEqual([]);
    const left = await recordsOf(sql);
    expect(left["stepRuns"]!.filter((run) => !run.startsWith("task"))).toEqual(recordsLeft.stepRuns);
    expect(left["stepRuns"]!.filter((run) => run.startsWith("task"))).toHaveLength(added);
    expect(left["watermarks"]).toContain(`task ${added}`);
    await dropRecords(sql);
  });

  describe("loading", () => {
    const landing = mkdtempSync(path.join(tmpdir(), "shopmetrics-landing-"));
    const land = (name: string, text: string) => writeFileSync(path.join(landing, name), text);
    const load = {
      table: "bronze.loaded",
      folder: "loaded",
      format: "csv",
      columns: ["id", "name", "note"],
    } as const;
    const values = { now: "timestamp'2026-03-01'", batch: "1", lastLoad: "0" };
    const catalog = "ecommerce";
    const volume = "/Volumes/ecommerce/bronze/raw_data";

    beforeAll(async () => {
      await sql.execute(`create or replace table bronze.loaded (id string, name string, note string, _rescued_data string,
        source_file string, source_row bigint, source_load bigint, ingested_at timestamp, _batch bigint) using delta`);
      await sql.execute("create schema if not exists ops");
      for (const statement of databricksDialect.createTable(ops.loaded_files)) await sql.execute(statement);
      await sql.execute(createLanded("bronze.loaded"));
    });
    afterAll(() => rmSync(landing, { recursive: true }));

    it("puts a file into the volume, byte by byte, and refuses a volume that is not there", async () => {
      land("a.csv", 'id,name,note\n1,"two\nlines",\n2,"a ""quote""",""\n3,too,many,values\n4\n');
      await sql.put(path.join(landing, "a.csv"), `${volume}/loaded/a.csv`);
      const arrived = path.join(warehouse.folder, "volumes/ecommerce/bronze/raw_data/loaded/a.csv");
      expect(await readFile(arrived)).toEqual(await readFile(path.join(landing, "a.csv")));
      await expect(
        sql.put(path.join(landing, "a.csv"), "/Volumes/ecommerce/bronze/none/a.csv"),
      ).rejects.toThrow("VOLUME_DOES_NOT_EXIST");
    });

    it("copies each file once, and inserts its records once, with their positions and what did not fit", async () => {
      expect(await sql.execute(copyInto(load, { catalog }))).toBe(1);
      expect(await sql.execute(copyInto(load, { catalog }))).toBe(0);
      expect(await sql.execute(insertRecords(load, values))).toBe(4);
      expect(await sql.execute(insertRecords(load, values))).toBe(0);
      expect(await sql.execute(recordLoadedFiles(load, { ...values, runId: "'r'" }))).toBe(1);
      // A repeated task drops first what the ledger has.
      await sql.execute(dropLanded(load.table));
      expect(await sql.execute(recordLoadedFiles(load, { ...values, runId: "'r'" }))).toBe(0);
      land("b c.csv", "note,more,id,name\nx,m,5,y\n");
      await sql.put(path.join(landing, "b c.csv"), `${volume}/loaded/b c.csv`);
      expect(await sql.execute(copyInto(load, { catalog }))).toBe(1);
      expect(await sql.execute(insertRecords(load, { ...values, batch: "2", lastLoad: "1" }))).toBe(1);
      const loaded = await rows(
        "select * except (ingested_at) from bronze.loaded order by _batch, source_row",
      );
      const none = {
        id: null,
        name: null,
        note: null,
        source_file: "loaded/a.csv",
        source_load: 1,
        _batch: 1,
      };
      const record = { ...none, _rescued_data: null };
      expect(loaded).toEqual([
        { ...record, source_row: 1, id: "1", name: "two\nlines", note: null },
        { ...record, source_row: 2, id: "2", name: 'a "quote"', note: "" },
        { ...none, source_row: 3, _rescued_data: "3,too,many,values" },
        { ...none, source_row: 4, _rescued_data: "4" },
        {
          ...record,
          source_row: 1,
          id: "5",
          name: "y",
          note: "x",
          source_file: "loaded/b c.csv",
          source_load: 2,
          _batch: 2,
          _rescued_data: '{"more":"m"}',
        },
      ]);
      expect(
        await rows("select source_file, size, rows_loaded, rows_rescued, sha256 from ops.loaded_files"),
      ).toEqual([
        {
          source_file: "loaded/a.csv",
          size: 67,
          rows_loaded: 4,
          rows_rescued: 2,
          sha256: await checksum(path.join(landing, "a.csv")),
        },
      ]);
    });

    it("refuses a file whose header lacks a column, or that is not UTF-8, with the next step", async () => {
      await sql.execute("delete from ops.landed_bronze_loaded");
      land("lacks.csv", "id,name\n1,2\n");
      await sql.put(path.join(landing, "lacks.csv"), `${volume}/loaded/lacks.csv`);
      await sql.execute(copyInto(load, { catalog }));
      await expect(sql.query(refuseFiles(load))).rejects.toThrow(
        /loaded\/lacks\.csv: the header lacks note\. It reads: id,name\. Nothing in it was loaded.*delete from ops\.landed_bronze_loaded/,
      );
      await sql.execute("delete from ops.landed_bronze_loaded");
      writeFileSync(path.join(landing, "latin.csv"), Buffer.from("id,name,note\n1,\xe9,\n", "latin1"));
      await sql.put(path.join(landing, "latin.csv"), `${volume}/loaded/latin.csv`);
      await sql.execute(copyInto(load, { catalog }));
      await expect(sql.query(refuseFiles(load))).rejects.toThrow("loaded/latin.csv: it is not UTF-8");
      await sql.execute("delete from ops.landed_bronze_loaded");
    });

    it("reads damaged files as the embedded engine does, record by record", async () => {
      const damaged = { ...load, table: "bronze.damaged", folder: "damaged", columns: ["a", "b", "c"] };
      const columns =
        "a string, b string, c string, _rescued_data string, source_file string, source_row bigint, source_load bigint, ingested_at timestamp, _batch bigint";
      await sql.execute(`create or replace table bronze.damaged (${columns}) using delta`);
      await sql.execute(createLanded(damaged.table));
      const here = await openDuckdb({ file: ":memory:", threads: 1 });
      const embedded = await here.connect();
      await embedded.execute("create schema bronze");
      await embedded.execute("create schema ops");
      await embedded.execute(`create table bronze.damaged (${columns.replaceAll("string", "varchar")})`);
      for (const statement of duckdbDialect.createTable(ops.loaded_files)) await embedded.execute(statement);
      const home = path.join(landing, "damaged-home");
      mkdirSync(path.join(home, "damaged"), { recursive: true });
      for (let seed = 1; seed <= 200; seed++)
        writeFileSync(path.join(home, `damaged/${seed}.csv`), damagedFile(seed).content);
      cpSync(home, path.join(warehouse.folder, "volumes/ecommerce/bronze/raw_data"), { recursive: true });
      await embedded.load(damaged, { landing: home, batch: 1, now: "2026-03-01T00:00:00Z" });
      expect(await sql.execute(copyInto(damaged, { catalog }))).toBe(200);
      await sql.execute(insertRecords(damaged, values));
      const all =
        "select a, b, c, _rescued_data, source_file, source_row from bronze.damaged order by source_file, source_row";
      const [there, expected] = [await rows(all), (await embedded.query(all)).rows];
      expect(expected.filter(({ _rescued_data: rescued }) => rescued !== null).length).toBeGreaterThan(100);
      expect(there).toEqual(expected);
      await embedded.close();
      await here.close();
    });

    it("uploads what has landed here and is not in the ledger", async () => {
      const home = path.join(landing, "home");
      mkdirSync(path.join(home, "loaded"), { recursive: true });
      writeFileSync(path.join(home, "loaded/c.csv"), "id,name,note\n6,a,b\n7,c\n");
      const options = { landing: home, batch: 3, now: "2026-03-01T00:00:00Z" };
      const loaded = await sql.load(load, options);
      expect(loaded).toMatchObject([{ name: "loaded/c.csv", size: 23, rows: 1, rescued: 1, warnings: [] }]);
      await sql.execute(
        `insert into ops.loaded_files (table_name, source_file, size, modified_at, sha256)
          select 'bronze.loaded', 'loaded/c.csv', 23, :at, :sha256`,
        { at: { type: "timestamp", value: loaded[0]!.modifiedAt.toISOString() }, sha256: loaded[0]!.sha256 },
      );
      expect(await sql.load(load, options)).toEqual([]);
      expect(await rows("select count(*) as n from bronze.loaded where _batch = 3")).toEqual([{ n: 2 }]);

      // Taken back, killed after each statement and repeated; then neither it nor a mended one of its name is loaded in silence.
      const file = "loaded/c.csv";
      const taking = databricksDialect.unload.statements(load.table);
      for (let killed = 0; killed <= taking.length; killed++) {
        expect(await sql.load(load, options)).toEqual([]);
        for (const text of taking.slice(0, killed)) await sql.execute(text, { file });
      }
      expect(await rows("select count(*) as n from bronze.loaded where _batch = 3")).toEqual([{ n: 0 }]);
      await expect(sql.load(load, options)).rejects.toThrow("loaded/c.csv: unloaded before");
      expect(await rows(`select * from ops.loaded_files where source_file = '${file}'`)).toEqual([]);
    });
  });
}
