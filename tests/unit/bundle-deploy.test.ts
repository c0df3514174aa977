import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
let folder: string;
beforeAll(async () => void (folder = await mkdtemp(path.join(tmpdir(), "deploy-"))));
afterAll(() => rm(folder, { recursive: true }));

/** `shopmetrics deploy` with a `databricks` that writes down how it is called and fails at `failing`. */
async function deploy(args: readonly string[], failing?: string) {
  const calls = path.join(folder, "calls");
  await rm(calls, { force: true });
  const cli = path.join(folder, "databricks");
  await writeFile(cli, `#!/bin/sh\necho "$PWD: $*" >>"${calls}"\n[ "$2" != "${failing ?? ""}" ]\n`);
  await chmod(cli, 0o755);
  const result = await run(args, `${folder}:/usr/bin:/bin`);
  const called = (await readFile(calls, "utf8").catch(() => "")).trim().split("\n");
  return { ...result, calls: called };
}

async function run(args: readonly string[], PATH: string): Promise<{ code: number | null; output: string }> {
  const program = [path.join(root, "build/bin/shopmetrics.js"), "deploy", ...args];
  const child = spawn(process.execPath, program, { env: { ...process.env, PATH } });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => void (output += text));
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
}

describe("deploy", () => {
  const bundle = path.join(root, "bundle");

  it("builds, validates strictly, then deploys to the target, with its variables", async () => {
    const { code, calls, output } = await deploy(["-t", "prod", "--var", "catalog=workspace"]);
    expect(calls).toEqual([
      `${bundle}: bundle validate --strict --target prod --var catalog=workspace`,
      `${bundle}: bundle deploy --target prod --var catalog=workspace`,
    ]);
    expect(output).toMatch(/^Compiled \d+ notebooks/);
    expect(code).toBe(0);
  });

  it("deploys nothing that is not valid", async () => {
    const { code, calls, output } = await deploy([], "validate");
    expect(calls).toEqual([`${bundle}: bundle validate --strict --target dev`]);
    expect(output).toContain("databricks bundle validate failed (exit code 1)");
    expect(code).toBe(1);
  });

  it("says how to get the CLI where there is none", async () => {
    const { code, output } = await run([], "/nowhere");
    expect(output).toContain("install the CLI: https://docs.databricks.com/");
    expect(code).toBe(2);
  });
});
