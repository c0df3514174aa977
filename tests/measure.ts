/**
 * Whether speed is judged: `MEASURE=1 npx vitest run site-limits`. By hand, on a quiet machine only, since a test that
 * fails because the machine is busy says nothing about the code.
 */
export const isMeasuring = process.env["MEASURE"] === "1";
