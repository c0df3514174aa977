import { batch, computed, signal, type Signal } from "@preact/signals-core";
import { written } from "./format.js";

/** What the reader sets. `state` is the choice as the page's address holds it, `initial` the first choice. */
export interface Control<Key extends string = string> {
  readonly kind: "select" | "radio" | "drill" | "period";
  /** Its name in the page's address. */
  readonly key: Key;
  readonly label: string;
  readonly state: Signal<string>;
  readonly initial: string;
  /** The controls a level below, which begin anew when this one is set. */
  readonly below: Control[];
  /** Whether it is left out, since there is nothing to choose. */
  readonly isHidden: () => boolean;
}

interface Named<Key extends string = string> {
  readonly key: Key;
  readonly label: string;
}

/** One of several texts. The bars, segments and rows of a drawing that `sets` it choose by their column called as its key. */
export interface Choice<Key extends string = string> extends Control<Key> {
  readonly kind: "select" | "radio" | "drill";
  readonly options: () => readonly string[];
  /** The text chosen; the initial one if the address names no option. */
  readonly value: string;
  /** An option as the reader sees it. */
  readonly words: (option: string) => string;
  /** Whether a drawing sets it: then a cross beside it takes the choice away. */
  readonly isSet: Signal<boolean>;
  /** The level above. */
  readonly within?: Choice | undefined;
}

/** A range of whole UTC days. */
export interface Days {
  readonly from: Date;
  /** The last day, included. */
  readonly to: Date;
  readonly length: number;
  contains(day: Date): boolean;
  /** The same number of days just before. */
  readonly before: Days;
  /** The same days of the year before. */
  readonly yearBefore: Days;
  /** "23 Aug – 20 Nov 2026" */
  readonly words: string;
}

export interface Period extends Control {
  readonly kind: "period";
  /** Choices by their number of days. */
  readonly presets: readonly number[];
  /** First and last day with data. */
  readonly bounds: () => readonly [Date, Date];
  readonly value: Days;
}

/** Controls, called as in Observable Framework where it has the same. */
export const Inputs = {
  /** A drop-down list. @param options may read snapshots; the first one is the initial choice */
  select: <const Key extends string>(
    options: () => readonly string[],
    given: Named<Key> & { value: string },
  ) => choice("select", options, given),

  /** All options are visible: for a few options. @param given `hidden` leaves it out where there is nothing to choose */
  radio: <const Key extends string>(
    options: () => readonly string[],
    given: Named<Key> & { value: string; hidden?: () => boolean },
  ) => choice("radio", options, given),

  /**
   * A level of detail below another choice, which the reader reaches by a click on a bar or a row that `sets` it. It shows the way
   * to it, from the whole to the detail, and each step of it leads back.
   *
   * @param options may read snapshots; there may be thousands
   * @param words what an option is called, where it is a number
   */
  drill: <const Key extends string>(
    options: () => readonly string[],
    given: Named<Key> & { value: string; within: Choice; words?: (option: string) => string },
  ) => choice("drill", options, given),

  /** The last N days, everything, or from one day to another. @param bounds first and last day with data */
  period(
    bounds: () => readonly [Date, Date],
    given: Named & { presets: readonly number[]; value: number },
  ): Period {
    const { key, label, presets } = given;
    const initial = `${given.value}d`;
    const state = signal(initial);
    const value = computed(() => daysOf(state.value, bounds()) ?? daysOf(initial, bounds())!);
    return {
      kind: "period",
      key,
      label,
      state,
      initial,
      below: [],
      isHidden: () => false,
      presets,
      bounds,
      get value() {
        return value.value;
      },
    };
  },
};

function choice<Key extends string>(
  kind: Choice["kind"],
  options: () => readonly string[],
  given: Named<Key> & {
    value: string;
    within?: Choice;
    words?: (option: string) => string;
    hidden?: () => boolean;
  },
): Choice<Key> {
  const { key, label, value: initial, within, words = String, hidden = () => false } = given;
  const state = signal(initial);
  const all = computed(options);
  const known = computed(() => new Set(all.value));
  const value = computed(() => (known.value.has(state.value) ? state.value : initial));
  const made: Choice<Key> = {
    kind,
    key,
    label,
    options: () => all.value,
    state,
    initial,
    below: [],
    isHidden: hidden,
    isSet: signal(false),
    within,
    words: (option) => (option === initial ? option : words(option)),
    get value() {
      return value.value;
    },
  };
  within?.below.push(made);
  return made;
}

/** Sets what the reader has chosen; the levels below it begin anew. */
export function choose({ state, below }: Control, value: string): void {
  batch(() => {
    state.value = value;
    for (const control of below) choose(control, control.initial);
  });
}

/** Whether what changes now is a step that the browser's Back undoes. */
export let isStep = false;

/** As `choose`, as a step of its own. */
export function step(control: Control, value: string): void {
  isStep = true;
  choose(control, value);
  isStep = false;
}

/** A click on what stands for an option chooses it, and on the one that is chosen takes the choice away. */
export const toggle = (control: Choice, value: string): void =>
  step(control, control.value === value ? control.initial : value);

/** "Category: Books" */
export const choiceWords = (control: Control): string =>
  `${control.label}: ${control.kind === "period" ? (control as Period).value.words : (control as Choice).words((control as Choice).value)}`;

const day = 86_400_000;

/** The days with data that a state names: `90d`, `all` or `2026-01-01_2026-03-31`. Undefined if it names none. */
function daysOf(state: string, bounds: readonly [Date, Date]): Days | undefined {
  const [first, last] = bounds;
  if (state === "all") return daysFrom(first, last);
  const count = Number(/^(\d{1,5})d$/.exec(state)?.[1] ?? 0);
  if (count > 0) return daysWithin(bounds, new Date(+last - (count - 1) * day), last);
  const [, from, to] = /^(\d{4}-\d{2}-\d{2})_(\d{4}-\d{2}-\d{2})$/.exec(state) ?? [];
  if (!from || !to) return undefined;
  const range = [new Date(`${from}T00:00:00Z`), new Date(`${to}T00:00:00Z`)] as const;
  return range.some((date) => Number.isNaN(+date)) || range[0] > range[1]
    ? undefined
    : daysWithin(bounds, ...range);
}

/** Days outside the data become the nearest that has some. */
function daysWithin([first, last]: readonly [Date, Date], ...range: readonly [Date, Date]): Days {
  const [from, to] = range.map((date) => (date < first ? first : date > last ? last : date)) as [Date, Date];
  return daysFrom(from, to);
}

/** The 29th of February becomes the 28th. */
function yearEarlier(date: Date): Date {
  const [year, month] = [date.getUTCFullYear() - 1, date.getUTCMonth()];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month, Math.min(date.getUTCDate(), last)));
}

function daysFrom(from: Date, to: Date): Days {
  const length = Math.round((+to - +from) / day) + 1;
  return {
    from,
    to,
    length,
    contains: (date) => date >= from && date <= to,
    get before() {
      return daysFrom(new Date(+from - length * day), new Date(+from - day));
    },
    get yearBefore() {
      return daysFrom(yearEarlier(from), yearEarlier(to));
    },
    words:
      from.getTime() === to.getTime()
        ? written(from, "date")
        : `${written(from, "date")} – ${written(to, "date")}`,
  };
}
