import { writeSync } from "node:fs";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * From now on an interrupt (Ctrl-C, SIGTERM, SIGHUP) ends the process at once, after a line that says what happens to
 * the run. Every step is one transaction of the warehouse, so there is nothing to clean up: the next process to open it
 * finds the steps that had ended, and nothing of the others.
 *
 * @returns a function that stops this
 */
export function saysWhenInterrupted(): () => void {
  const say = (signal: NodeJS.Signals) => {
    stop();
    try {
      writeSync(
        2,
        `\nInterrupted (${signal}): the steps that had ended are saved, the others wrote nothing. ` +
          "Run again: `npx shopmetrics run` continues from there.\n",
      );
    } catch {
      // Nobody reads it any more: the terminal was closed.
    }
    process.kill(process.pid, signal);
  };
  const stop = () => signals.forEach((signal) => process.off(signal, say));
  signals.forEach((signal) => process.on(signal, say));
  return stop;
}

/**
 * For work that continues until it is stopped: an interrupt fires a signal, and the current round may finish. After 2.5
 * seconds, or at a second interrupt, it is abandoned.
 *
 * @returns the signal; `stop` fires it too; `done` stops listening, and ends the process after a second if something keeps it alive
 */
export function untilInterrupted(): { signal: AbortSignal; stop: () => void; done: () => void } {
  const controller = new AbortController();
  const giveUp = (signal: NodeJS.Signals) => {
    signals.forEach((name) => process.off(name, hear));
    try {
      writeSync(2, "\nThe current round was stopped and wrote nothing: the next run reads its events.\n");
    } catch {
      // Nobody reads it any more.
    }
    process.kill(process.pid, signal);
  };
  const hear = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) return giveUp(signal);
    controller.abort();
    setTimeout(giveUp, 2500, signal).unref();
  };
  signals.forEach((signal) => process.on(signal, hear));
  return {
    signal: controller.signal,
    stop: () => controller.abort(),
    done: () => {
      signals.forEach((signal) => process.off(signal, hear));
      setTimeout(() => process.exit(), 1000).unref();
    },
  };
}

/**
 * Ends a command that npm or npx started when these have ended: npm hands a SIGTERM on to its shell only, and the command would
 * run on with nobody who waits for it. It ends as by SIGTERM itself. A command that nothing of npm started may outlive its
 * parent, as with `nohup`.
 */
export function endsWithNpm(env: NodeJS.ProcessEnv = process.env): void {
  if (env["npm_command"] === undefined) return;
  const parent = process.ppid;
  const look = () => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  };
  const timer = setInterval(look, 200).unref();
}
