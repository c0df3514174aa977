import { schemasOf, type Tables } from "../contracts/table.js";
import type { Connection } from "../engine/connection.js";
import { batchColumns } from "../plan/kept-columns.js";
import { gainedColumns, presentColumns } from "./warehouse.js";

interface NamedColumn {
  readonly name: string;
  readonly type: string;
}

/** How a table of the warehouse differs from its contract. A run makes new tables and adds columns, and changes nothing else. */
export interface TableChange {
  readonly table: string;
  readonly isNew: boolean;
  /** Columns that a run adds. */
  readonly added: readonly NamedColumn[];
  /** Columns of another type than the contract's, which they keep. */
  readonly retyped: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  /** Columns that the contract no longer has, which stay. */
  readonly dropped: readonly NamedColumn[];
}

/** The tables whose columns are not those of their contracts, in the order of the contracts. Only reads. */
export async function tableChanges(
  connection: Connection | undefined,
  tables: Tables,
): Promise<TableChange[]> {
  const present = connection
    ? await presentColumns(connection, schemasOf(tables))
    : new Map<string, Set<string>>();
  const changes: TableChange[] = [];
  for (const table of tables.values()) {
    const { name } = table;
    if (!connection || !present.has(name)) {
      changes.push({ table: name, isNew: true, added: [], retyped: [], dropped: [] });
      continue;
    }
    const added = gainedColumns(table, present).flatMap((gained) =>
      gained.name === name ? gained.columns.map((column) => ({ name: column.name, type: column.type })) : [],
    );
    const { columns } = await connection.query(`select * from ${name} limit 0`);
    const own = new Map(table.columns.map((column) => [column.name, column.type]));
    const kept = new Set(batchColumns(table));
    const retyped = columns.flatMap(({ name: column, type }) => {
      const to = own.get(column);
      return to === undefined || to === type ? [] : [{ name: column, from: type, to }];
    });
    const dropped = columns.filter((column) => !own.has(column.name) && !kept.has(column.name));
    if (added.length + retyped.length + dropped.length > 0)
      changes.push({ table: name, isNew: false, added, retyped, dropped });
  }
  return changes;
}
