/** SQL that cannot be read or translated. `line` counts from 1 within `sql`, `text` is that line, where known. */
export class SqlError extends Error {
  override readonly name: string = "SqlError";
  constructor(
    message: string,
    readonly line?: number,
    readonly text?: string,
    readonly sql?: string,
  ) {
    super(message);
  }
}
