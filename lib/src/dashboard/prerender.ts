import { Window } from "happy-dom";
import { rawHtml, type Html } from "../display/html.js";
import { InputError } from "../errors.js";
import { useSession } from "../plan/session.js";
import type { Columns, RowOf } from "./snapshot-columns.js";
import type { Manifest } from "./manifest.js";
import { noticing } from "./noticed.js";
import { readSnapshot } from "./read-snapshot.js";
import { controlElement } from "./render/controls.js";
import { failureElement } from "./render/failure-element.js";
import { openSnapshot, SnapshotError } from "./snapshot.js";
import { usePageSurface } from "./page-surface.js";

/** What a cell shows: the HTML of the page before any script runs. */
export interface Block {
  /** The code cell, from 1. */
  readonly cell: number;
  readonly kind: "display" | "view";
  /** How much of the page's width it takes. */
  readonly span: string;
  /** Left out until the reader has chosen something. */
  readonly hidden: boolean;
  readonly html: Html;
  /** The columns that it is made of, as `query.column`; `query.*` where only rows are counted. */
  readonly reads: readonly string[];
}

/**
 * Draws a page from its last export, with every control at its initial choice: the page as it is without JavaScript.
 * What cannot be drawn becomes a block that says so.
 *
 * @param manifest undefined when the page was never exported
 * @param read gives a snapshot's file
 * @param run runs the page's cells
 * @param root the folder to which paths in the cells are relative
 */
export async function prerenderPage(
  manifest: Manifest | undefined,
  read: (file: string) => Promise<Uint8Array>,
  run: () => Promise<unknown>,
  root: string,
): Promise<Block[]> {
  const window = new Window();
  const document = window.document as unknown as Document;
  const loaded = await load(manifest, read);
  const blocks: Block[] = [];
  let cell = 0;
  const notice = noticing();
  const add = (
    kind: Block["kind"],
    make: () => { span: string; hidden?: boolean | undefined; node: HTMLElement },
  ) => {
    try {
      const { drawn, reads } = notice.while(make);
      roundCoordinates(drawn.node);
      const { span, hidden = false, node } = drawn;
      blocks.push({ cell, kind, span, hidden, html: rawHtml(node.outerHTML), reads });
    } catch (error) {
      // A mistake in the page's own code fails the build; a problem with data is shown to the reader.
      if (!(error instanceof SnapshotError)) throw error;
      const { outerHTML } = failureElement(document, error.message);
      blocks.push({ cell, kind, span: "full", hidden: false, html: rawHtml(outerHTML), reads: [] });
    }
  };
  const leaveSession = useSession({
    root,
    submit: () =>
      Promise.reject(new InputError("A page is drawn from its snapshots; it reaches no database.")),
    cell: (_, number) => void (cell = number),
  });
  const leaveSurface = usePageSurface({
    query(name, columns) {
      const snapshot = openSnapshot(name, columns);
      const found = loaded.get(name) ?? new SnapshotError(`The data "${name}" has not been exported yet.`);
      if (found instanceof SnapshotError) snapshot.fail(found);
      else snapshot.set(found as RowOf<typeof columns>[]);
      return notice.over(snapshot);
    },
    display: (draw) =>
      add("display", () => {
        const drawing = draw();
        const surface = { document, width: undefined, state: {}, again: undefined };
        return { span: drawing.span ?? "full", hidden: drawing.hidden, node: drawing.element(surface) };
      }),
    view: (control) =>
      add("view", () => {
        const node = controlElement(control, document, false);
        return { span: "control", hidden: control.isHidden(), node };
      }),
  });
  try {
    await run();
  } finally {
    leaveSurface();
    leaveSession();
    await window.happyDOM.close();
  }
  return blocks;
}

/** A tenth of a pixel is exact enough, and a picture of a thousand dots a third smaller. */
function roundCoordinates(node: HTMLElement): void {
  for (const shape of node.querySelectorAll("svg *"))
    for (const { name, value } of shape.attributes)
      if (coordinates.has(name)) shape.setAttribute(name, value.replace(/(-?\d+\.\d)\d+/g, "$1"));
}

const coordinates = new Set([
  "d",
  "transform",
  "x",
  "y",
  "cx",
  "cy",
  "x1",
  "x2",
  "y1",
  "y2",
  "width",
  "height",
]);

type Loaded = Map<string, RowOf<Columns>[] | SnapshotError>;

async function load(
  manifest: Manifest | undefined,
  read: (file: string) => Promise<Uint8Array>,
): Promise<Loaded> {
  const loaded: Loaded = new Map();
  for (const [name, { file, columns }] of Object.entries(manifest?.snapshots ?? {})) {
    try {
      const bytes = await read(file);
      loaded.set(name, await readSnapshot(bytes.slice().buffer, columns));
    } catch (error) {
      loaded.set(name, new SnapshotError(`The data "${name}" cannot be read: ${(error as Error).message}.`));
    }
  }
  return loaded;
}
