import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Table } from "shopmetrics/plan";
import { shop } from "shopmetrics/shop";
import { readHeader } from "shopmetrics/sources";
import { InputError, readSettings } from "shopmetrics/settings";
import type { Draft } from "../new/draft.js";
import { newPage } from "../new/new-page.js";
import { newSource } from "../new/new-source.js";
import { newTable } from "../new/new-table.js";

type Kind = "table" | "page" | "source";

/**
 * Writes what a new table, page or source needs, ready to run, with sentences to be filled in. Nothing is written when any
 * part of it is there already.
 *
 * @throws InputError naming what is there, or what is wrong with the name or the file
 */
export async function begin(
  kind: Kind,
  given: string,
  options: { file?: string; table?: string },
): Promise<void> {
  const { root } = readSettings();
  const name = given.replace(/^gold\./, "").replace(/\.ipynb$/, "");
  if (!/^[a-z][a-z0-9_]{0,59}$/.test(name))
    throw new InputError(`"${given}": give a name of small letters, digits and _, such as orders_by_status.`);
  await write(root, await draftOf(kind, name, options));
}

async function draftOf(
  kind: Kind,
  name: string,
  { file, table = "gold.daily_sales_summary" }: { file?: string; table?: string },
): Promise<Draft> {
  if (kind === "table") return newTable(name);
  if (kind === "page") return newPage(name, tableNamed(table));
  if (file === undefined)
    throw new InputError(
      `A source begins with one of its files: shopmetrics new source ${name} --file ${name}.csv`,
    );
  return newSource(name, await columnsOf(file));
}

function tableNamed(name: string): Table {
  const table = shop.tables.get(name);
  if (!table)
    throw new InputError(`There is no table ${name} (a new one is there after \`npm run compile\`).`);
  return table;
}

async function columnsOf(file: string): Promise<string[]> {
  if (!existsSync(file)) throw new InputError(`There is no file ${file}.`);
  const header = await readHeader({ name: file, path: file });
  if (!header) throw new InputError(`${file} is empty: its first line must name the columns.`);
  const names = header.names.map((name) => name.toLowerCase());
  const wrong = header.names.filter((name) => !/^[A-Za-z_]\w{0,59}$/.test(name));
  if (wrong.length > 0)
    throw new InputError(
      `${file}: ${wrong.map((name) => `"${name}"`).join(", ")} can't be a column's name. Columns are named in the first line, ` +
        `with commas between them, by letters, digits and _: change the line, here and in what sends the files.`,
    );
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InputError(`${file} names the column ${twice} twice.`);
  return names;
}

/** The text with a name among those that it imports of a file. */
function importing(text: string, uses?: { readonly name: string; readonly from: string }): string {
  if (!uses) return text;
  const line = new RegExp(`^import \\{ (.*) \\} from "${uses.from.replaceAll(".", "\\.")}";$`, "m");
  const names = line.exec(text)?.[1]?.split(", ") ?? [];
  if (names.includes(uses.name)) return text;
  return names.length > 0
    ? text.replace(line, `import { ${[...names, uses.name].toSorted().join(", ")} } from "${uses.from}";`)
    : `import { ${uses.name} } from "${uses.from}";\n${text}`;
}

async function write(root: string, { contract, files, next }: Draft): Promise<void> {
  for (const { path: file } of files)
    if (existsSync(path.join(root, file)))
      throw new InputError(`${file} is there already. Nothing was written.`);
  if (contract) {
    const file = path.join(root, contract.path);
    const text = await readFile(file, "utf8");
    if (new RegExp(`export const ${contract.name}\\b`).test(text))
      throw new InputError(`${contract.path} has a contract ${contract.name} already. Nothing was written.`);
    await writeFile(file, importing(text, contract.uses).trimEnd() + `\n${contract.text}`);
    console.log(`added    the contract at the end of ${contract.path}`);
  }
  for (const { path: file, text } of files) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
    console.log(`written  ${file}`);
  }
  console.log(`\nIt works as it is. Fill in its sentences, change its SQL, and try:\n`);
  for (const command of next) console.log(`  ${command}`);
}
