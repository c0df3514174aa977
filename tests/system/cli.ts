import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";

/** The project under test. */
export const projectRoot = path.resolve(import.meta.dirname, "../..");

/** How a command ended. */
export interface Outcome {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** A command under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
  /** Resolves as soon as standard output or error matches, or the command ends. */
  says(pattern: RegExp): Promise<void>;
}

export type RunOptions = Pick<SpawnOptions, "uid" | "gid"> & {
  readonly env?: Readonly<Record<string, string>>;
};

/** A SHOPMETRICS_HOME of its own, and the command line that works on it. Removed after the test file. */
export interface Lakehouse {
  readonly home: string;
  readonly landing: string;
  /** Runs `shopmetrics <args>` to its end. */
  shopmetrics(args: string | readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Starts it. */
  start(args: string, options?: RunOptions): Running;
  /** Runs it with --json and gives the object it printed. */
  json<T>(args: string): Promise<T>;
  /** Writes a file into the landing folder, such as `orders/orders_2026-01-02.csv`. */
  land(name: string, content: string | Buffer): Promise<void>;
  /** Takes a file out of the landing folder and gives its content. */
  take(name: string): Promise<Buffer>;
  /** Another home with the same landed files, and the same warehouse unless told otherwise. */
  copy(options?: { warehouse: boolean }): Promise<Lakehouse>;
  /** Removes it before the test file ends. */
  remove(): Promise<void>;
}

const folders: string[] = [];
const children = new Set<ChildProcess>();

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

/** A new folder below the system's temporary one, removed after the test file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-system-"));
  folders.push(folder);
  return folder;
}

/** An empty home; `root` is another project than this one. */
export async function lakehouse(options: { root?: string; home?: string } = {}): Promise<Lakehouse> {
  const { root = projectRoot, home = await temporaryFolder() } = options;
  const landing = path.join(home, "landing");
  const start = (args: string | readonly string[], { env, ...rest }: RunOptions = {}) =>
    spawnCommand([path.join(root, "build/bin/shopmetrics.js"), ...words(args)], {
      ...rest,
      cwd: root,
      env: { ...cleanEnvironment(), SHOPMETRICS_HOME: home, ...env },
    });
  return {
    home,
    landing,
    start,
    shopmetrics: (args, given) => start(args, given).outcome,
    async json<T>(args: string) {
      const { stdout, stderr } = await start(`${args} --json`).outcome;
      try {
        return JSON.parse(stdout) as T;
      } catch {
        throw new Error(`shopmetrics ${args} --json printed no JSON object: ${stdout}\n${stderr}`);
      }
    },
    async land(name, content) {
      await mkdir(path.dirname(path.join(landing, name)), { recursive: true });
      await writeFile(path.join(landing, name), content);
    },
    async take(name) {
      const content = await readFile(path.join(landing, name));
      await rm(path.join(landing, name));
      return content;
    },
    async copy({ warehouse } = { warehouse: true }) {
      const other = await lakehouse({ root });
      const [from, to] = warehouse ? [home, other.home] : [landing, other.landing];
      await cp(from, to, { recursive: true, preserveTimestamps: true });
      return other;
    },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}

/**
 * A copy of the project whose notebooks a test may spoil: the compiled workspaces and the notebooks copied, the
 * installed packages linked.
 *
 * @param further files and folders of the project that are copied too
 */
export async function scratchProject(...further: readonly string[]): Promise<string> {
  const root = await temporaryFolder();
  for (const part of [
    "package.json",
    "notebooks",
    "lib/package.json",
    "lib/dist",
    "build/package.json",
    "build/bin",
    "build/dist",
    ...further,
  ])
    await cp(path.join(projectRoot, part), path.join(root, part), { recursive: true });
  const installed = path.join(projectRoot, "node_modules");
  const modules = path.join(root, "node_modules");
  await mkdir(path.join(modules, "@shopmetrics"), { recursive: true });
  const own = new Set(["shopmetrics", "@shopmetrics"]);
  for (const name of await readdir(installed))
    if (!name.startsWith(".") && !own.has(name))
      await symlink(path.join(installed, name), path.join(modules, name));
  await symlink("../lib", path.join(modules, "shopmetrics"));
  await symlink("../../build", path.join(modules, "@shopmetrics/build"));
  return root;
}

/** Replaces a text in a file of a project, and fails where the file lacks it. */
export async function edit(root: string, file: string, from: string, to: string): Promise<void> {
  const name = path.join(root, file);
  const text = await readFile(name, "utf8");
  if (!text.includes(from)) throw new Error(`${file} lacks ${from}`);
  await writeFile(name, text.replace(from, to));
}

/** Starts a Node program and gathers what it prints. */
function spawnCommand(args: string[], options: SpawnOptions): Running {
  const started = performance.now();
  const child = spawn(process.execPath, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      children.delete(child);
      resolve({ code, signal, stdout, stderr, seconds: (performance.now() - started) / 1000 });
    });
  });
  const says = (pattern: RegExp) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (pattern.test(stdout) || pattern.test(stderr)) resolve();
      };
      child.stdout?.on("data", look);
      child.stderr?.on("data", look);
      child.once("close", () => resolve());
      look();
    });
  return { child, outcome, says };
}

/** Fails the test with what the command had to say, unless it ended well. */
export function succeeded({ code, signal, stderr }: Outcome): void {
  if (code !== 0) throw new Error(`It ended with ${signal ?? code}:\n${stderr}`);
}

/** The environment without settings of ours, so that a test means what it says on every machine. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const own = /^(SHOPMETRICS|KAFKA|DATABRICKS|STRIPE|CURRENCY_RATES|SCHEMA_REGISTRY)_/;
  const kept = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(kept), NO_COLOR: "1" };
}

/** Splits at spaces; `''` is an empty argument. A list is taken as it is. */
const words = (args: string | readonly string[]): readonly string[] =>
  typeof args === "string"
    ? args
        .split(" ")
        .filter(Boolean)
        .map((word) => (word === "''" ? "" : word))
    : args;
