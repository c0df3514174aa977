import { writeFileSync } from "node:fs";

interface Cell {
  readonly id: string;
  readonly source: string;
  /** The execution count; absent while the cell has not ended. */
  readonly number?: number;
}

/** Keeps what the kernel was given to run, in a file that the library reads when it tells where an error stands. */
export class GivenCells {
  #cells: Cell[] = [];

  constructor(readonly file: string) {}

  get sources(): readonly string[] {
    return this.#cells.map(({ source }) => source);
  }

  began(id: string, source: string): void {
    this.#cells = [...this.#cells.filter((cell) => cell.source !== source), { id, source }];
    this.#write();
  }

  /** @param number the execution count; undefined where the cell was passed over because one before it failed */
  ended(id: string, number: number | undefined): void {
    this.#cells = this.#cells.flatMap((cell) =>
      cell.id !== id ? [cell] : number === undefined ? [] : [{ ...cell, number }],
    );
    this.#write();
  }

  #write(): void {
    writeFileSync(this.file, JSON.stringify(this.#cells));
  }
}
