/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import * as codemirror from "@jupyterlab/codemirror";
import * as notebooks from "@jupyterlab/notebook";
import { sqlColours } from "./sql-colours.js";
import { staleCells, type OpenCell } from "./stale.js";
import type { Cell, Lab, Panel } from "./jupyterlab.js";

const { EditorExtensionRegistry, IEditorExtensionRegistry, jupyterHighlightStyle } =
  codemirror as unknown as Lab["codemirror"];
const { INotebookTracker, NotebookActions } = notebooks as unknown as Lab["notebook"];

/** What JupyterLab does for notebooks of this project: `sql` in colours, and a mark on cells that are stale. */
export default {
  id: "shopmetrics:notebooks",
  autoStart: true,
  requires: [INotebookTracker, IEditorExtensionRegistry],
  activate(_app: unknown, tracker: Lab["tracker"], registry: Lab["registry"]) {
    document.head.append(Object.assign(document.createElement("style"), { textContent: look }));
    registry.addExtension({
      name: "shopmetrics:sql",
      factory: () => EditorExtensionRegistry.createImmutableExtension(sqlColours(jupyterHighlightStyle)),
    });
    tracker.forEach(follow);
    tracker.widgetAdded.connect((_, panel) => follow(panel));
  },
};

const look = `
.cm-editor .shopmetrics-sql { color: var(--jp-content-font-color1) }
.jp-Cell.shopmetrics-stale { border-left: 3px solid var(--jp-warn-color1) }
.jp-Cell.shopmetrics-stale::before {
  content: attr(data-stale); display: block; padding: 2px 8px 2px 12px;
  font-size: var(--jp-ui-font-size1); color: var(--jp-warn-color0)
}`;

/** Marks the stale cells of a notebook, from now on. */
function follow(panel: Panel): void {
  const ran = new Map<string, NonNullable<OpenCell["ran"]>>();
  let turn = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const mark = () => {
    const cells = panel.content.widgets.filter(({ model }) => model.type === "code");
    const stale = staleCells(
      cells.map(({ model }) => ({
        id: model.id,
        source: model.sharedModel.getSource(),
        ran: ran.get(model.id),
      })),
    );
    for (const { model, node } of cells) {
      const reason = stale.get(model.id);
      node.classList.toggle("shopmetrics-stale", reason !== undefined);
      if (reason === undefined) delete node.dataset["stale"];
      else node.dataset["stale"] = reason;
    }
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(mark, 200);
  };
  const executed = (
    _: unknown,
    { notebook, cell, success }: { notebook: unknown; cell: Cell; success: boolean },
  ) => {
    if (notebook !== panel.content || cell.model.type !== "code" || !success) return;
    const { id, sharedModel, executionCount = null } = cell.model;
    ran.set(id, { source: sharedModel.getSource(), turn: ++turn, number: executionCount });
    soon();
  };
  NotebookActions.executed.connect(executed);
  panel.content.modelContentChanged.connect(soon);
  panel.sessionContext.statusChanged.connect((_, status) => {
    if (!["restarting", "starting", "autorestarting", "terminating"].includes(status)) return;
    ran.clear();
    soon();
  });
  panel.disposed.connect(() => NotebookActions.executed.disconnect(executed));
}
