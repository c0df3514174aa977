import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** What one process took, from its start to its end. */
export interface Measured {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of all its threads, in user and system mode. */
  readonly cpu: number;
  /** Peak resident memory in MiB. */
  readonly memory: number;
}

interface MeasureOptions {
  readonly env?: Record<string, string>;
  /** The file in which the process says at its end what it used. */
  readonly usage: string;
}

const beside = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/**
 * Runs a Node program.
 *
 * @throws Error with the program's output when it does not exit with 0
 */
export const measure = (program: readonly string[], options: MeasureOptions) =>
  run([process.execPath, "--import", beside("usage.mjs"), ...program], options);

/**
 * Runs a Python module, by its name and its arguments.
 *
 * @throws Error with the module's output when it does not exit with 0
 */
export const measurePython = (python: string, module: readonly string[], options: MeasureOptions) =>
  run([python, beside("usage.py"), ...module], options);

async function run(program: readonly string[], options: MeasureOptions): Promise<Measured> {
  const env = { ...process.env, ...options.env, SHOPMETRICS_USAGE: options.usage };
  const started = performance.now();
  const [file = "", ...args] = program;
  const child = spawn(file, args, { env });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const wall = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${program.join(" ")} exited with ${code}:\n${output}`);
  const used = JSON.parse(await readFile(options.usage, "utf8")) as NodeJS.ResourceUsage;
  return { wall, cpu: (used.userCPUTime + used.systemCPUTime) / 1e6, memory: used.maxRSS / 1024 };
}

/** The median of each figure for itself. */
export function median(runs: readonly Measured[]): Measured {
  const middle = (key: keyof Measured) => {
    const sorted = runs.map((run) => run[key]).toSorted((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  };
  return { wall: middle("wall"), cpu: middle("cpu"), memory: middle("memory") };
}
