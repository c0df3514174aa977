import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import shards from "../shards.json" with { type: "json" };

/** The greatest number of minutes that a limit names, which may be an expression. */
const longest = (limit: number | string) => Math.max(...String(limit).match(/\d+/g)!.map(Number));

interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  concurrency: object;
  jobs: Record<
    string,
    {
      "timeout-minutes": number | string;
      strategy?: { matrix: { part: string[] } };
      permissions?: object;
      needs?: string;
      if?: string;
      steps: Step[];
    }
  >;
}

interface Step {
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, unknown>;
}

const folder = path.resolve(import.meta.dirname, "../../.github/workflows");
const files = await Promise.all(
  (await readdir(folder)).map(async (name): Promise<[string, string]> => [
    name,
    await readFile(path.join(folder, name), "utf8"),
  ]),
);

describe.each(files)("%s", (_, text) => {
  const workflow = parse(text) as Workflow;
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  it("uses actions by their full commit, and says which version that is", () => {
    const lines = text.split("\n").filter((line) => /\buses:/.test(line));
    expect(lines.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual(
      [],
    );
    expect(lines.length).toBeGreaterThan(0);
  });

  it("may read the repository; only what publishes the site may do more, and does nothing else", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    const more = Object.values(workflow.jobs).filter(({ permissions }) => permissions);
    expect(more.flatMap(({ permissions }) => Object.keys(permissions ?? {}))).toEqual(
      more.length > 0 ? ["pages", "id-token"] : [],
    );
    expect(more.flatMap(({ steps }) => steps.map(({ uses }) => uses?.split("@")[0]))).toEqual(
      more.map(() => "actions/deploy-pages"),
    );
  });

  it("ends by itself, and does not run twice at once", () => {
    for (const job of Object.values(workflow.jobs))
      expect(longest(job["timeout-minutes"])).toBeLessThanOrEqual(30);
    expect(workflow.concurrency).toBeDefined();
  });

  it("puts no secret and no foreign text into a script", () => {
    expect(steps.filter(({ run }) => run?.includes("${{"))).toEqual([]);
  });

  it("gives its token to nobody's pull request", () => {
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    expect("pull_request" in workflow.on && text.includes("secrets.")).toBe(false);
  });
});

const workflowOf = (file: string) => parse(files.find(([name]) => name === file)![1]) as Workflow;

it("finishes each job of CI within ten minutes, but for the shop's days on Spark (AC-007)", () => {
  const limits = Object.entries(workflowOf("ci.yml").jobs).map(
    ([name, job]) => [name, job["timeout-minutes"]] as const,
  );
  expect(limits.filter(([, limit]) => longest(limit) > 10)).toEqual([
    ["test", "${{ matrix.part == 'spark' && 30 || 10 }}"],
  ]);
});

it.each(["ci.yml", "schedule.yml"])("runs the gates and each shard of the tests in %s", (file) => {
  const { strategy, steps } = workflowOf(file).jobs["test"]!;
  expect(strategy?.matrix.part).toEqual(["gates", ...Object.keys(shards)]);
  expect(steps.map(({ run }) => run)).toContain('.ci/run "$PART"');
});

it.each(["ci.yml", "schedule.yml"])(
  "builds the site with the results of all tests in %s, also of failed ones",
  (file) => {
    const { test, site } = workflowOf(file).jobs;
    const step = (steps: Step[], action: string) =>
      steps.filter(
        ({ uses, with: given }) => uses?.startsWith(`actions/${action}@`) && given?.path === reports,
      );
    const reports = "test-results/reports";
    expect(step(test!.steps, "upload-artifact")).toEqual([
      expect.objectContaining({
        if: "always()",
        with: expect.objectContaining({ name: "results-${{ matrix.part }}" }),
      }),
    ]);
    expect(site).toMatchObject({ needs: "test", if: expect.stringContaining("!cancelled()") });
    expect(step(site!.steps, "download-artifact")).toEqual([
      expect.objectContaining({ with: { pattern: "results-*", path: reports, "merge-multiple": true } }),
    ]);
    const builds = site!.steps.map(({ run }) => run);
    expect(builds).toContain(file === "ci.yml" ? ".ci/run site" : `npm run site -- --tests ${reports}`);
  },
);

it("uses one version of each action", () => {
  const used = new Set(files.flatMap(([, text]) => text.match(/[\w-]+\/[\w-]+@[0-9a-f]{40}/g) ?? []));
  const actions = [...used].map((action) => action.split("@")[0]);
  expect(actions).toEqual([...new Set(actions)]);
});
