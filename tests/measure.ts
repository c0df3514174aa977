/**
 * Whether speed is judged: `MEASURE=1 npx vitest run site-limits`. By hand, on a quiet machine only, since a test that
 * fails because the machine is busy says nothing about the code.
 */
export const isMeasuring = process.env["MEASURE"] === "1";

/** A limit that is judged by hand; elsewhere ten times as much, so that only what hangs or does all its work goes beyond. */
export const atMost = (limit: number): number => (isMeasuring ? limit : limit * 10);
