import { engineNamed } from "shopmetrics/engine";
import { InputError, type KafkaSettings, type Settings } from "shopmetrics/settings";
import type { ProduceReport } from "shopmetrics/sources";
import { untilInterrupted } from "../run/interrupt.js";
import { runStream, type Round, type StreamReport } from "../run/stream.js";
import type { SiteServer } from "../site/server.js";
import { latencies, type Latency } from "../run/latency.js";
import { count, counted } from "../text.js";
import { compileProject } from "./compile-project.js";
import { reserveStdoutForJson, printJson } from "./fail.js";
import { settingsOf } from "./run.js";
import { openDashboard } from "./serve.js";

interface StreamCommand {
  rate: number;
  burst?: number;
  seconds?: number;
  produce: boolean;
  acceptLoss?: boolean;
  quiet?: boolean;
  json?: boolean;
}

/**
 * Live mode: simulated shoppers send events and the clickstream's steps read them, until Ctrl-C or for `seconds`. It
 * ends within 3 seconds; events that were not read by then are read by the next run.
 */
export async function stream(options: StreamCommand): Promise<void> {
  const settings = settingsOf(options);
  const { kafka } = settings;
  if (!kafka)
    throw new InputError(
      "KAFKA_BROKERS is not set: `npm run kafka` in another terminal starts a broker and says what to set.",
    );
  if (!engineNamed(settings.engine).isEmbedded)
    throw new InputError(
      `SHOPMETRICS_ENGINE=${settings.engine}: live mode is for this machine; there, the streaming job runs.`,
    );
  if (options.json) reserveStdoutForJson();
  const compiled = await compileProject(settings.root);
  const { signal, stop, done } = untilInterrupted();
  const timer = options.seconds === undefined ? undefined : setTimeout(stop, options.seconds * 1000);
  const say = (text: string) => {
    if (!options.quiet && !options.json) console.log(text);
  };
  let dashboard: SiteServer | undefined;
  try {
    let ready = () => {};
    const opened = new Promise<void>((resolve) => (ready = resolve));
    const producing = options.produce
      ? opened.then(() => startShoppers(settings, kafka, options, signal))
      : undefined;
    // The first failure ends both.
    producing?.catch(stop);
    say(`Following ${kafka.topic} at ${kafka.brokers.join(",")}. Ctrl-C ends.`);
    dashboard = options.json ? undefined : await openDashboard(settings);
    if (dashboard) say(`The dashboard: ${dashboard.url}traffic.html`);
    const streaming = runStream({
      settings,
      kafka,
      compiled,
      signal,
      onReady: ready,
      onRound: progress(say),
      onNote: (message) => console.error(message),
    });
    streaming.catch(stop);
    const [taken, sent] = await Promise.all([streaming, producing]);
    if (options.json) printJson({ ...taken, ...(sent && { produced: sent }) });
    else say(ending(taken, sent));
  } finally {
    clearTimeout(timer);
    await dashboard?.close();
    done();
  }
}

async function startShoppers(
  settings: Settings,
  kafka: KafkaSettings,
  { rate, burst }: StreamCommand,
  signal: AbortSignal,
): Promise<ProduceReport> {
  const { produce } = await import("shopmetrics/sources");
  const { landing } = settings;
  return produce(kafka, { landing, rate, signal, ...(burst !== undefined && { burst }) });
}

/** A line for the first round, then one every two seconds at most. */
function progress(say: (text: string) => void): (round: Round) => void {
  let since = Date.now();
  let events = 0;
  let rounds = 0;
  let recent = latencies();
  let first = true;
  return (round) => {
    events += round.events;
    rounds++;
    for (const [wait, number] of round.waits) recent.add(wait, number);
    const seconds = (Date.now() - since) / 1000;
    if (seconds < 2 && !first) return;
    first = false;
    const time = new Date().toISOString().slice(11, 19);
    say(
      `${time}  ${(events / seconds).toFixed(1).padStart(8)} events/s  lag ${count(round.lag)}  ` +
        `event to gold ${times(recent.summary())}  (${rounds} ${rounds === 1 ? "round" : "rounds"})`,
    );
    since = Date.now();
    events = rounds = 0;
    recent = latencies();
  };
}

const times = (latency: Latency | undefined) =>
  latency
    ? `p50 ${latency.p50.toFixed(2)} s, p95 ${latency.p95.toFixed(2)} s, max ${latency.max.toFixed(2)} s`
    : "nothing yet";

function ending(taken: StreamReport, sent: ProduceReport | undefined): string {
  const sentence = (parts: (string | false | undefined)[]) => `${parts.filter(Boolean).join(", ")}.`;
  const sending =
    sent &&
    sentence([
      `Sent ${counted(sent.sent, "event")}`,
      sent.resent > 0 && `${count(sent.resent)} sends repeated`,
      sent.refused.length > 0 && `${count(sent.refused.length)} refused (${sent.refused[0]?.reason})`,
    ]);
  return [
    ...(sending ? ["", sending] : [""]),
    `Took in ${counted(taken.events, "event")} in ${counted(taken.rounds, "round")}, ${taken.seconds.toFixed(0)} s; ` +
      `event to gold: ${times(taken.latency)}.`,
    "Nothing is lost: what the topic holds beyond that is read by the next run.",
  ].join("\n");
}
