import { columnsOf, openAtEnd, type Table, type Tables } from "shopmetrics/plan";
import { sqlTemplates, type SqlTemplate } from "shopmetrics/templates";

/** The content of a `complete_reply`. Places count characters, as Jupyter does. */
interface Completed {
  readonly status: "ok";
  readonly matches: readonly string[];
  readonly cursor_start: number;
  readonly cursor_end: number;
  readonly metadata: { readonly _jupyter_types_experimental: readonly object[] };
}

interface Match {
  readonly text: string;
  readonly type: "column" | "table" | "keyword";
  /** A column's SQL type, a table's comment. */
  readonly signature?: string;
}

/** What a select reads from: a table or another select, by the name that its columns are called by. */
interface Source {
  readonly name: string;
  readonly columns: readonly Match[];
}

/**
 * What can follow at a place within `sql`: columns of the tables that the select reads, and tables where one is expected.
 *
 * @param cursor in characters from the beginning
 * @param earlier the texts of the cells that ran, the newest last
 * @returns undefined outside a template's SQL, such as in a `${…}`: there the kernel knows more
 */
export async function completeSql(
  code: string,
  cursor: number,
  earlier: readonly string[],
): Promise<Completed | undefined> {
  const at = [...code].slice(0, cursor).join("").length;
  const template = sqlTemplates(code).findLast(({ texts }) =>
    texts.some(({ raw, start }) => start <= at && at <= start + raw.length),
  );
  if (!template) return undefined;
  const { shop } = await import("shopmetrics/shop");
  const before = textBefore(template, at);
  const word = /(?:(?<of>[\p{L}_][\p{L}\p{N}_]*)\.)?(?<begun>[\p{L}\p{N}_]*)$/u.exec(before)!;
  const { of, begun = "" } = word.groups!;
  const names = new Names(shop.tables, [...earlier, code]);
  const isLayer = of !== undefined && [...shop.tables.keys()].some((name) => name.startsWith(`${of}.`));
  const wantsTable = /\b(?:from|join)\s+$/i.test(before.slice(0, word.index));
  const sources = names.sourcesOf(template);
  const matches = openAtEnd(before)
    ? []
    : isLayer || wantsTable
      ? [...names.tables(), ...names.ownTables(template)].filter(({ text }) => fits(text, of, begun))
      : of !== undefined
        ? startingWith(begun, sources.find(({ name }) => same(name, of))?.columns ?? [])
        : startingWith(begun, [
            ...sources.flatMap(({ columns }) => columns),
            ...sources.map(({ name }): Match => ({ text: name, type: "table" })),
            ...(begun === "" ? [] : keywords.map((text): Match => ({ text, type: "keyword" }))),
          ]);
  const replaced = isLayer || wantsTable ? word[0].length : begun.length;
  const place = { start: cursor - replaced, end: cursor };
  return {
    status: "ok",
    matches: matches.map(({ text }) => text),
    cursor_start: place.start,
    cursor_end: place.end,
    metadata: { _jupyter_types_experimental: matches.map((match) => ({ ...place, ...match })) },
  };
}

const same = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** Each name once, in the order given. */
const startingWith = (begun: string, matches: readonly Match[]): Match[] =>
  [
    ...new Map(
      matches
        .filter(({ text }) => text.toLowerCase().startsWith(begun.toLowerCase()))
        .toReversed()
        .map((match) => [match.text, match]),
    ).values(),
  ].toReversed();

/** Whether `${silver.orders_clean}` goes on from `silver.ord`, `ord` or `sil`. */
function fits(text: string, layer: string | undefined, begun: string): boolean {
  const name = text.replace(/^\$\{|\}$/g, "").toLowerCase();
  const typed = `${layer === undefined ? "" : `${layer}.`}${begun}`.toLowerCase();
  return name.startsWith(typed) || name.slice(name.indexOf(".") + 1).startsWith(typed);
}

/** The template's text up to a place, with a name for each hole. */
function textBefore({ texts }: SqlTemplate, at: number): string {
  let text = "";
  for (const [index, { raw, start }] of texts.entries()) {
    if (at <= start + raw.length) return text + raw.slice(0, at - start);
    text += raw + holeName(index);
  }
  return text;
}

const holeName = (index: number) => `hole__${index}`;

/** What the names of a notebook stand for. */
class Names {
  /** Selects by the constant that holds them; a later cell's counts. */
  readonly #selects = new Map<string, SqlTemplate>();

  constructor(
    readonly contracts: Tables,
    cells: readonly string[],
  ) {
    for (const source of cells)
      for (const template of sqlTemplates(source)) {
        const declared = /(?:const|let)\s+([\w$]+)\s*=\s*sql\s*`$/.exec(
          source.slice(0, template.texts[0]!.start),
        );
        if (declared) this.#selects.set(declared[1]!, template);
      }
  }

  /** Tables of contracts and selects of cells, as one writes them in `sql`. */
  tables(): Match[] {
    const tables = [...this.contracts.values()].map((table) => tableMatch(table));
    const selects = [...this.#selects.keys()].map((name): Match => ({ text: `\${${name}}`, type: "table" }));
    return [...selects, ...tables];
  }

  /** Common table expressions that the template writes itself. */
  ownTables(template: SqlTemplate): Match[] {
    const written = [...textOf(template).matchAll(/(?:\bwith|,)\s+(\w+)\s+as\s*\(/gi)];
    return written.map(([, text = ""]) => ({ text, type: "table" }));
  }

  /** What a template reads, by alias or by its own name. */
  sourcesOf(template: SqlTemplate, within: readonly SqlTemplate[] = []): Source[] {
    if (within.includes(template)) return [];
    const read = [...textOf(template).matchAll(/hole__(\d+)(?:\s+(?:as\s+)?(\w+))?/gi)];
    return read.flatMap(([, index, alias]) => {
      const hole = template.holes[Number(index)]!.trim();
      const source = this.#sourceOf(hole, [...within, template]);
      if (!source) return [];
      return [alias && !follows.has(alias.toLowerCase()) ? { ...source, name: alias } : source];
    });
  }

  #sourceOf(hole: string, within: readonly SqlTemplate[]): Source | undefined {
    const table = this.contracts.get(/(\w+\.\w+)\)?$/.exec(hole)?.[1] ?? "");
    if (table) return { name: table.name.slice(table.name.indexOf(".") + 1), columns: columnMatches(table) };
    const select = this.#selects.get(hole);
    return select && { name: hole, columns: this.#columnsOf(select, within) };
  }

  #columnsOf(select: SqlTemplate, within: readonly SqlTemplate[]): readonly Match[] {
    const read = this.sourcesOf(select, within).flatMap(({ columns }) => columns);
    const strings = select.texts.map(({ raw }) => raw);
    const values = select.holes.map(() => null);
    const given = columnsOf({ kind: "statement", strings, values, name: undefined });
    if (!given) return read;
    return given
      .filter((name) => name !== "")
      .map((text): Match => read.find((column) => same(column.text, text)) ?? { text, type: "column" });
  }
}

const textOf = ({ texts, holes }: SqlTemplate) =>
  texts.map(({ raw }, index) => raw + (index < holes.length ? holeName(index) : "")).join("");

const columnMatches = ({ columns }: Table): Match[] =>
  columns.map(({ name, type }) => ({ text: name, type: "column", signature: type }));

const tableMatch = ({ name }: Table): Match => ({ text: `\${${name}}`, type: "table" });

/** Words behind a table that are no alias of it. */
const follows = new Set(
  "as cross full group having inner intersect join left limit minus on order qualify right union using where window except lateral".split(
    " ",
  ),
);

const keywords = (
  "select distinct from where group by having order limit join left inner full cross union all with as on using and or not in is null " +
  "between like case when then else end cast over partition count sum avg min max coalesce round date timestamp decimal string"
).split(" ");
