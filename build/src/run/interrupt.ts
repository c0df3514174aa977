import { writeSync } from "node:fs";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * From now on Ctrl-C and the like end the process at once, as they would without us, after a line that says what
 * becomes of the run. Every step is one transaction of the warehouse, so there is nothing to tidy up: the next process
 * to open it finds the steps that had ended, and nothing of the others.
 *
 * @returns ends this
 */
export function saysWhenInterrupted(): () => void {
  const say = (signal: NodeJS.Signals) => {
    stop();
    try {
      writeSync(
        2,
        `\nInterrupted (${signal}): the steps that had ended are kept, the others wrote nothing. ` +
          "Run again: `npx shopmetrics run` goes on from there.\n",
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
 * For what goes on until it is stopped: Ctrl-C and the like fire a signal, and what is under way may finish. Whatever is
 * not done after 2.5 seconds is given up, and so it is by a second Ctrl-C.
 *
 * @returns the signal; `stop` fires it too; `done` ends this, and what still keeps the process alive has a second
 */
export function untilInterrupted(): { signal: AbortSignal; stop: () => void; done: () => void } {
  const controller = new AbortController();
  const giveUp = (signal: NodeJS.Signals) => {
    signals.forEach((one) => process.off(one, hear));
    try {
      writeSync(2, "\nThe round under way was given up and wrote nothing: the next run takes it in.\n");
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
