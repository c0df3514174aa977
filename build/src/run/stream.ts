import { setTimeout as sleep } from "node:timers/promises";
import { openEngine } from "shopmetrics/engine";
import {
  InputError,
  useSettings,
  withAcceptLoss,
  type KafkaSettings,
  type Settings,
} from "shopmetrics/settings";
import type { Follower } from "shopmetrics/kafka";
import type { Compiled } from "../compile/compile.js";
import { runGraph } from "./run.js";
import { selectSteps } from "../compile/select.js";
import { latencies, type Latency } from "./latency.js";

interface StreamOptions {
  readonly settings: Settings;
  readonly kafka: KafkaSettings;
  readonly compiled: Compiled;
  /** Ends the stream: the current round is finished, and nothing is lost. */
  readonly signal: AbortSignal;
  /** Called when the topic is open and what had landed before is in gold. */
  readonly onReady?: () => void;
  /** Called after each round that loaded events. */
  readonly onRound?: (round: Round) => void | Promise<void>;
  /** Called with messages for a person. */
  readonly onNote?: (message: string) => void;
}

/** One round: the events that had arrived were landed, loaded and carried through to gold. */
export interface Round {
  readonly events: number;
  /** Messages that the topic holds beyond those. */
  readonly lag: number;
  readonly seconds: number;
  /** From the messages' timestamps to gold, in milliseconds, each with the number of events that took as long. */
  readonly waits: readonly (readonly [milliseconds: number, events: number])[];
}

export interface StreamReport {
  readonly events: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly latency: Latency | undefined;
}

/**
 * Follows the topic and runs the steps of the clickstream, round after round, until the signal fires. The warehouse is
 * released between two rounds, so that other runs get their turn.
 *
 * @throws InputError with the message of a step that failed
 */
export async function runStream(options: StreamOptions): Promise<StreamReport> {
  const { kafka, signal } = options;
  const { followTopic } = await import("shopmetrics/kafka");
  const followed = options.compiled.followed(options.settings);
  const steps = streamSteps(
    options.compiled,
    followed.map(({ step }) => step),
  );
  const pages = livePages(options.compiled, steps);
  let { settings } = options;
  let exported = 0;
  const round = async () => {
    // An open page asks every five seconds; rounds in between export nothing.
    const isDue = Date.now() - exported > 4000;
    if (isDue) exported = Date.now();
    await runRound({ ...options, settings }, isDue ? new Set([...steps, ...pages]) : steps);
  };
  const followers = [
    followTopic(kafka, settings.landing),
    ...followed.map(({ topic, folders }) => followTopic({ ...kafka, topic }, settings.landing, folders)),
  ];
  const started = Date.now();
  const all = latencies();
  let rounds = 0;
  let events = 0;
  try {
    // The first round reads what had landed before, and opens the topic.
    await round();
    // What was accepted is the loss that could be seen at the start, not one that comes later.
    settings = withAcceptLoss(settings, false);
    options.onReady?.();
    while (!signal.aborted) {
      await firstToCome(followers, signal);
      await sleep(kafka.batchSeconds * 1000, undefined, { signal }).catch(() => undefined);
      const began = Date.now();
      await round();
      const done = measured(followers, began);
      if (done.events === 0) continue;
      for (const [wait, number] of done.waits) all.add(wait, number);
      rounds++;
      events += done.events;
      await options.onRound?.(done);
    }
    return { events, rounds, seconds: (Date.now() - started) / 1000, latency: all.summary() };
  } finally {
    await Promise.all(followers.map((follower) => follower.close()));
  }
}

/** Pages that draw from nothing but what these steps write. */
function livePages({ plans }: Compiled, steps: ReadonlySet<string>): string[] {
  const written = new Set(plans.filter(({ step }) => steps.has(step)).flatMap(({ writes }) => writes));
  return plans
    .filter(
      ({ runtime, reads }) =>
        runtime === "page" && reads.length > 0 && reads.every((table) => written.has(table)),
    )
    .map(({ step }) => step);
}

/**
 * The streaming job's steps, and those that read other topics, with the tables that they feed. Pages are exported by themselves, and the
 * verdict on all tables is a daily run's.
 */
function streamSteps(compiled: Compiled, readers: readonly string[]): Set<string> {
  const steps = selectSteps(compiled, { job: "streaming" });
  const makesTables = new Set(
    compiled.plans.filter(({ writes }) => writes.length > 0).map(({ step }) => step),
  );
  for (const reader of new Set(readers))
    for (const step of selectSteps(compiled, { job: "daily", only: `${reader}+` }))
      if (makesTables.has(step)) steps.add(step);
  return steps;
}

/** Waits until one of them has something to land. */
async function firstToCome(followers: readonly Follower[], signal: AbortSignal): Promise<void> {
  const come = new AbortController();
  const either = AbortSignal.any([signal, come.signal]);
  await Promise.race(followers.map((follower) => follower.come(either)));
  come.abort();
}

async function runRound(options: StreamOptions, steps: ReadonlySet<string>): Promise<void> {
  const { settings, compiled, onNote } = options;
  const engine = await openEngine(settings, { onWait: (message) => onNote?.(message) });
  const restoreSettings = useSettings(settings);
  try {
    const report = await runGraph({
      engine,
      graph: compiled,
      steps,
      landing: settings.landing,
      snapshots: settings.snapshots,
      date: new Date().toISOString().slice(0, 10),
      full: false,
      cares: true,
      ...(onNote && { onNote }),
    });
    for (const { step, status, message } of report.steps) {
      if (status !== "failed") continue;
      const failsAlone = compiled.plans.some((plan) => plan.step === step && plan.failsAlone);
      if (!failsAlone) throw new InputError(`${step}: ${message}`);
      onNote?.(`${step}: ${message}`);
    }
  } finally {
    restoreSettings();
    await engine.close();
  }
}

/** The events that the last round landed are in gold now. */
function measured(followers: readonly Follower[], began: number): Round {
  const now = Date.now();
  const landed = followers.map(({ last }) => last);
  const sum = (of: "events" | "lag") => landed.reduce((total, one) => total + one[of], 0);
  const waits = landed.flatMap(({ groups }) =>
    groups.map(({ oldest, events }) => [now - oldest, events] as const),
  );
  return { events: sum("events"), lag: sum("lag"), seconds: (now - began) / 1000, waits };
}
