import { setTimeout as sleep } from "node:timers/promises";

/** What can be made to go wrong with a warehouse, for tests. */
export class Faults {
  #stoppedUntil = 0;
  #how: "session" | "503" = "session";
  #refuses = false;
  #delay = 0;
  #dropAfter = Infinity;
  #failures: { pattern: RegExp; error: string; times: number }[] = [];
  #dropAll: () => Promise<void> = async () => undefined;

  /**
   * The warehouse is stopped and takes so many seconds to start. Meanwhile it opens sessions whose statements fail, or
   * answers 503.
   */
  stop(seconds: number, how: "session" | "503" = "session"): void {
    this.#stoppedUntil = Date.now() + seconds * 1000;
    this.#how = how;
  }

  /** Every token is refused. */
  refuseToken(refuses = true): void {
    this.#refuses = refuses;
  }

  /** Each statement takes so many milliseconds longer. */
  slow(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** The session ends before its next statement but `statements`. */
  dropSession(statements = 0): void {
    this.#dropAfter = statements;
  }

  /** All sessions end now. */
  dropAll(): Promise<void> {
    return this.#dropAll();
  }

  /** The next statements that match fail with this message, so many times. */
  fail(pattern: RegExp, error: string, times = 1): void {
    this.#failures.push({ pattern, error, times });
  }

  reset(): void {
    this.#stoppedUntil = 0;
    this.#refuses = false;
    this.#delay = 0;
    this.#dropAfter = Infinity;
    this.#failures = [];
  }

  isStopped(): boolean {
    return Date.now() < this.#stoppedUntil;
  }

  answers503(): boolean {
    return this.isStopped() && this.#how === "503";
  }

  refusesToken(): boolean {
    return this.#refuses;
  }

  async delay(): Promise<void> {
    if (this.#delay) await sleep(this.#delay);
  }

  async beforeStatement(drop: () => Promise<void>): Promise<void> {
    if (this.#dropAfter-- > 0) return;
    this.#dropAfter = Infinity;
    await drop();
  }

  errorFor(statement: string): string | undefined {
    const failure = this.#failures.find(({ pattern, times }) => times > 0 && pattern.test(statement));
    if (failure) failure.times--;
    return failure?.error;
  }

  onDrop(drop: () => Promise<void>): void {
    this.#dropAll = drop;
  }
}
