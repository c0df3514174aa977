/**
 * Prints an error for the person who reads it and gives the exit code: 2 for wrong usage, settings or input, 1 for the
 * rest. An error with a message for people, or of the system (a full disk, a missing right), is printed without its
 * stack. Any other is a defect and keeps it.
 */
export async function fail(error: unknown): Promise<number> {
  const [{ InputError, messageFor, printable }, { NotebookError }] = await Promise.all([
    import("shopmetrics/settings"),
    import("../notebook/error.js"),
  ]);
  const known = error instanceof InputError || error instanceof NotebookError;
  const several = error instanceof AggregateError;
  if (known || several || isOfTheSystem(error)) console.error(printable(messageFor(error)));
  else console.error(error);
  return error instanceof InputError ? 2 : 1;
}

const isOfTheSystem = (error: unknown) => error instanceof Error && "syscall" in error && "path" in error;

/** From now on stdout is for the one JSON object: what a notebook prints goes to stderr. */
export function reserveStdoutForJson(): void {
  console.info = console.log = console.error;
}

/** Prints the answer of a command with `--json`. */
export const printJson = (answer: unknown): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
