import type { Display } from "../session/live.js";

/** Shows results as text. */
export function kernelDisplay(): Display {
  return {
    rows: ({ rows }) => console.table(rows),
    checks: (results) => {
      for (const { name, status } of results) console.log(`${status}  ${name}`);
    },
    note: (message) => console.log(message),
  };
}
