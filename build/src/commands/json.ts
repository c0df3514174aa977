/** From now on stdout is for the one JSON object: what a notebook prints goes to stderr. */
export function keepOutputForJson(): void {
  console.info = console.log = console.error;
}

/** Prints the answer of a command with `--json`. */
export const printJson = (answer: unknown): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
