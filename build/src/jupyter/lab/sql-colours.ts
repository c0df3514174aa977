/// <reference lib="dom" />
import { SQLDialect } from "@codemirror/lang-sql";
import type { HighlightStyle } from "@codemirror/language";
import { Prec, type Extension } from "@codemirror/state";
import { Decoration, ViewPlugin, type DecorationSet, type EditorView } from "@codemirror/view";
import { highlightTree } from "@lezer/highlight";
import { sqlTemplates, type SqlTemplate } from "shopmetrics/templates";

const databricks = SQLDialect.define({ backslashEscapes: true, identifierQuotes: "`" });

/** A piece of SQL within a cell, and the classes of its colour. */
interface Piece {
  readonly from: number;
  readonly to: number;
  readonly classes: string;
}

/** Colours what stands in `sql` as SQL, in the colours of the editor's theme. */
export function sqlColours(style: HighlightStyle): Extension {
  const marks = (view: EditorView) =>
    Decoration.set(
      sqlPieces(view.state.doc.toString(), style).map(({ from, to, classes }) =>
        Decoration.mark({ class: classes }).range(from, to),
      ),
    );
  const plugin = ViewPlugin.define<{ marks: DecorationSet; update(change: { docChanged: boolean }): void }>(
    (view) => ({
      marks: marks(view),
      update({ docChanged }) {
        if (docChanged) this.marks = marks(view);
      },
    }),
    { decorations: ({ marks: shown }) => shown },
  );
  // Within the colour that JavaScript has for texts.
  return Prec.highest(plugin);
}

/** All text of the templates in order, without what stands in holes. */
export function sqlPieces(source: string, style: Pick<HighlightStyle, "style">): Piece[] {
  return sqlTemplates(source).flatMap((template) => piecesOf(template, style));
}

function piecesOf({ texts }: SqlTemplate, style: Pick<HighlightStyle, "style">): Piece[] {
  const [first] = texts;
  const start = first!.start;
  const last = texts.at(-1)!;
  // A hole is a name for SQL.
  const written = texts.reduce((text, { raw, start: at }) => text.padEnd(at - start, "_") + raw, "");
  const colours: Piece[] = [];
  const highlighter = { style: (tags: Parameters<HighlightStyle["style"]>[0]) => style.style(tags) };
  highlightTree(databricks.language.parser.parse(written), highlighter, (from, to, classes) =>
    colours.push({ from: from + start, to: to + start, classes }),
  );
  const pieces: Piece[] = [];
  let at = start;
  const fill = (to: number) => {
    for (const { raw, start: begin } of texts) {
      const [from, end] = [Math.max(at, begin), Math.min(to, begin + raw.length)];
      if (from < end) pieces.push({ from, to: end, classes: "shopmetrics-sql" });
    }
    at = Math.max(at, to);
  };
  for (const { from, to, classes } of colours) {
    fill(from);
    for (const { raw, start: begin } of texts) {
      const [one, other] = [Math.max(from, begin), Math.min(to, begin + raw.length)];
      if (one < other) pieces.push({ from: one, to: other, classes });
    }
    at = to;
  }
  fill(last.start + last.raw.length);
  return pieces;
}
