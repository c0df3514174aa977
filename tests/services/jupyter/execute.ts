import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  findJupyter,
  isProgram,
  kernelEnvironment,
  kernelNames,
  type JupyterOptions,
} from "../../../build/src/commands/jupyter.ts";

/** What Jupyter keeps of one output: a stream's text, or a value by media type. */
export interface NotebookOutput {
  output_type: "stream" | "display_data" | "execute_result" | "error";
  name?: "stdout" | "stderr";
  text?: string;
  data?: Record<string, unknown>;
}

/** A code cell that ran. */
export interface NotebookCell {
  /** Its number among the code cells, from 1: what Jupyter shows as `[4]` after a run from the top. */
  cell: number;
  source: string;
  outputs: NotebookOutput[];
}

/** What became of a notebook that ran from start to end, or to its first failure. */
export interface NotebookRun {
  path: string;
  /** Wall time, the kernel's start included. */
  seconds: number;
  /** The code cells that ran, the failing one included. */
  cells: NotebookCell[];
  /** The cell that failed and what the kernel said; `cell` is 0 where the kernel did not start. */
  failure?: { cell: number; message: string };
}

/**
 * Runs notebooks one after the other, each from start to end in a kernel of its own, as Jupyter does. The next
 * notebook's kernel starts while the present one runs, which hides most of its 1.5 s.
 *
 * A cell fails when the kernel says so, when it lasts too long, and also when a promise that nobody awaited was
 * rejected during it: tslab only prints that and calls the cell good.
 *
 * @param paths notebooks, in the order in which they shall run; files are not changed
 * @param options.kernel the kernel's name; tslab by default
 * @param options.timeout seconds that one cell may take (default 120)
 * @param options.env added to the kernels' environment
 * @param options.keepGoing run the notebooks after a failed one as well; without it the result ends there
 * @throws {JupyterMissing} where there is no Jupyter
 */
export async function executeNotebooks(
  paths: readonly string[],
  options: JupyterOptions & {
    kernel?: (typeof kernelNames)[number];
    timeout?: number;
    env?: Record<string, string>;
    keepGoing?: boolean;
  },
): Promise<NotebookRun[]> {
  const script = fileURLToPath(new URL("execute.py", import.meta.url));
  const child = spawn(pythonOf(findJupyter(options.root)), [script], {
    env: { ...(await kernelEnvironment(options)), ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((done, failed) => {
    child.once("error", failed);
    child.once("close", done);
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  child.stdin.end(
    JSON.stringify({
      notebooks: paths.map((path) => resolve(path)),
      kernel: options.kernel ?? kernelNames[0],
      timeout: options.timeout ?? 120,
      keepGoing: options.keepGoing ?? false,
    }),
  );
  const runs: NotebookRun[] = [];
  for await (const line of createInterface({ input: child.stdout }))
    runs.push(JSON.parse(line) as NotebookRun);
  const code = await ended;
  if (code !== 0)
    throw new Error(`Running notebooks under Jupyter stopped with exit code ${code}:\n${log.trim()}`);
  return runs;
}

/** The Python that a `jupyter` program runs on: its neighbour in a virtual environment, else its first line. */
function pythonOf(program: string): string {
  const neighbour = join(dirname(program), "python3");
  if (isProgram(neighbour)) return neighbour;
  const shebang = /^#!\s*(\S+)/.exec(readFileSync(program, "latin1"))?.[1];
  return shebang && /python[\d.]*$/.test(shebang) ? shebang : "python3";
}
