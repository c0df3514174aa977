import { parquetReadObjects } from "hyparquet";
import { kindOf, type Columns, type RowOf } from "./snapshot-columns.js";

/**
 * The rows of a snapshot's Parquet file.
 *
 * @throws Error when the bytes are no Parquet file or lack a declared column
 */
export async function readSnapshot<C extends Columns>(bytes: ArrayBuffer, columns: C): Promise<RowOf<C>[]> {
  const rows = (await parquetReadObjects({ file: bytes })) as RowOf<C>[];
  const [first] = rows;
  const missing = first ? Object.keys(columns).filter((name) => !(name in first)) : [];
  if (missing.length > 0) throw new Error(`it holds no column ${missing.join(", ")}`);
  const decimals = Object.keys(columns).filter((name) => kindOf(columns[name]!) === "decimal");
  // hyparquet multiplies by 0.01, which is not exact: 2041.1000000000001.
  for (const row of rows as unknown as Record<string, number | null>[])
    for (const name of decimals) {
      const value = row[name];
      if (typeof value === "number") row[name] = Math.round(value * 100) / 100;
    }
  return rows;
}

/** The sha256 of a file's bytes in hexadecimal; undefined where the browser offers no hashing. */
export async function sha256(bytes: ArrayBuffer): Promise<string | undefined> {
  const { subtle } = globalThis.crypto as Partial<Crypto>;
  if (!subtle) return undefined;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
