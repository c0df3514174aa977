import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Plan } from "shopmetrics/plan";
import type { Compiled } from "../compile/compile.js";
import { downstreamOf } from "../compile/select.js";
import { baseOf, git, type Base } from "./git.js";
import type { Past } from "./plans-at.js";

/** A step that differs from that of a commit, or depends on one that does, and why it runs. */
export interface ChangedStep {
  readonly step: string;
  readonly jobs: readonly string[];
  readonly reason: string;
  /** Whether its own plan differs. */
  readonly isChanged: boolean;
}

/** What differs from a commit. */
export interface Changes {
  readonly base: Base;
  /** In the graph's order. */
  readonly steps: readonly ChangedStep[];
  /** Steps of the commit that no longer exist. */
  readonly gone: readonly string[];
}

/**
 * The steps whose plan differs from that of a commit, and all that depend on them. Plans are compared, not texts: prose
 * changes nothing, and a contract in lib/ may change many. Uncommitted changes count.
 *
 * @param since a commit, branch or tag; see `baseOf`
 * @throws InputError when there is no such commit
 */
export async function changesSince(
  root: string,
  compiled: Compiled,
  since: string | undefined,
): Promise<Changes> {
  const base = await baseOf(root, since);
  const { plansAt } = await import("./plans-at.js");
  const past = await plansAt(root, base.commit, compiled.tables).catch((error: Error) => ({
    problem: (error.message.split("\n").find((line) => /error/i.test(line)) ?? error.message).trim(),
  }));
  const own = new Map<string, string>();
  for (const plan of compiled.plans) {
    const reason =
      "problem" in past
        ? `${base.name} does not compile with the packages installed now (${past.problem})`
        : await reasonOf(root, base, compiled, past, plan);
    if (reason) own.set(plan.step, reason);
  }
  const steps = compiled.plans.flatMap(({ step, jobs }): ChangedStep[] => {
    const reason = own.get(step);
    if (reason) return [{ step, jobs, reason, isChanged: true }];
    const from = [...own.keys()].filter((changed) => downstreamOf(compiled, changed).has(step));
    return from.length > 0 ? [{ step, jobs, reason: `depends on ${from.join(", ")}`, isChanged: false }] : [];
  });
  const known = new Set(compiled.plans.map(({ step }) => step));
  const gone = "problem" in past ? [] : past.plans.map(({ step }) => step).filter((step) => !known.has(step));
  return { base, steps, gone };
}

async function reasonOf(
  root: string,
  base: Base,
  compiled: Compiled,
  past: Past,
  plan: Plan,
): Promise<string | undefined> {
  const before = past.plans.find(({ step }) => step === plan.step);
  if (!before) return "is new";
  const codeOf = (programs: Past["programs"]) =>
    programs.find(({ notebook }) => notebook.path === plan.notebook)?.code;
  if (
    isDeepStrictEqual(meaning(before), meaning(plan)) &&
    codeOf(past.programs) === codeOf(compiled.programs)
  )
    return undefined;
  const differing = (files: string) => git(root, "diff", "--name-only", base.commit, "--", files);
  if ((await differing(plan.notebook)) !== "") return "its notebook changed";
  const beside = await differing(`${path.dirname(plan.notebook)}/*.csv`);
  return beside === ""
    ? "is compiled otherwise, by lib/ or build/"
    : `${beside.trim().split("\n").join(", ")} changed`;
}

/** A plan without positions in the notebook and without what is derived from the rest. */
const meaning = (plan: Plan): unknown =>
  JSON.parse(JSON.stringify(plan, (key, value: unknown) => (incidental.has(key) ? undefined : value)));

const incidental = new Set(["place", "places", "select", "of", "fingerprint", "title"]);
