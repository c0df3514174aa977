import * as z from "zod";
import { columnsOf, commonTags, type Layer, type Table, type TableOptions } from "./table.js";

const declared = new Map<string, Table>();

/**
 * Declares a table.
 *
 * @example
 * const products = table("silver.dim_products", "One row per product.", {
 *   product_id: text("The shop's product number."),
 *   price: money("List price.").nullable(),
 * }, { key: ["product_id"] });
 */
export function table<Shape extends z.ZodRawShape>(
  name: `${Layer}.${string}`,
  comment: string,
  shape: Shape,
  options: TableOptions<Shape> = {},
): Table<Shape> {
  const row = z.strictObject(shape);
  const contract: Table<Shape> = {
    kind: "table",
    name,
    layer: name.slice(0, name.indexOf(".")) as Layer,
    comment,
    row,
    columns: columnsOf(name, row),
    options: { ...options, tags: { ...commonTags, ...options.tags } },
  };
  declared.set(name, contract as unknown as Table);
  return contract;
}

/** Every declared table, in the order of declaration. */
export const allTables = (): Table[] => [...declared.values()];

/** The contract of a table by its `layer.table` name, if there is one. */
export const findTable = (name: string): Table | undefined => declared.get(name);
