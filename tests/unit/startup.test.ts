import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

/** The packages of which a program has loaded modules, once it has imported what all commands that run steps import. */
async function loaded(): Promise<string[]> {
  const program = `
    import { createRequire } from "node:module";
    await import("shopmetrics/run");
    await import("shopmetrics/engine");
    console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: root,
  });
  const files = JSON.parse(stdout) as string[];
  return [...new Set(files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []))];
}

it("commands load the client of a service only where they ask it: one has hundreds of modules, and takes half a second", async () => {
  const packages = await loaded();
  expect(packages).not.toEqual([]);
  for (const client of ["@databricks/sql", "kafkajs", "stripe"]) expect(packages).not.toContain(client);
});
