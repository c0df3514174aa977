import type { Column } from "./table.js";

/** A value of a row that somebody writes by hand, as `Row` types it. */
export type PlainValue = string | number | boolean | null | readonly string[];

/** When things happened in rows of which nobody says it. */
export const plainInstant = "2026-03-10T12:00:00Z";

/** Where a hand-written row stands: the how manieth of the how manieth batch, both from 1. */
interface PlainPlace {
  readonly batch: number;
  readonly row: number;
}

/**
 * What a column holds of which a hand-written row says nothing: null where the contract allows it, else zero, false, noon of
 * 10 March 2026, the first accepted value or the column's own name. Each batch is a file of its own.
 */
export function plainValue({ name, type, nullable, accepts }: Column, place: PlainPlace): PlainValue {
  if (nullable) return null;
  if (name === "source_file") return `given/${place.batch}.csv`;
  if (name === "source_row") return place.row;
  if (type === "STRING") return accepts?.[0] ?? name;
  if (type === "TIMESTAMP") return plainInstant;
  if (type === "DATE") return plainInstant.slice(0, 10);
  if (type === "BOOLEAN") return false;
  if (type === "ARRAY<STRING>") return [];
  if (/^(INT|BIGINT|DOUBLE)$/.test(type)) return 0;
  const scale = /^DECIMAL\(\d+,(\d+)\)$/.exec(type)?.[1];
  if (scale === undefined) throw new Error(`There is no plain value of type ${type}.`);
  return (0).toFixed(Number(scale));
}
