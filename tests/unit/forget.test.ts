/** What becomes of texts and landed files that hold somebody who is forgotten. */
import { mkdtemp, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tables } from "shopmetrics";
import { duckdbDialect as dialect } from "#lib/engine/duckdb/dialect.js";
import { openDuckdb } from "#lib/engine/duckdb/engine.js";
import { plainOf, versionOf, withFields } from "#lib/forget/fields.js";
import { isInFile, rewriteFiles, searchFiles } from "#lib/forget/files.js";
import { beginForgetting, endForgetting, proveForgotten } from "#lib/forget/forget.js";
import { finder, forgottenAmong, isDistinct, isTelling, pseudonymOf } from "#lib/forget/person.js";
import { withoutForgotten } from "#lib/postgres/forgotten.js";
import { insert, prepareWarehouse } from "#lib/run/warehouse.js";

const fields = { person: ["customer_id"], personal: ["first_name", "email", "title", "phone"] };
const pseudonym = pseudonymOf("salt", "K00007");
const found = finder([{ number: "K00007", pseudonym }], ["Ann@x.example", "+49 30 5550177"], fields, []);

describe("a person in a text", () => {
  it.for([
    "K00007",
    '{"customer_id":"K00007"}',
    "(K00007)",
    "/account/K00007?tab=1",
    "mail to ann@X.example.",
    "call +49 30 5550177, please",
  ])("is found where it stands by itself: %s", (text) => expect(found.isIn(text)).toBe(true));

  it.for([
    "K000077",
    "AK00007",
    "K00007-1",
    "é.K00007",
    "joann@x.example",
    "ann@x.example.org",
    "+49 30 55501771",
    "",
  ])("is not found in what only begins or ends the same: %s", (text) => expect(found.isIn(text)).toBe(false));

  it("gives way to the pseudonym, and what else leads there to nothing", () => {
    expect(found.replaced("order of K00007 (ANN@x.example), not of K000077")).toBe(
      `order of ${pseudonym} ((forgotten)), not of K000077`,
    );
  });

  it("takes its fields along in JSON, whatever stands in them, and leaves the text as it was otherwise", () => {
    const text = String.raw`{"n": 1.10,"customer_id" : "K00007","first_name":"A\"nn\\","email": 7, "after":{"email":"ann@x.example"}}`;
    expect(found.json(text)).toBe(
      `{"n": 1.10,"customer_id" : "${pseudonym}","first_name":null,"email": null, "after":{"email":null}}`,
    );
    const others = '{"customer_id":"K000077","first_name":"Bo"}';
    expect(found.json(others)).toBe(others);
  });

  it("leaves nothing of what is no JSON", () => {
    expect(found.message("K00007, Ann")).toBe("(forgotten)");
    expect(found.message('{"torn":"K00007')).toBe("(forgotten)");
    expect(found.message(" K00007 ")).toBe(pseudonym);
    expect(found.raw(JSON.stringify({ offset: 7, value: "by K00007", key: "v" }))).toBe(
      '{"offset":7,"value":"(forgotten)","key":"v"}',
    );
  });

  it("is told by an e-mail address or a telephone number, and by no name or town", () => {
    expect(["ann@x.example", "+49 30 5550177", "0305550177"].filter(isTelling)).toHaveLength(3);
    expect(["Ann", "Berlin", "Street 12345", "@", ""].filter(isTelling)).toEqual([]);
  });

  it("is known by the salt when it arrives again, and nobody is where no list is", () => {
    const forgotten = forgottenAmong([{ pseudonym, salt: "salt" }]);
    expect(forgotten("K00007")).toBe(pseudonym);
    expect(forgotten("K000077")).toBeUndefined();
    expect(forgotten(pseudonym)).toBeUndefined();
    expect(forgottenAmong([])("K00007")).toBeUndefined();
  });
});

const seventeen = pseudonymOf("salt", "17");
const plain = finder([{ number: "17", pseudonym: seventeen }], [], fields, []);

describe("a number that other things have too", () => {
  it("is one without a letter, or a short one", () => {
    expect(["17", "1234567", "A17", "C00012"].filter(isDistinct)).toEqual(["C00012"]);
  });

  it.for([
    "17",
    "17 of them at 10:17",
    '{"order_id":17,"quantity":"17"}',
    '{"customer_id":"170"}',
    '{"customer_id":1.17}',
  ])("stays where it names no person: %s", (text) => {
    expect(plain.isIn(text)).toBe(false);
    expect(plain.json(text)).toBe(text);
    expect(plain.raw(text)).toBe(text);
  });

  it.for([
    ['{"customer_id":17}', `{"customer_id":"${seventeen}"}`],
    ['{"n":17,"customer_id" : " 17 ","email":"a"}', `{"n":17,"customer_id" : "${seventeen}","email":null}`],
    ['{"after":{"customer_id":17,"order_id":17}}', `{"after":{"customer_id":"${seventeen}","order_id":17}}`],
    ['[{"customer_id":{"$numberLong":"17"}},17]', `[{"customer_id":"${seventeen}"},17]`],
    ['{"text":"{\\"customer_id\\":17}"}', `{"text":"{\\"customer_id\\":\\"${seventeen}\\"}"}`],
  ] as const)(
    "gives way to a quoted pseudonym in fields of persons, so JSON stays JSON: %s",
    ([text, anew]) => {
      expect(plain.isIn(text)).toBe(true);
      expect(plain.json(text)).toBe(anew);
      expect(JSON.parse(anew)).toBeDefined();
      expect(plain.isIn(anew)).toBe(false);
    },
  );

  it("is found by the engines' regular expression as by this one", () => {
    expect(new RegExp(plain.plainField!).test('{"customer_id":17}')).toBe(true);
    expect(found.plainField).toBeUndefined();
  });

  it("is replaced in keys of messages where these are persons", () => {
    const line = JSON.stringify({ offset: 17, key: "17", value: '{"customer_id":17,"quantity":17}' });
    const value = JSON.stringify(`{"customer_id":"${seventeen}","quantity":17}`);
    expect(plain.raw(line, true)).toBe(`{"offset":17,"key":"${seventeen}","value":${value}}`);
    expect(plain.raw(line)).toBe(`{"offset":17,"key":"17","value":${value}}`);
    expect(plain.message('{"customer_id":17}')).toBe(`{"customer_id":"${seventeen}"}`);
  });
});

describe("JSON of a person", () => {
  it("loses personal fields whole, whatever stands in them, and keeps long numbers to the digit", () => {
    const text =
      '{"customer_id":"K00007","title":{"$numberInt":"1984"},"phone":["+49 1", {"a":"}"}],"n":12345678901234567890.10}';
    expect(found.json(text)).toBe(
      `{"customer_id":"${pseudonym}","title":null,"phone":null,"n":12345678901234567890.10}`,
    );
  });

  it("is looked through also where it is torn", () => {
    expect(withFields('{"a":{"b":1,"title":["x', (name) => (name === "title" ? "null" : undefined))).toBe(
      '{"a":{"b":1,"title":null',
    );
    expect(withFields('{"a":,"b":}', () => "null")).toBe('{"a":,"b":}');
    expect(['"x "', " 17 ", '{"$numberInt":"17"}', "null"].map(plainOf)).toEqual(["x", "17", "17", "null"]);
  });

  it("has the fingerprint of the row as it is now, whatever was replaced", () => {
    const change = (after: string) =>
      `{"op":"r","before":null,"after":${after},"source":{"lsn":1,"version":"${versionOf(after)}"}}`;
    const order = (number: string) => `{"order_id":"1","customer_id":${number}}`;
    expect(found.json(change(order('"K00007"')))).toBe(change(order(`"${pseudonym}"`)));
    expect(plain.json(change(order('"17"')))).toBe(change(order(`"${seventeen}"`)));
    const others = change(order('"18"'));
    expect(plain.json(others)).toBe(others);
  });
});

describe("a row of the database", () => {
  const forgotten = forgottenAmong([{ pseudonym: seventeen, salt: "salt" }]);
  const key = '{"order_id":"17"}';

  it("lands with a pseudonym in its person only, with the fingerprint that bronze has", () => {
    const [row, other] = withoutForgotten("order_id", "customer_id", forgotten).rows([
      { key, after: '{"order_id":"17","customer_id":"17 ","quantity":"17"}' },
      { key, after: '{"order_id":"18","customer_id":"18","quantity":"17"}' },
    ]);
    expect(row).toEqual({ key, after: `{"order_id":"17","customer_id":"${seventeen}","quantity":"17"}` });
    expect(other!.after).toContain('"quantity":"17"');
  });

  it("that is a forgotten customer's lands no more", () => {
    const filter = withoutForgotten("customer_id", "customer_id", forgotten);
    expect(filter.rows([{ key: '{"customer_id":"17 "}', after: '{"customer_id":"17 "}' }])).toEqual([]);
    const there = JSON.stringify({ customer_id: seventeen });
    expect([...filter.there]).toEqual([there]);
    expect([filter.isForgotten(there), filter.isForgotten('{"customer_id":"17"}')]).toEqual([true, false]);
  });
});

describe("a landed file", () => {
  const folders: string[] = [];
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  const rewritten = async (name: string, content: string, of = found) => {
    const landing = await mkdtemp(path.join(tmpdir(), "shopmetrics-forget-test-"));
    folders.push(landing);
    const file = path.join(landing, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    const told: string[] = [];
    const files = await rewriteFiles(landing, tables, of, {
      keysOf: () => new Set(),
      // Whoever is told sees the old file: the new one takes its place afterwards.
      onRewritten: async ({ rows }) =>
        void told.push(`${rows} of ${(await readFile(file, "utf8")) === content}`),
    });
    return { content: await readFile(file, "utf8"), told, files, file, landing };
  };

  const header =
    "\uFEFFcustomer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at,note";

  it("keeps its byte order mark, line ends, other lines and the places of its records", async () => {
    const kept = [
      'K000077,Ann,B,b@x.example,1,C,R,L,2026-01-01,2026-01-01T00:00:00Z,"a ""b""\r\n c"',
      ",,,,,,,,,,",
    ];
    const done = await rewritten(
      "customers/c.csv",
      [header, kept[0], ' K00007 ,Ann,B,,"+1, 2",C,R,L,,"2026",hers', kept[1], 'K00007,torn,"x" y', ""].join(
        "\r\n",
      ),
    );
    expect(done.content).toBe(
      [header, kept[0], `${pseudonym},,,,,,R,L,,2026,`, kept[1], "(forgotten)", ""].join("\r\n"),
    );
    expect(done.told).toEqual(["2 of true"]);
  });

  it("keeps 17 where it is no person, and is found by a search until it has forgotten 17", async () => {
    const lines = ["order_id,customer_id,quantity", "17,17,17", "18,170,17", ""];
    const done = await rewritten("orders/o.csv", lines.join("\n"), plain);
    expect(done.content).toBe(lines.join("\n").replace("17,17,17", `17,${seventeen},17`));
    expect(await searchFiles(done.landing, tables, plain)).toEqual([]);
    await writeFile(done.file, lines.join("\n"));
    expect(await searchFiles(done.landing, tables, plain)).toEqual([done.file]);
    const key = (name: string) =>
      JSON.stringify({ topic: "t", partition: 0, offset: 17, key: name, value: null });
    const keyed = await rewritten("clickstream/c.ndjson", `${key("17")}\n${key("170")}\n`, plain);
    expect(keyed.content).toBe(`${key(seventeen)}\n${key("170")}\n`);
  });

  it("without the person is not touched", async () => {
    const done = await rewritten("customers/c.csv", `${header}\nK000077,Ann,B,,,,,,,,\n`);
    expect(done.files).toEqual([]);
    expect(done.told).toEqual([]);
  });

  it("of messages keeps a line for each, with its offset", async () => {
    const other =
      '{"topic":"t","partition":0,"offset":1,"timestamp":"x","key":"K000077","value":"{\\"customer_id\\":\\"K000077\\"}"}';
    const hers =
      '{"topic":"t","partition":0,"offset":2,"timestamp":"x","key":"K00007","value":"{\\"customer_id\\":\\"K00007\\"}"}';
    const done = await rewritten("clickstream/c.ndjson", `${other}\n${hers}\nno message of K00007\n`);
    expect(done.content).toBe(`${other}\n${hers.replaceAll("K00007", pseudonym)}\n(forgotten)\n`);
  });

  it("is searched across the pieces in which it is read", async () => {
    const done = await rewritten(
      "other/big.txt",
      `${"x".repeat((1 << 20) - 6)} ann@x.example ${"x".repeat(100)}`,
    );
    expect(await isInFile({ path: done.file, name: "big.txt" }, found.isIn)).toBe(true);
    const nobody = finder([], [], fields, []);
    expect(await isInFile({ path: done.file, name: "big.txt" }, nobody.isIn)).toBe(false);
  });
});

describe("a warehouse", () => {
  const message = { source_file: "x.csv", source_row: 1, source_load: 1 };
  const load = { ...message, _batch: 1 };
  const email = "ann@x.example";

  it("forgets 17 where it is a customer, clears the records with bronze, and searches no service's data", async () => {
    const home = await mkdtemp(path.join(tmpdir(), "shopmetrics-forget-test-"));
    const engine = await openDuckdb({ file: ":memory:", threads: 1 });
    const connection = await engine.connect();
    try {
      await prepareWarehouse(connection, dialect, tables);
      const after = '{"customer_id":17,"email":"ann@x.example","city":{"name":"Bonn"}}';
      const source = `{"lsn":17,"version":"${versionOf(after)}"}`;
      const change = `{"op":"r","before":null,"after":${after},"source":${source}}`;
      const event = '{"customer_id":17,"quantity":17}';
      const rows: Record<string, Record<string, string | number | boolean | null>[]> = {
        "bronze.orders_raw": [
          { ...load, order_id: "17", customer_id: "17", quantity: "17" },
          { ...load, order_id: "18", customer_id: "170", quantity: "17" },
        ],
        "bronze.clickstream_raw_messages": [{ ...message, value: event, kafka_key: "17" }],
        "bronze.customers_changes_messages": [{ ...message, value: change, kafka_key: '{"customer_id":17}' }],
        "bronze.orders_changes_messages": [
          { ...message, value: '{"op":"r","after":{"order_id":17}}', kafka_key: "17" },
        ],
        "ops.step_runs": [{ run_id: "r", step: "s", message: `17 rows, and ${email}` }],
      };
      for (const [table, given] of Object.entries(rows)) await insert(connection, table, given);
      const where = { connection, dialect, tables, landing: [path.join(home, "landing")] };
      const of = async (table: string, columns: string) =>
        (await connection.query(`select ${columns} from ${table} order by 1`)).rows.map((row) =>
          Object.values(row),
        );

      const begun = await beginForgetting(where, ["17"]);
      const person = begun.finder.persons[0]!.pseudonym;
      expect(await of("bronze.orders_raw", "order_id, customer_id, quantity")).toEqual([
        ["17", person, "17"],
        ["18", "170", "17"],
      ]);
      expect(await of("bronze.clickstream_raw", "customer_id, quantity, kafka_key, value")).toEqual([
        [person, "17", person, `{"customer_id":"${person}","quantity":17}`],
      ]);
      const gone = `{"customer_id":"${person}","email":null,"city":null}`;
      expect(await of("bronze.customers_changes", "after, source, kafka_key")).toEqual([
        [gone, `{"lsn":17,"version":"${versionOf(gone)}"}`, `{"customer_id":"${person}"}`],
      ]);
      expect(await of("bronze.orders_changes", "after, kafka_key")).toEqual([['{"order_id":17}', "17"]]);
      // Killed here: a repeat finds the address nowhere, and needs it nowhere.
      expect(await of("ops.step_runs", "message")).toEqual([["17 rows, and (forgotten)"]]);

      await mkdir(path.join(home, "kafka"));
      await writeFile(path.join(home, "kafka", "shop.public.customers-0.log"), after);
      await connection.execute("update bronze.orders_raw set customer_id = '17' where order_id = '18'");
      const left = (await proveForgotten(where, begun, { home })).left;
      expect(left).toEqual([{ place: "bronze.orders_raw", rows: 1 }]);
      const again = await beginForgetting(where, ["17"]);
      expect([...again.rows]).toEqual([["bronze.orders_raw", 1]]);
      expect([...(await endForgetting(where, again))]).toEqual([]);
      expect((await proveForgotten(where, again, { home })).left).toEqual([]);
      await writeFile(path.join(home, "notes.ndjson"), after);
      const found = (await proveForgotten(where, begun, { home })).left;
      expect(found).toEqual([{ place: path.join(home, "notes.ndjson") }]);
    } finally {
      await connection.close();
      await engine.close();
      await rm(home, { recursive: true, force: true });
    }
  });
});
