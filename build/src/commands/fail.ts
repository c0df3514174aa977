/**
 * Prints an error for the person who reads it and gives the exit code: 2 for wrong usage, settings or input, 1 for the
 * rest. An error of ours needs no stack; another one keeps it, since it is a defect.
 */
export async function fail(error: unknown): Promise<number> {
  const [{ InputError }, { NotebookError }] = await Promise.all([
    import("shopmetrics/internal/errors"),
    import("../notebook-error.js"),
  ]);
  const known = error instanceof InputError || error instanceof NotebookError;
  const several = error instanceof AggregateError;
  if (known || several) console.error((error as Error).message);
  else console.error(error);
  return error instanceof InputError ? 2 : 1;
}
