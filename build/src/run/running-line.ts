import { seconds } from "../text.js";

/**
 * Shows on a terminal which steps are running now, in one line that each other output takes the place of. Elsewhere, as in a
 * log, it shows nothing.
 */
export function runningLine(): RunningLine {
  const { stdout } = process;
  if (!stdout.isTTY || process.env["CI"]) return { began() {}, ended() {}, clear() {}, stop() {} };
  const running = new Map<string, number>();
  let isShown = false;
  const clear = () => {
    if (isShown) stdout.write("\r\u001b[2K");
    isShown = false;
  };
  const draw = () => {
    clear();
    if (running.size === 0) return;
    const now = performance.now();
    const steps = [...running].map(([step, began]) => `${step} ${seconds((now - began) / 1000)}`);
    stdout.write(`… ${steps.join(", ")}`.slice(0, (stdout.columns || 80) - 1));
    isShown = true;
  };
  const timer = setInterval(draw, 250).unref();
  return {
    began: (step) => void running.set(step, performance.now()),
    ended: (step) => void running.delete(step),
    clear,
    stop() {
      clearInterval(timer);
      clear();
    },
  };
}

interface RunningLine {
  began(step: string): void;
  ended(step: string): void;
  /** Takes the line away, before something else is printed. */
  clear(): void;
  stop(): void;
}

/** Does one thing that may take longer than a second, and shows on a terminal what it is and for how long. */
export async function during<T>(what: string, work: (now: (what: string) => void) => Promise<T>): Promise<T> {
  const line = runningLine();
  let shown = what;
  line.began(shown);
  try {
    return await work((next) => {
      line.ended(shown);
      line.began((shown = next));
    });
  } finally {
    line.stop();
  }
}
