import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const cli = join(root, "build/bin/shopmetrics.js");
let home: string;
let children: ChildProcess[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "shopmetrics-live-"));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(home, { recursive: true, force: true });
});

describe("verbs of a live notebook", () => {
  it("take turns with a run, which passes while the notebook is idle", async () => {
    await shopmetrics("generate", "--scale", "0.001");
    const notebook = start(`
      await Promise.all([load(bronze.orders_raw, { from: "orders" }), show(sql\`select 'at once' as a\`)]);
      console.log("idle now");
      await new Promise((go) => process.stdin.once("data", go));
      await show(sql\`select run_id, status from \${ops.runs}\`);
      process.stdin.unref();`);
    await notebook.says("idle now");
    await shopmetrics("run", "--quiet");
    notebook.child.stdin?.write("go\n");
    expect(await notebook.ended).toBe(0);
    expect(notebook.output()).toMatch(/at once[^]*idle now[^]*succeeded/);
    expect(notebook.output()).not.toContain("Waiting");
  });

  it("wait for one another: the notebook says who holds the warehouse, gives up in time, and can try again", async () => {
    const run = start(`
      const { openDuckdb } = await import("#lib/engine/duckdb/engine.js");
      const engine = await openDuckdb({ file: settings().warehouse });
      console.log("held");
      await new Promise((go) => process.stdin.once("data", go));
      await engine.close();
      process.stdin.unref();`);
    await run.says("held");
    const notebook = start(
      `await show(sql\`select 1 as a\`).catch((error) => console.log("failed:", error.message));
      await show(sql\`select 42 as answer\`);`,
      { SHOPMETRICS_LOCK_WAIT: "1" },
    );
    await notebook.says("failed:");
    run.child.stdin?.write("go\n");
    expect(await notebook.ended).toBe(0);
    expect(notebook.output()).toMatch(
      new RegExp(`Waiting for .* held by .*node.* \\(PID ${run.child.pid}\\)`),
    );
    expect(notebook.output()).toMatch(/did not become free within 1 s[^]*42/);
  });

  it("fail when one before them failed and nobody awaited it, once", async () => {
    const notebook = start(
      `show(sql\`select nowhere\`);
      await new Promise((failed) => process.once("unhandledRejection", failed));
      await show(sql\`select 1 as a\`).catch((error) => console.log(error));
      await show(sql\`select 42 as answer\`);`,
      {},
      `globalThis.__tslab__ = { exports: {}, require: () => ({ display: { html: (html) => console.log(html) } }) };`,
    );
    expect(await notebook.ended).toBe(0);
    expect(notebook.output()).toMatch(
      /Not run, because a verb before it failed and was not awaited\.[^]*nowhere/,
    );
    expect(notebook.output()).toContain(">42</td>");
  });
});

const shopmetrics = (...args: string[]) =>
  promisify(execFile)(process.execPath, [cli, ...args], { env: { ...process.env, SHOPMETRICS_HOME: home } });

/** A process that works as a notebook does: the package's names, verbs that run live, an idle time of 0.1 s. */
function start(code: string, env: Record<string, string> = {}, before = "") {
  const names = "bronze, load, ops, settings, show, sql";
  const module = `${before}\nconst { ${names} } = await import("shopmetrics");\n${code}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", module], {
    cwd: root,
    env: { ...process.env, SHOPMETRICS_HOME: home, SHOPMETRICS_IDLE: "0.1", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      for (const listener of listeners) listener();
    });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const says = (text: string) =>
    new Promise<void>((done, failed) => {
      const look = () => output.includes(text) && done();
      listeners.add(look);
      look();
      void ended.then(() => failed(new Error(`The process ended without saying "${text}":\n${output}`)));
    });
  return { child, ended, says, output: () => output };
}
