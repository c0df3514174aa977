/** A stretch of time, in seconds since 1970; `to` is not in it. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** The column by which an API lists objects. Its texts sort as what they mean. */
export interface Cursor {
  readonly column: string;
  /** The shortest slice, in seconds. */
  readonly unit: number;
  readonly seconds: (text: string) => number;
  readonly text: (seconds: number) => string;
}

export const day = 86_400;

export const secondsOf = (date: string) => Date.parse(`${date}T00:00:00Z`) / 1000;

/** @param is seconds since 1970, or ISO dates */
export const cursorOf = ({ column, is }: { column: string; is: "seconds" | "date" }): Cursor =>
  is === "seconds"
    ? { column, unit: 1, seconds: Number, text: String }
    : { column, unit: day, seconds: secondsOf, text: (seconds) => isoDate(seconds) };

export const isoDate = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
