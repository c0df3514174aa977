import { InputError } from "../../errors.js";
import { type Day, isoDate, parseDay, yesterday } from "./calendar.js";
import type { LandingState } from "./landing-state.js";
import type { EntityName } from "./entity.js";
import { currencyCountries } from "./sales.js";

export interface GenerateOptions {
  /** Gets a folder per entity, such as `orders/`, and `clickstream/`; created if it does not exist. */
  readonly landing: string;
  /** 1 (the default) = 10,000 customers, 1,000 products and 100,000 orders; fractions are allowed. */
  readonly scale?: number;
  /** The same seed gives the same shop, to the byte. Default 1. */
  readonly seed?: number;
  /** First day of the history, `YYYY-MM-DD`. Default 2022-01-01. */
  readonly from?: string;
  /** Last day of the history, `YYYY-MM-DD`. Default yesterday (UTC). */
  readonly to?: string;
  /** Daily increments to add to the folder. Default 0 for an empty folder, otherwise 1, or 0 where no further day is over. */
  readonly days?: number;
  /** Instead of `days`: the last day of the increments, `YYYY-MM-DD`. */
  readonly until?: string;
  /** Share of faulty rows, 0..1, in the files of this call. Default: the rate of the folder's first call, or 0. */
  readonly faults?: number;
  /** What a new shop sells in. Default EUR; a folder keeps its own. */
  readonly currency?: string;
  /** Days of a new shop's history that have events, fewer where these would be more than about 500,000. Default 60. */
  readonly eventDays?: number;
  /** Further currencies of a new shop, such as `["GBP"]`: customers of that country order and pay in it. Default none. */
  readonly currencies?: readonly string[];
  /** Told before each file is written: which one, of how many. */
  readonly onFile?: (file: {
    readonly entity: EntityName | "clickstream";
    /** `YYYY-MM-DD` */
    readonly day: string;
    /** From 1. */
    readonly number: number;
    readonly of: number;
  }) => void;
}

/** 2022-01-01 */
const opening: Day = Date.UTC(2022, 0, 1) / 86_400_000;

/** What the folder must hold after the call, from the options and from what the folder remembers. */
export function plan(options: GenerateOptions, state: LandingState | undefined): LandingState {
  check(options);
  const planned = state === undefined ? begin(options) : proceed(options, state);
  refuseDaysToCome(planned, options, state);
  return planned;
}

/** No shop has sold anything tomorrow, and today is not over: what is written is never later than now. */
function refuseDaysToCome(
  planned: LandingState,
  options: GenerateOptions,
  state: LandingState | undefined,
): void {
  const last = yesterday();
  if (planned.through <= last) return;
  const held = state?.through ?? Math.min(planned.to, last);
  const more = Math.max(0, last - held);
  const asked =
    options.until ?? (options.days === undefined ? isoDate(planned.to) : `--days ${options.days}`);
  throw new InputError(
    `${asked}: ${isoDate(planned.through)} is not over, and nothing is written that is later than now. ` +
      (more > 0
        ? `Give --until ${isoDate(last)}, the last day that is over.`
        : `The next day may come from ${isoDate(Math.max(held, last) + 2)} 00:00 UTC on.`) +
      ` A shop with more days to come begins with an earlier history: give an empty folder and --to.`,
  );
}

function begin(options: GenerateOptions): LandingState {
  const from = day("from", options.from) ?? opening;
  const to = day("to", options.to) ?? yesterday();
  if (from > to) {
    throw new InputError(
      `from (${isoDate(from)}) is after to (${isoDate(to)}): give a from on or before ${isoDate(to)}.`,
    );
  }
  const { scale = 1, seed = 1, days = 0, faults = 0 } = options;
  const { currency = "EUR", currencies = [], eventDays = 60 } = options;
  return {
    seed,
    scale,
    from,
    to,
    through: lastDay(options, to) ?? to + days,
    faults,
    currency,
    currencies: further(currencies, currency),
    eventDays,
  };
}

function proceed(options: GenerateOptions, state: LandingState): LandingState {
  for (const [name, given, kept] of [
    ["seed", options.seed, state.seed],
    ["scale", options.scale, state.scale],
    ["from", options.from, isoDate(state.from)],
    ["to", options.to, isoDate(state.to)],
    ["event days", options.eventDays, state.eventDays],
    [
      "currencies",
      options.currencies && further(options.currencies, state.currency).join(),
      state.currencies.join(),
    ],
  ] as const) {
    if (given !== undefined && given !== kept) {
      throw new InputError(
        `${name} is ${given}, but ${options.landing} was generated with ${name} ${kept}: ` +
          `leave ${name} out to continue that shop, or give an empty folder.`,
      );
    }
  }
  const next = state.through < yesterday() ? 1 : 0;
  return { ...state, through: lastDay(options, state.through) ?? state.through + (options.days ?? next) };
}

/** The currencies beside the shop's own, each once. */
const further = (currencies: readonly string[], own: string) =>
  [...new Set(currencies)].filter((code) => code !== own);

/** The day that `until` names; undefined without it. */
function lastDay(options: GenerateOptions, reached: Day): Day | undefined {
  const until = day("until", options.until);
  if (until === undefined) return undefined;
  if (options.days !== undefined) throw new InputError("Give days or until, not both.");
  if (until < reached)
    throw new InputError(`until is ${options.until}, but the exports reach to ${isoDate(reached)} already.`);
  return until;
}

function check(options: GenerateOptions): void {
  const { scale, seed, days, faults, eventDays } = options;
  if (scale !== undefined && !(scale > 0 && scale <= 1000)) {
    throw new InputError(`scale is ${scale}: give a number above 0 and up to 1000, such as 0.01 or 1.`);
  }
  if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff)) {
    throw new InputError(`seed is ${seed}: give a whole number from 0 to 4294967295.`);
  }
  if (days !== undefined && !(Number.isInteger(days) && days >= 0 && days <= 3660)) {
    throw new InputError(`days is ${days}: give a whole number of days from 0 to 3660.`);
  }
  if (eventDays !== undefined && !(Number.isInteger(eventDays) && eventDays >= 1 && eventDays <= 3660)) {
    throw new InputError(`event days is ${eventDays}: give a whole number of days from 1 to 3660.`);
  }
  if (faults !== undefined && !(faults >= 0 && faults <= 1)) {
    throw new InputError(`faults is ${faults}: give a rate from 0 to 1, such as 0.02 for 2 % faulty rows.`);
  }
  for (const code of options.currencies ?? [])
    if (currencyCountries[code] === undefined) {
      throw new InputError(
        `currencies names ${code}: give some of ${Object.keys(currencyCountries).join(", ")}; the others' customers pay in the shop's own.`,
      );
    }
  day("from", options.from);
  day("to", options.to);
}

function day(name: "from" | "to" | "until", text: string | undefined): Day | undefined {
  if (text === undefined) return undefined;
  const parsed = parseDay(text);
  if (parsed === undefined || parsed < 0) {
    throw new InputError(`${name} is "${text}": give a date from 1970 on as YYYY-MM-DD, such as 2026-03-01.`);
  }
  return parsed;
}

/** A written file of exports or events. */
export interface GeneratedFile {
  readonly entity: EntityName | "clickstream";
  /** Within the landing folder. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

/** What one call wrote. */
export interface GenerateReport {
  /** The files that this call wrote, oldest first. */
  readonly files: readonly GeneratedFile[];
  /** First day of the history, and the last day for which the folder now holds exports. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
  /** Faulty rows written, by kind; all zero on clean exports. */
  readonly faults: Readonly<Record<string, number>>;
}
