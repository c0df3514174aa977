import { parseArgs } from "node:util";

/** A number that a command takes. */
interface NumberOption {
  readonly default: number;
  readonly from: number;
  readonly to: number;
  /** Whether it may have a fraction. */
  readonly fraction?: boolean;
}

/** Where a service listens. */
export const portOf = (standard: number): NumberOption => ({ default: standard, from: 1, to: 65_535 });

/** What a person asked a service's command for. Ends the program for what it does not understand, and after help. */
export function wanted<
  const Numbers extends Readonly<Record<string, NumberOption>>,
  Flag extends string = never,
>(
  usage: string,
  numbers: Numbers,
  flags: readonly Flag[] = [],
): { [Name in keyof Numbers]: number } & { [Name in Flag]: boolean } {
  try {
    const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
      help: { type: "boolean", short: "h" },
    };
    for (const name of Object.keys(numbers)) options[name] = { type: "string" };
    for (const name of flags) options[name] = { type: "boolean" };
    const { values } = parseArgs({ options });
    if (values["help"]) {
      console.log(usage);
      process.exit(0);
    }
    const given = Object.entries(numbers).map(([name, option]) => [
      name,
      numberOf(name, option, values[name]),
    ]);
    return Object.fromEntries([...given, ...flags.map((name) => [name, values[name] === true])]) as never;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return process.exit(2);
  }
}

function numberOf(name: string, option: NumberOption, given: unknown): number {
  if (given === undefined) return option.default;
  const { from, to, fraction = false } = option;
  const value = Number(given);
  if (value >= from && value <= to && (fraction || /^\d+$/.test(String(given)))) return value;
  console.error(
    `--${name} ${String(given)}: give a ${fraction ? "" : "whole "}number from ${from} to ${to}.`,
  );
  return process.exit(2);
}

/** Ends a service at Ctrl-C, which may come twice, from the terminal and from tsx: the second must not end this before the service has ended. */
export function endAtCtrlC(stop: () => Promise<void>): void {
  let stopping: Promise<void> | undefined;
  const end = () => void (stopping ??= stop().then(() => process.exit(0)));
  process.on("SIGINT", end).on("SIGTERM", end);
}
