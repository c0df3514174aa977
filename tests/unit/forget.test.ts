/** What becomes of texts and landed files that hold somebody who is forgotten. */
import { mkdtemp, readFile, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tables } from "shopmetrics";
import { isInFile, rewriteFiles } from "#lib/forget/files.js";
import { finder, forgottenAmong, isTelling, pseudonymOf } from "#lib/forget/person.js";

const pseudonym = pseudonymOf("salt", "K7");
const found = finder(
  [{ number: "K7", pseudonym }],
  ["Ann@x.example", "+49 30 5550177"],
  ["first_name", "email"],
  [],
);

describe("a person in a text", () => {
  it.for([
    "K7",
    '{"customer_id":"K7"}',
    "(K7)",
    "/account/K7?tab=1",
    "mail to ann@X.example.",
    "call +49 30 5550177, please",
  ])("is found where it stands by itself: %s", (text) => expect(found.isIn(text)).toBe(true));

  it.for(["K77", "AK7", "K7-1", "é.K7", "joann@x.example", "ann@x.example.org", "+49 30 55501771", ""])(
    "is not found in what only begins or ends the same: %s",
    (text) => expect(found.isIn(text)).toBe(false),
  );

  it("gives way to the pseudonym, and what else leads there to nothing", () => {
    expect(found.replaced("order of K7 (ANN@x.example), not of K77")).toBe(
      `order of ${pseudonym} ((forgotten)), not of K77`,
    );
  });

  it("takes its fields along in JSON, whatever stands in them, and leaves the text as it was otherwise", () => {
    const text = String.raw`{"n": 1.10,"customer_id" : "K7","first_name":"A\"nn\\","email": 7, "after":{"email":"ann@x.example"}}`;
    expect(found.json(text)).toBe(
      `{"n": 1.10,"customer_id" : "${pseudonym}","first_name":null,"email": null, "after":{"email":null}}`,
    );
    const others = '{"customer_id":"K77","first_name":"Bo"}';
    expect(found.json(others)).toBe(others);
  });

  it("leaves nothing of what is no JSON", () => {
    expect(found.message("K7, Ann")).toBe("(forgotten)");
    expect(found.message('{"torn":"K7')).toBe("(forgotten)");
    expect(found.message(" K7 ")).toBe(pseudonym);
    expect(found.raw(JSON.stringify({ offset: 7, value: "by K7", key: "v" }))).toBe(
      '{"offset":7,"value":"(forgotten)","key":"v"}',
    );
  });

  it("is told by an e-mail address or a telephone number, and by no name or town", () => {
    expect(["ann@x.example", "+49 30 5550177", "0305550177"].filter(isTelling)).toHaveLength(3);
    expect(["Ann", "Berlin", "Street 12345", "@", ""].filter(isTelling)).toEqual([]);
  });

  it("is known by the salt when it arrives again, and nobody is where no list is", () => {
    const forgotten = forgottenAmong([{ pseudonym, salt: "salt" }]);
    expect(forgotten("K7")).toBe(pseudonym);
    expect(forgotten("K77")).toBeUndefined();
    expect(forgotten(pseudonym)).toBeUndefined();
    expect(forgottenAmong([])("K7")).toBeUndefined();
  });
});

describe("a landed file", () => {
  const folders: string[] = [];
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  });

  const rewritten = async (name: string, content: string) => {
    const landing = await mkdtemp(path.join(tmpdir(), "shopmetrics-forget-test-"));
    folders.push(landing);
    const file = path.join(landing, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    const told: string[] = [];
    const files = await rewriteFiles(landing, tables, found, {
      keysOf: () => new Set(),
      // Whoever is told sees the old file: the new one takes its place afterwards.
      onRewritten: async ({ rows }) =>
        void told.push(`${rows} of ${(await readFile(file, "utf8")) === content}`),
    });
    return { content: await readFile(file, "utf8"), told, files, file };
  };

  const header =
    "\uFEFFcustomer_id,first_name,last_name,email,phone,city,region,country,signup_date,updated_at,note";

  it("keeps its byte order mark, line ends, other lines and the places of its records", async () => {
    const kept = [
      'K77,Ann,B,b@x.example,1,C,R,L,2026-01-01,2026-01-01T00:00:00Z,"a ""b""\r\n c"',
      ",,,,,,,,,,",
    ];
    const done = await rewritten(
      "customers/c.csv",
      [header, kept[0], ' K7 ,Ann,B,,"+1, 2",C,R,L,,"2026",hers', kept[1], 'K7,torn,"x" y', ""].join("\r\n"),
    );
    expect(done.content).toBe(
      [header, kept[0], `${pseudonym},,,,,,R,L,,2026,`, kept[1], "(forgotten)", ""].join("\r\n"),
    );
    expect(done.told).toEqual(["2 of true"]);
  });

  it("without the person is not touched", async () => {
    const done = await rewritten("customers/c.csv", `${header}\nK77,Ann,B,,,,,,,,\n`);
    expect(done.files).toEqual([]);
    expect(done.told).toEqual([]);
  });

  it("of messages keeps a line for each, with its offset", async () => {
    const other =
      '{"topic":"t","partition":0,"offset":1,"timestamp":"x","key":"K77","value":"{\\"customer_id\\":\\"K77\\"}"}';
    const hers =
      '{"topic":"t","partition":0,"offset":2,"timestamp":"x","key":"K7","value":"{\\"customer_id\\":\\"K7\\"}"}';
    const done = await rewritten("clickstream/c.ndjson", `${other}\n${hers}\nno message of K7\n`);
    expect(done.content).toBe(`${other}\n${hers.replaceAll("K7", pseudonym)}\n(forgotten)\n`);
  });

  it("is searched across the pieces in which it is read", async () => {
    const done = await rewritten(
      "other/big.txt",
      `${"x".repeat((1 << 20) - 6)} ann@x.example ${"x".repeat(100)}`,
    );
    expect(await isInFile({ path: done.file, name: "big.txt" }, found)).toBe(true);
    expect(await isInFile({ path: done.file, name: "big.txt" }, finder([], [], [], []))).toBe(false);
  });
});
