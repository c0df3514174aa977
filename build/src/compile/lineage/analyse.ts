import { parseSelect } from "shopmetrics/internal/sql/parse";
import type { OutputColumn } from "./output-columns.js";
import { rowsOfSelect } from "./select.js";

/** A select, and the columns of the tables that it may name. */
export interface Question {
  readonly select: string;
  readonly tables: Readonly<Record<string, readonly string[]>>;
}

/** What each column of a select comes from, directly. Pure, so that answers may be kept. */
export async function analyse({ select, tables }: Question): Promise<OutputColumn[]> {
  const { ast, textOf } = await parseSelect(select);
  return [...rowsOfSelect(ast, { tables: (name) => tables[name], textOf }).columns];
}
