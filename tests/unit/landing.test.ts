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
import { checksum, type LedgerEntry, listLanding, newFiles } from "#lib/landing/landing.js";

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
  const files = await listLanding(landing, "orders", ".csv");
  return Promise.all(
    files.map(async (file) => ({
      source_file: file.name,
      size: file.size,
      modified_at: file.modifiedAt.toISOString(),
      sha256: await checksum(file.path),
    })),
  );
}

describe("listing", () => {
  it("files come sorted by name, with a path relative to the landing folder", async () => {
    for (const name of ["b.csv", "B.csv", "a b.csv", "é.csv"]) land(name, "x");
    const names = (await listLanding(landing, "orders", ".csv")).map(({ name }) => name);
    expect(names).toEqual(["orders/B.csv", "orders/a b.csv", "orders/b.csv", "orders/é.csv"]);
  });

  it("hidden, temporary and other files and folders are left alone", async () => {
    for (const name of [".a.csv", "_a.csv", "~$a.csv", "a.csv.tmp", "a.csv~", "a.ndjson", "ok.csv"])
      land(name, "x");
    mkdirSync(join(landing, "orders", "folder.csv"));
    expect((await listLanding(landing, "orders", ".csv")).map(({ name }) => name)).toEqual(["orders/ok.csv"]);
  });

  it("a folder that doesn't exist holds no files", async () => {
    expect(await listLanding(landing, "products", ".csv")).toEqual([]);
  });

  it("a folder that can't be read is named", async () => {
    writeFileSync(join(landing, "customers"), "not a folder");
    await expect(listLanding(landing, "customers", ".csv")).rejects.toThrow(
      /folder .*customers can't be read \(ENOTDIR\)/,
    );
  });

  it("a file that can't be read is named", async () => {
    symlinkSync(join(landing, "gone"), join(landing, "orders", "link.csv"));
    await expect(listLanding(landing, "orders", ".csv")).rejects.toThrow(/file .*link\.csv can't be read/);
  });

  it.skipIf(process.getuid?.() === 0)(
    "a file without the right to read it is named (not as root)",
    async () => {
      chmodSync(land("secret.csv", "x"), 0);
      await expect(listLanding(landing, "orders", ".csv")).rejects.toThrow(
        /secret\.csv can't be read \(EACCES\)/,
      );
    },
  );
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
    const found = await newFiles(await listLanding(landing, "orders", ".csv"), known);
    expect(found.map(({ name }) => name)).toEqual(["orders/b.csv"]);
  });

  it("a file that was only touched is not new", async () => {
    const path = land("a.csv", "1");
    const known = await ledger();
    utimesSync(path, 1, 1);
    expect(await newFiles(await listLanding(landing, "orders", ".csv"), known)).toEqual([]);
  });

  it("a ledger time without a zone is UTC", async () => {
    const path = land("a.csv", "1");
    const known = (await ledger()).map((entry) => ({
      ...entry,
      modified_at: statSync(path).mtime.toISOString().replace("T", " ").replace("Z", ""),
      sha256: "never compared",
    }));
    expect(await newFiles(await listLanding(landing, "orders", ".csv"), known)).toEqual([]);
  });

  it("a file changed after it was loaded is an error with figures and the next step", async () => {
    const path = land("a.csv", "1");
    const known = await ledger();
    appendFileSync(path, "2");
    const refused = newFiles(await listLanding(landing, "orders", ".csv"), known);
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
    await expect(newFiles(await listLanding(landing, "orders", ".csv"), known)).rejects.toThrow(
      /was changed after/,
    );
  });
});
