import { execFile, execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { edit, lakehouse, projectRoot, scratchProject, succeeded, type Lakehouse } from "./cli.ts";

interface Answer {
  readonly changed: { readonly steps: { readonly step: string; readonly reason: string }[] };
  readonly steps: { readonly step: string; readonly status: string; readonly out: number }[];
}

let root: string;
let house: Lakehouse;

const git = (...args: string[]) =>
  execFileSync("git", ["-C", root, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
  });

beforeAll(async () => {
  root = await scratchProject(
    "lib/src",
    "lib/tsconfig.json",
    "lib/comment-types.mjs",
    "build/src",
    "build/tsconfig.json",
    "tsconfig.json",
    "tsconfig.base.json",
    "package-lock.json",
    ".ci/compare",
  );
  await writeFile(path.join(root, ".gitignore"), "node_modules\ndist\n.shopmetrics\n");
  house = await lakehouse({ root });
  git("init", "--quiet", "--initial-branch=main");
  git("add", "-A");
  git("commit", "--quiet", "--no-verify", "-m", "base");
  succeeded(await house.shopmetrics("generate --scale 0.01 --event-days 5 --quiet"));
  succeeded(await house.shopmetrics("run --quiet"));
}, 180_000);

const compileWorkspaces = () =>
  execFileSync(process.execPath, [path.join(projectRoot, "node_modules/typescript/bin/tsc"), "-b"], {
    cwd: root,
  });

describe("what is kept between commands", () => {
  it("is no answer once the library that made it has changed, lineage included", async () => {
    const ask = "graph gold.customer_ltv.total_revenue";
    expect((await house.shopmetrics(ask)).stdout).not.toContain("otherwise(");
    await edit(
      root,
      "lib/src/sql/parse.ts",
      'sql?.[0] ?? ""',
      'sql?.[0]?.replace("SUM(", "otherwise(") ?? ""',
    );
    compileWorkspaces();
    expect((await house.shopmetrics(ask)).stdout).toContain("otherwise(");
    git("checkout", "--quiet", "lib");
    compileWorkspaces();
    expect((await house.shopmetrics(ask)).stdout).not.toContain("otherwise(");
  });
});

describe("run --changed", () => {
  it("runs nothing when nothing changed", async () => {
    const { stdout, code } = await house.shopmetrics("run --changed");
    expect(stdout).toMatch(/^No step differs from HEAD \([0-9a-f]{7}\): nothing to run\.\n/);
    expect(code).toBe(0);
  });

  it("runs nothing for prose", async () => {
    const file = "notebooks/gold/customer_ltv.ipynb";
    const notebook = JSON.parse(await readFile(path.join(root, file), "utf8")) as {
      cells: { cell_type: string; source: string[] }[];
    };
    notebook.cells.find(({ cell_type }) => cell_type === "markdown")!.source.push("\n\nMore prose.");
    await writeFile(path.join(root, file), JSON.stringify(notebook));
    const { changed, steps } = await house.json<Answer>("run --changed");
    expect(changed.steps).toEqual([]);
    expect(steps).toEqual([]);
    git("checkout", "--quiet", file);
  });

  it("runs a notebook whose SQL changed over all rows, what reads its table, and nothing else", async () => {
    await edit(root, "notebooks/gold/customer_ltv.ipynb", "> 500 then", "> 400 then");
    const answer = await house.json<Answer>("run --changed --since HEAD");
    expect(answer.changed.steps[0]).toMatchObject({
      step: "gold.customer_ltv",
      reason: "its notebook changed",
    });
    for (const { reason } of answer.changed.steps.slice(1))
      expect(reason).toBe("depends on gold.customer_ltv");
    const ran = answer.steps.map(({ step }) => step);
    expect(ran).toContain("gold.customer_ltv");
    expect(ran).toContain("dashboard.customers");
    expect(ran.some((step) => /^(bronze|silver)|daily_sales/.test(step))).toBe(false);
    const { total } = await house.json<{ total: number }>("show gold.customer_ltv");
    // The rows between 400 and 500 are written anew though no file came.
    const rewritten = answer.steps.find(({ step }) => step === "gold.customer_ltv")!.out;
    expect(rewritten).toBeGreaterThan(0);
    expect(rewritten).toBeLessThan(total);
    git("checkout", "--quiet", "notebooks");
  });

  it("counts a contract that alters a plan, and says that no notebook did", async () => {
    await edit(
      root,
      "lib/src/shop/gold.ts",
      '["High", "Medium", "Low"]',
      '["High", "Medium", "Low", "None"]',
    );
    compileWorkspaces();
    const { changed } = await house.json<Answer>("run --changed");
    expect(changed.steps.filter(({ reason }) => !reason.startsWith("depends on"))).toMatchObject([
      { step: "gold.customer_ltv", reason: "is compiled otherwise, by lib/ or build/" },
    ]);
  });

  it("counts a CSV file that a notebook reads as a seed, and names it", async () => {
    await edit(root, "notebooks/dashboard/revenue_targets.csv", "2026-11,1075000", "2026-11,1080000");
    const { changed } = await house.json<Answer>("run --changed");
    expect(changed.steps).toContainEqual(
      expect.objectContaining({
        step: "dashboard.sales",
        reason: "notebooks/dashboard/revenue_targets.csv changed",
      }),
    );
    git("checkout", "--quiet", "notebooks");
  });

  it("compares with where the branch left origin/main, and knows what is gone", async () => {
    // A commit from before there was the command that says what a commit compiles to.
    git("rm", "--quiet", "--cached", "build/src/commands/plans.ts");
    git("commit", "--quiet", "--no-verify", "-m", "before");
    git("update-ref", "refs/remotes/origin/main", "HEAD");
    git("add", "build/src/commands/plans.ts");
    git("rm", "--quiet", "notebooks/dashboard/traffic.ipynb");
    git("commit", "--quiet", "--no-verify", "-am", "less");
    const { stdout } = await house.shopmetrics("run --changed");
    expect(stdout).toContain("  dashboard.traffic is gone; what it wrote stays");
    expect(stdout).toMatch(/ from origin\/main \([0-9a-f]{7}\)/);
  });

  it("tells a pull request which tables change and which figures move", async () => {
    git("checkout", "--quiet", "-b", "dearer");
    await edit(
      root,
      "notebooks/gold/daily_sales_summary.ipynb",
      "sum(lines.amount_reporting), 0) as decimal",
      "2 * sum(lines.amount_reporting), 0) as decimal",
    );
    git("commit", "--quiet", "--no-verify", "-am", "dearer");
    const compare = () =>
      promisify(execFile)(path.join(root, ".ci/compare"), ["main"], {
        env: { ...process.env, SCALE: "0.01" },
      });
    // Its check halts, since revenue no longer equals that of the orders: that is said, and the tables are as they were.
    const failed = (await compare().catch((error: unknown) => error)) as { code: number; stdout: string };
    expect(failed.code).toBe(1);
    expect(failed.stdout).toMatch(
      /check "revenue equals that of completed orders" .*: [\d,.]+ instead of [\d,.]+ in the shop's currency, 100 % apart; at most 0\.01 % apart/,
    );
    expect(failed.stdout).toContain("No rows differ in");

    await edit(
      root,
      "notebooks/gold/daily_sales_summary.ipynb",
      "2 * sum(lines.amount_reporting), 0) as decimal",
      "sum(lines.amount_reporting), 0) as decimal",
    );
    await edit(root, "notebooks/gold/customer_ltv.ipynb", "> 500 then", "> 400 then");
    git("commit", "--quiet", "--no-verify", "-am", "segments");
    const { stdout } = await compare();
    expect(stdout).toMatch(
      /\n1 step differs from [0-9a-f]{7}; \d+ depend on it:\n {2}gold\.customer_ltv +its notebook changed\n/,
    );
    // What the run will do comes first, with the reason of each step.
    expect(stdout.indexOf("### What a run will do")).toBeGreaterThan(0);
    expect(stdout.indexOf("### What a run will do")).toBeLessThan(stdout.indexOf("### What it did"));
    expect(stdout).toMatch(/\n\| `gold\.customer_ltv` \| runs \| its notebook changed \| [\d,]+ \|\n/);
    expect(stdout).toMatch(/\n- \d pages are exported\. Figures may move on [^\n]*customers/);
    expect(stdout).toMatch(/\n\| `gold\.customer_ltv` \| 101 → 101 \| 0 \| 0 \| [1-9]\d* \|/);
    expect(stdout).toContain("ltv&#95;segment Medium → High");
    expect(git("worktree", "list").trim().split("\n")).toHaveLength(1);
  });

  it("says so outside a git repository", async () => {
    const outside = { env: { GIT_DIR: path.join(root, "none") } };
    const { code, stderr } = await house.shopmetrics("run --changed", outside);
    expect(stderr).toContain("is no git repository");
    expect(code).toBe(2);
  });

  it.each([
    ["--changed --since nowhere", "--since nowhere: git knows no such commit, branch or tag."],
    ["--changed --since --output=x", "--since --output=x: git knows no such commit"],
    ["--changed --only gold.customer_ltv", "--changed chooses the steps: leave out --only and --from."],
  ])("run %s says what is wrong", async (args, message) => {
    const { code, stderr } = await house.shopmetrics(`run ${args}`);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
