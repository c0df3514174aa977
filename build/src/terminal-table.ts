import Table from "cli-table3";

/** How many columns of letters a line has: those of the terminal; in a file or a pipe as many as need be. */
export const terminalWidth = (): number =>
  process.stdout.columns || Number(process.env["COLUMNS"]) || Infinity;

interface TableOptions {
  readonly head: readonly string[];
  readonly aligns: readonly ("left" | "right")[];
  readonly rows: readonly (readonly string[])[];
  /** The last column is prose: it is wrapped and never cut. */
  readonly prose?: boolean;
  readonly width?: number;
  readonly style?: { head: string[]; border: string[] };
}

/** No column of words is cut shorter than this. */
const shortest = 16;

/**
 * A table that fits a terminal: long words are cut, then columns are left out from the right, and a line below names them.
 * No line of it is wider than the terminal, so none is broken.
 */
export function terminalTable(options: TableOptions): string {
  const { head, aligns, rows, prose = false, width = terminalWidth(), style } = options;
  const widths = head.map((name, at) =>
    Math.max(
      ...[name, ...rows.map((row) => row[at] ?? "")].flatMap((cell) => cell.split("\n")).map(lengthOf),
    ),
  );
  const needed = () => widths.reduce((sum, one) => sum + one + 3, 1);
  const cut = (least: number) => {
    while (needed() > width) {
      const cuttable = widths.flatMap((one, at) => (aligns[at] === "left" && one > least ? [at] : []));
      if (cuttable.length === 0) return;
      const widest = cuttable.reduce((best, at) => (widths[at]! > widths[best]! ? at : best));
      widths[widest] = Math.max(least, widths[widest]! - (needed() - width));
    }
  };
  cut(shortest);
  while (needed() > width && widths.length > 2) widths.pop();
  cut(4);
  const table = new Table({
    head: head.slice(0, widths.length).map((name, at) => shortened(name, widths[at]!)),
    colAligns: aligns.slice(0, widths.length),
    style: { head: [], border: [], ...style, compact: true },
  });
  for (const row of rows)
    table.push(
      widths.map((room, at) => {
        const isProse = prose && at === widths.length - 1;
        const lines = (row[at] ?? "").split("\n");
        return lines.flatMap((line) => (isProse ? wrapped(line, room) : [shortened(line, room)])).join("\n");
      }),
    );
  const dropped = head.slice(widths.length);
  return `${table.toString()}${dropped.length > 0 ? `\n${wrapped(`No room for: ${dropped.join(", ")}`, width).join("\n")}` : ""}`;
}

/** A text in lines of at most `width` letters, each after the first behind an indent. */
export function wrapped(text: string, width: number, indent = ""): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && lengthOf(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : `${indent}${word}`);
  }
  return lines;
}

const lengthOf = (text: string) => [...text].length;

const shortened = (text: string, room: number) =>
  lengthOf(text) <= room ? text : `${[...text].slice(0, Math.max(0, room - 1)).join("")}…`;
