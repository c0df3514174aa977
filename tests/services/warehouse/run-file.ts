import { quoted, statements } from "./sql.ts";

/** What runs a statement: a connection of the engine. */
interface Runner {
  execute(sql: string): Promise<number>;
}

/** One statement of a file, with how long it took. */
export interface FileStep {
  readonly sql: string;
  readonly milliseconds: number;
}

/**
 * Runs a `.sql` file as a SQL task does: its parameters put in, its statements one after another in one session.
 *
 * @param options.until runs only so many statements, as if the task had been killed then
 * @throws the warehouse's error, with the statement as `sql`
 */
export async function runFile(
  runner: Runner,
  text: string,
  parameters: Readonly<Record<string, string>>,
  options: { until?: number } = {},
): Promise<FileStep[]> {
  const steps: FileStep[] = [];
  for (const sql of statements(withTaskParameters(text, parameters)).slice(0, options.until)) {
    const began = performance.now();
    try {
      await runner.execute(sql);
    } catch (error) {
      throw Object.assign(error as Error, { sql });
    }
    steps.push({ sql, milliseconds: performance.now() - began });
  }
  return steps;
}

/** `{{name}}` is a string literal where it stands by itself, and its text within quotes. */
export function withTaskParameters(text: string, parameters: Readonly<Record<string, string>>): string {
  const valueOf = (name: string) => {
    const value = parameters[name];
    if (value === undefined) throw new Error(`The file has a parameter {{${name}}} that is not given.`);
    return value;
  };
  return text.replaceAll(
    /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|--[^\n]*|\{\{(\w+)\}\}/g,
    (match, name: string | undefined) =>
      name === undefined
        ? match.replaceAll(/\{\{(\w+)\}\}/g, (_, inside: string) => valueOf(inside))
        : quoted(valueOf(name)),
  );
}
