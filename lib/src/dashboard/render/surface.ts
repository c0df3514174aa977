/** What a block remembers from one drawing to the next. */
export interface BlockState {
  /** Whether a chart shows its rows instead of its picture. */
  asTable?: boolean;
  /** Rows that a table shows beyond its limit. */
  more?: number;
  search?: Search;
  sort?: { readonly column: string; readonly descending: boolean };
}

/** A table's search. Its field stays the same element from one drawing to the next, so that nobody is interrupted who types. */
export interface Search {
  readonly field: HTMLInputElement;
  /** Draws the rows that contain what was typed. */
  draw: () => void;
  /** The texts of rows as they are compared, made once for many searches. */
  texts?: { readonly of: readonly unknown[]; readonly folded: readonly string[] };
}

/** How and where something is drawn. */
export interface Surface {
  readonly document: Document;
  /** The block's width in CSS pixels; undefined when a page is prerendered, for wide and for narrow screens. */
  readonly width: number | undefined;
  readonly state: BlockState;
  /** Called when `state` has changed: draws the block again. Undefined where there is no reader to click. */
  readonly again: (() => void) | undefined;
  /**
   * What the page says of itself where a part of it leaves it: what the reader has chosen, of when the data is, and the address at
   * which this part stands alone.
   */
  readonly about?: () => {
    readonly choices: readonly string[];
    readonly source: string;
    readonly link: string;
  };
}
