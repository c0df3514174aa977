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
