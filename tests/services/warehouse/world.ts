import { stat } from "node:fs/promises";
import path from "node:path";

/** A result that the gateway makes itself. */
export interface OwnResult {
  readonly columns: readonly { readonly name: string; readonly type: "string" | "bigint" | "map" }[];
  readonly rows: readonly (readonly (string | bigint | null)[])[];
  /** The client is to move a file. */
  readonly staging?: boolean;
}

/** What the emulations of one warehouse share. */
export interface World {
  readonly catalog: string;
  /** Holds `tables/<schema>.db/<table>` and `volumes/<catalog>/<schema>/<volume>`. */
  readonly folder: string;
  /** URLs by which a client may read, write or remove one file once. */
  readonly tickets: Map<string, { readonly method: string; readonly file: string }>;
  readonly origin: () => string;
  /** The tags of tables and columns by `schema.table` and `schema.table.column`. */
  readonly tags: Map<string, Map<string, string>>;
  /** What Spark said of a table's columns, and which was its newest commit then: to ask takes 40 ms a table. */
  readonly columns: Map<
    string,
    { readonly newest: string | undefined; readonly rows: readonly (string | null)[][] }
  >;
}

/** Where Spark keeps a table: `schema.table`. */
export function tableFolder({ folder }: World, name: string): string {
  const parts = name.replaceAll("`", "").toLowerCase().split(".");
  const table = parts.pop()!;
  const schema = parts.pop() ?? "default";
  return path.join(folder, "tables", schema === "default" ? "" : `${schema}.db`, table);
}

export function volumeFolder({ folder, catalog }: World, name: string): string {
  const [volume, schema] = name.replaceAll("`", "").split(".").toReversed();
  return path.join(folder, "volumes", catalog, schema ?? "default", volume!);
}

/** The local file of `/Volumes/<catalog>/<schema>/<volume>/…`; its volume must have been created. */
export async function volumeFile({ folder }: World, remote: string): Promise<string> {
  const parts = path.posix
    .normalize(remote.replace(/^dbfs:/, ""))
    .split("/")
    .slice(1);
  const [root, catalog, schema, volume, ...rest] = parts;
  if (root !== "Volumes" || !volume)
    throw new Error(`[INVALID_VOLUME_PATH] '${remote}' is no path in a volume.`);
  const home = path.join(folder, "volumes", catalog!, schema!, volume);
  if (!(await exists(home))) {
    throw new Error(
      `[VOLUME_DOES_NOT_EXIST] Volume \`${catalog}\`.\`${schema}\`.\`${volume}\` does not exist. SQLSTATE: 42704`,
    );
  }
  return path.join(home, ...rest);
}

export const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
