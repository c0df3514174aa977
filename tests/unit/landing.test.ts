import { createHash } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "#lib/errors.js";
import {
  checksum,
  lastLoad,
  type LedgerEntry,
  listLanding,
  newFiles,
  passedOver,
} from "#lib/landing/landing.js";

let landing: string;

beforeEach(() => {
  landing = mkdtempSync(join(tmpdir(), "landing-"));
  mkdirSync(join(landing, "orders"));
});
afterEach(() => rmSync(landing, { recursive: true, force: true }));

function land(name: string, content: string | Buffer): string {
  const path = join(landing, "orders", name);
  writeFileSync(path, content);
  return path;
}

async function ledger(): Promise<LedgerEntry[]> {
  const files = await listLanding(landing, "orders", "csv");
  return Promise.all(
    files.map(async (file) => ({
      source_file: file.name,
      size: file.size,
      modified_at: file.modifiedAt.toISOString(),
      sha256: await checksum(file.path),
      load_number: null,
    })),
  );
}

describe("listing", () => {
  it("files come sorted by name, with a path relative to the landing folder", async () => {
    for (const name of ["b.csv", "B.csv", "a b.csv", "é.csv"]) land(name, "x");
    const names = (await listLanding(landing, "orders", "csv")).map(({ name }) => name);
    expect(names).toEqual(["orders/B.csv", "orders/a b.csv", "orders/b.csv", "orders/é.csv"]);
  });

  it("hidden, temporary and other files and folders are left alone", async () => {
    for (const name of [".a.csv", "_a.csv", "~$a.csv", "a.csv.tmp", "a.csv~", "a.ndjson", "ok.csv"])
      land(name, "x");
    mkdirSync(join(landing, "orders", "folder.csv"));
    expect((await listLanding(landing, "orders", "csv")).map(({ name }) => name)).toEqual(["orders/ok.csv"]);
  });

  it("numbers in names count as numbers, also below the folder", async () => {
    mkdirSync(join(landing, "orders", "2026", "3"), { recursive: true });
    mkdirSync(join(landing, "orders", "2026", "11"));
    const names = ["2026/3/a.csv", "2026/11/a.csv", "o_9.csv", "o_10.CSV", "o_010.csv.gz", "o_10b.csv"];
    for (const name of names.toReversed()) land(name, "x");
    expect((await listLanding(landing, "orders", "csv")).map(({ name }) => name)).toEqual(
      ["2026/3/a.csv", "2026/11/a.csv", "o_9.csv", "o_010.csv.gz", "o_10.CSV", "o_10b.csv"].map(
        (name) => `orders/${name}`,
      ),
    );
  });

  it("a load continues the ledger's numbers, also where files were taken out of it", () => {
    const entry = (load_number: number | null) => ({
      source_file: "x",
      size: 0,
      modified_at: "",
      sha256: "",
      load_number,
    });
    expect([[], [entry(null), entry(null)], [entry(1), entry(4)]].map(lastLoad)).toEqual([0, 2, 4]);
  });

  it("a folder that doesn't exist holds no files", async () => {
    expect(await listLanding(landing, "products", "csv")).toEqual([]);
  });

  it("a folder that can't be read is named", async () => {
    writeFileSync(join(landing, "customers"), "not a folder");
    await expect(listLanding(landing, "customers", "csv")).rejects.toThrow(
      /folder .*customers can't be read \(ENOTDIR\)/,
    );
  });

  it.skipIf(process.getuid?.() === 0)(
    "a file without the right to read it is named (not as root)",
    async () => {
      chmodSync(land("secret.csv", "x"), 0);
      await expect(listLanding(landing, "orders", "csv")).rejects.toThrow(
        /secret\.csv can't be read \(EACCES\)/,
      );
    },
  );
});

describe("what is not loaded", () => {
  const entities = new Map([
    ["orders", { format: "csv" }],
    ["clickstream", { format: "envelopes" }],
    ["topic_starts", { format: "csv", landsItself: true }],
  ] as const);
  const named = async (whyNot?: (name: string) => string | undefined) => {
    const nearest = (folder: string) => (folder === "order" ? "orders" : undefined);
    const found = await passedOver(landing, entities, { nearest, ...(whyNot && { whyNot }) });
    return Object.fromEntries(found.map(({ name, reason }) => [name, reason]));
  };

  it("is named with what to do, and every other file is loaded", async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), "elsewhere-"));
    writeFileSync(join(elsewhere, "secret"), "secret");
    for (const name of ["ok.csv", "OK.CSV", "ok.csv.gz", "a.txt", "a.ndjson", ".a.csv", "_a.csv"])
      land(name, "x");
    for (const folder of ["order", "Orders/2026", "orders/.tmp", "orders/2026", "clickstream"])
      mkdirSync(join(landing, folder), { recursive: true });
    for (const file of [
      "o.csv",
      "order/o.csv",
      "Orders/2026/o.csv",
      "orders/.tmp/o.csv",
      "orders/2026/o.csv",
      "clickstream/a.ndjson",
    ])
      writeFileSync(join(landing, file), "x");
    writeFileSync(
      Buffer.concat([Buffer.from(`${landing}/orders/`), Buffer.from([0xe9]), Buffer.from(".csv")]),
      "x",
    );
    symlinkSync(join(elsewhere, "secret"), join(landing, "orders", "outside.csv"));
    symlinkSync(join(landing, "orders", "ok.csv"), join(landing, "orders", "inside.csv"));
    symlinkSync(elsewhere, join(landing, "orders", "folder"));
    symlinkSync(join(landing, "gone"), join(landing, "orders", "gone.csv"));
    for (const name of [".DS_Store", "._ok.csv", "Thumbs.db", "desktop.ini", "~$ok.csv", ".o.csv.1-1.tmp"])
      land(name, "x");
    expect(await named()).toEqual({
      "o.csv": "it lies in no folder: move it into clickstream/, orders/",
      "order/o.csv": "order/ is no folder of an export: did you mean orders/?",
      "Orders/2026/o.csv": "Orders/ is no folder of an export: there are clickstream/, orders/",
      "orders/a.txt": "orders/ takes .csv or .csv.gz: export it as such, or rename it if it is one",
      "orders/a.ndjson": "orders/ takes .csv or .csv.gz: move it into clickstream/",
      "orders/.a.csv": "its name, or its folder's, begins with . or _ as if it were unfinished: rename it",
      "orders/_a.csv": "its name, or its folder's, begins with . or _ as if it were unfinished: rename it",
      "orders/.tmp/o.csv":
        "its name, or its folder's, begins with . or _ as if it were unfinished: rename it",
      "orders/\ufffd.csv": "its name is not UTF-8: rename it",
      "orders/outside.csv": "it is a link to a file outside the landing folder: put the file itself there",
      "orders/folder": "it is a link to a folder: put the file itself there",
      "orders/gone.csv": "it is a link to nothing: put the file itself there",
    });
    expect((await listLanding(landing, "orders", "csv")).map(({ name }) => name)).toEqual(
      ["2026/o.csv", "OK.CSV", "inside.csv", "ok.csv", "ok.csv.gz"].map((name) => `orders/${name}`),
    );
    rmSync(elsewhere, { recursive: true });
  });

  it("is nothing where a whole folder lies on another disk", async () => {
    const disk = mkdtempSync(join(tmpdir(), "disk-"));
    writeFileSync(join(disk, "o.csv"), "x");
    rmSync(join(landing, "orders"), { recursive: true });
    symlinkSync(disk, join(landing, "orders"));
    expect(await named()).toEqual({});
    expect((await listLanding(landing, "orders", "csv")).map(({ name }) => name)).toEqual(["orders/o.csv"]);
    rmSync(disk, { recursive: true });
  });
});

describe("checksum", () => {
  it.each([0, 10, (1 << 20) + 1, 9 << 20])("%d bytes hash like node:crypto's own", async (size) => {
    const content = Buffer.alloc(size, "shop");
    expect(await checksum(land("a.csv", content))).toBe(createHash("sha256").update(content).digest("hex"));
  });
});

describe("new files", () => {
  it("are those that the ledger doesn't know", async () => {
    land("a.csv", "1");
    const known = await ledger();
    land("b.csv", "2");
    const found = await newFiles(await listLanding(landing, "orders", "csv"), known);
    expect(found.map(({ name }) => name)).toEqual(["orders/b.csv"]);
  });

  it("a file that was only touched is not new", async () => {
    const path = land("a.csv", "1");
    const known = await ledger();
    utimesSync(path, 1, 1);
    expect(await newFiles(await listLanding(landing, "orders", "csv"), known)).toEqual([]);
  });

  it("a ledger time without a zone is UTC", async () => {
    const path = land("a.csv", "1");
    const known = (await ledger()).map((entry) => ({
      ...entry,
      modified_at: statSync(path).mtime.toISOString().replace("T", " ").replace("Z", ""),
      sha256: "never compared",
    }));
    expect(await newFiles(await listLanding(landing, "orders", "csv"), known)).toEqual([]);
  });

  it("a file changed after it was loaded is an error with figures and the next step", async () => {
    const path = land("a.csv", "1");
    const known = await ledger();
    appendFileSync(path, "2");
    const refused = newFiles(await listLanding(landing, "orders", "csv"), known);
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(
      /orders\/a\.csv was changed after it was loaded: then 1 bytes .* now 2 bytes .*under a new name/,
    );
  });

  it("a file changed without a change of size is found by its hash", async () => {
    const path = land("a.csv", "1");
    const known = await ledger();
    writeFileSync(path, "2");
    utimesSync(path, 1, 1);
    await expect(newFiles(await listLanding(landing, "orders", "csv"), known)).rejects.toThrow(
      /was changed after/,
    );
  });
});
