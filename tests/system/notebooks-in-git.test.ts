import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { projectRoot, scratchProject } from "./cli.ts";

const file = "notebooks/gold/customer_ltv.ipynb";
const nbdime = path.join(projectRoot, ".venv/bin/git-nbdiffdriver");
const absent = !process.env["CI"] && !existsSync(nbdime);

interface Notebook {
  cells: {
    cell_type: string;
    source: string[];
    outputs?: object[];
    execution_count?: number | null;
  }[];
}

let root: string;

const identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
const env = { ...process.env, DETECT_SECRETS: "/none", GIT_PAGER: "cat", NO_COLOR: "1" };
const git = (...args: string[]) =>
  execFileSync("git", [...identity, ...args], {
    cwd: root,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });

async function change(work: (notebook: Notebook) => void): Promise<void> {
  const name = path.join(root, file);
  const notebook = JSON.parse(await readFile(name, "utf8")) as Notebook;
  work(notebook);
  for (const cell of notebook.cells) cell.source = cell.source.join("").split(/(?<=\n)/);
  await writeFile(name, `${JSON.stringify(notebook, undefined, 1)}\n`);
}

const codeCells = (notebook: Notebook) => notebook.cells.filter(({ cell_type }) => cell_type === "code");

beforeAll(async () => {
  root = await scratchProject();
  for (const part of [".githooks", ".gitattributes", ".prettierrc.json", ".prettierignore", ".oxlintrc.json"])
    await cp(path.join(projectRoot, part), path.join(root, part), { recursive: true });
  await symlink(path.join(projectRoot, "node_modules/.bin"), path.join(root, "node_modules/.bin"));
  if (!absent) await symlink(path.join(projectRoot, ".venv"), path.join(root, ".venv"));
  await writeFile(path.join(root, ".gitignore"), "node_modules\ndist\n.venv\n");
  git("init", "--quiet", "--initial-branch=main");
  git("add", "-A");
  git("commit", "--quiet", "-m", "base");
  execFileSync(path.join(root, ".githooks/install"), { cwd: root, stdio: "pipe" });
}, 120_000);

describe("check", () => {
  const check = (...args: string[]) =>
    promisify(execFile)(process.execPath, [path.join(root, "build/bin/shopmetrics.js"), "check", ...args], {
      cwd: root,
    }).catch((error: unknown) => error as { code: number; stdout: string; stderr: string });

  it("says in its last line, and in its JSON, that a notebook is not clean", async () => {
    const before = await readFile(path.join(root, file), "utf8");
    await writeFile(
      path.join(root, file),
      before.replace('"metadata": {}', '"metadata": {"collapsed": true}'),
    );
    expect(await check()).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/ notebooks: no errors, but 1 notebook is not clean \([\d.]+ s\)\n$/),
      stderr: expect.stringContaining("`npx shopmetrics check --fix` removes outputs, "),
    });
    const answer = await check("--json");
    expect(JSON.parse(answer.stdout)).toMatchObject({
      ok: false,
      summary: "no errors, but 1 notebook is not clean",
      unclean: [{ path: file, problems: [expect.stringContaining("has metadata of an editor")] }],
    });
    const { stdout } = await check("--fix");
    expect(stdout).toContain(": no errors, 1 notebook cleaned (");
    expect(await readFile(path.join(root, file), "utf8")).toBe(before);
  });

  it("refuses a contract that no notebook writes", async () => {
    const contracts = path.join(root, "lib/dist/shop/gold.js");
    const before = await readFile(contracts, "utf8");
    await writeFile(
      contracts,
      `${before}\nexport const nobody = table("gold.nobody", "Nothing.", { id: text("An id.") });\n`,
    );
    const { code, stderr } = (await check()) as { code: number; stderr: string };
    await writeFile(contracts, before);
    expect(stderr).toContain("lib/src/shop/gold.ts: declares gold.nobody, which no notebook writes");
    expect(code).toBe(1);
  });
});

describe("notebooks in git", () => {
  it("a commit of a notebook that ran is refused, and the notebook cleaned", async () => {
    const before = await readFile(path.join(root, file), "utf8");
    await change((notebook) => {
      const [cell] = codeCells(notebook);
      cell!.outputs = [{ output_type: "stream", name: "stdout", text: ["C000001 ann@example.com"] }];
      cell!.execution_count = 3;
    });
    git("add", file);
    const commit = () => promisify(execFile)("git", [...identity, "commit", "-m", "ran"], { cwd: root, env });
    const refused = (await commit().catch((error: unknown) => error)) as { code: number; stderr: string };
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`${file} cell 1: has outputs\n${file} cell 1: has an execution count\n`);
    expect(await readFile(path.join(root, file), "utf8")).toBe(before);
    git("add", file);
    expect(git("status", "--porcelain")).toBe("");
  });

  it("a clean notebook is committed", async () => {
    await change((notebook) => notebook.cells[1]!.source.push("\n\nMore prose."));
    git("commit", "--quiet", "-am", "prose");
    expect(git("log", "--format=%s", "-1")).toBe("prose\n");
  });

  it.skipIf(absent)("a diff shows the lines of a cell, without JSON around them", async () => {
    await change((notebook) => {
      const cell = codeCells(notebook)[2]!;
      cell.source = cell.source.map((line) => line.replace("> 500", "> 400"));
      cell.outputs = [{ output_type: "stream", name: "stdout", text: ["noise"] }];
    });
    const diff = stripVTControlCharacters(git("diff"));
    expect(diff).toMatch(/modified \/cells\/\d+\/source/);
    expect(diff).toMatch(
      /\n- {2,}case when total_revenue > 500 then .*\n\+ {2,}case when total_revenue > 400 then /,
    );
    expect(diff).not.toContain("noise");
    expect(diff).not.toMatch(/\\n"/);
    git("checkout", "--quiet", file);
  });

  it.skipIf(absent)("two changes of one notebook merge cell by cell, by nbdime", async () => {
    const add = (source: string, id: string) => (notebook: Notebook) =>
      notebook.cells.push({ cell_type: "markdown", id, metadata: {}, source: [source] } as never);
    git("checkout", "--quiet", "-b", "theirs");
    await change((notebook) => {
      codeCells(notebook)[2]!.source[0] = "// theirs\n";
      notebook.cells.splice(2, 0, {
        cell_type: "markdown",
        id: "theirs",
        metadata: {},
        source: ["Theirs."],
      } as never);
    });
    git("commit", "--quiet", "-am", "theirs");
    git("checkout", "--quiet", "main");
    await change(add("Ours.", "ours"));
    await change((notebook) => void (codeCells(notebook)[1]!.source[0] = "// ours\n"));
    git("commit", "--quiet", "-am", "ours");
    // Were the driver not asked, one that always fails would not matter.
    expect(() => git("-c", "merge.jupyternotebook.driver=false", "merge", "--no-edit", "theirs")).toThrow(
      /failed/,
    );
    git("merge", "--abort");
    git("merge", "--quiet", "--no-edit", "theirs");
    const merged = JSON.parse(await readFile(path.join(root, file), "utf8")) as Notebook;
    const sources = merged.cells.map(({ source }) => source.join(""));
    expect(sources).toContain("Ours.");
    expect(sources).toContain("Theirs.");
    expect(codeCells(merged)[1]!.source[0]).toBe("// ours\n");
    expect(codeCells(merged)[2]!.source[0]).toBe("// theirs\n");
    const cli = path.join(root, "build/bin/shopmetrics.js");
    execFileSync(process.execPath, [cli, "clean-notebooks"], { cwd: root, stdio: "pipe" });
  });
});
