/// <reference lib="dom" />
import type { HighlightStyle } from "@codemirror/language";
import type { Extension } from "@codemirror/state";

/** What the extension uses of JupyterLab, whose own types are many megabytes. */
export interface Lab {
  readonly codemirror: {
    readonly EditorExtensionRegistry: { createImmutableExtension(extension: Extension): unknown };
    readonly IEditorExtensionRegistry: unknown;
    readonly jupyterHighlightStyle: HighlightStyle;
  };
  readonly notebook: {
    readonly INotebookTracker: unknown;
    readonly NotebookActions: {
      readonly executed: Signal<{ notebook: unknown; cell: Cell; success: boolean }>;
    };
  };
  readonly tracker: { forEach(work: (panel: Panel) => void): void; readonly widgetAdded: Signal<Panel> };
  readonly registry: { addExtension(extension: { name: string; factory: () => unknown }): void };
}

interface Signal<Told> {
  connect(slot: (sender: unknown, told: Told) => void): void;
  disconnect(slot: (sender: unknown, told: Told) => void): void;
}

export interface Panel {
  readonly content: { readonly widgets: readonly Cell[]; readonly modelContentChanged: Signal<unknown> };
  readonly sessionContext: { readonly statusChanged: Signal<string> };
  readonly disposed: Signal<unknown>;
}

export interface Cell {
  readonly model: {
    readonly id: string;
    readonly type: string;
    readonly executionCount?: number | null;
    readonly sharedModel: { getSource(): string };
  };
  readonly node: HTMLElement;
}
