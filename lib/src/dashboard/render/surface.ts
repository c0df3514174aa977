/** What a block remembers while it is drawn again and again. */
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
  /** The block's width in CSS pixels; a page that is built knows none and draws for wide and for narrow screens. */
  readonly width: number | undefined;
  readonly state: BlockState;
  /** Called when `state` has changed: draws the block again. Undefined where nobody can click. */
  readonly again: (() => void) | undefined;
}
