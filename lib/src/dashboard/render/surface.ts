/** What a block remembers from one drawing to the next. */
export interface BlockState {
  /** Whether a chart shows its rows instead of its picture. */
  asTable?: boolean;
  /** A table shows all its rows. */
  all?: boolean;
  sort?: { readonly column: string; readonly descending: boolean };
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
