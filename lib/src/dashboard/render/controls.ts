import { choose, step, type Choice, type Control, type Period } from "../control.js";
import { element } from "./dom.js";

/**
 * A control made of the browser's own elements, so that it works as keyboards and screen readers expect.
 *
 * @param listen whether a change sets the control's state
 */
export function controlElement(control: Control, document: Document, listen: boolean): HTMLElement {
  if (control.isHidden()) return element(document, "div");
  return control.kind === "period"
    ? periodElement(control as Period, document, listen)
    : control.kind === "radio"
      ? radioElement(control as Choice, document, listen)
      : control.kind === "drill"
        ? pathElement(control as Choice, document, listen)
        : selectElement(control as Choice, document, listen);
}

function selectElement(control: Choice, document: Document, listen: boolean): HTMLElement {
  const { key, label, value } = control;
  const select = element(
    document,
    "select",
    { id: `control-${key}`, "data-focus": key },
    ...control
      .options()
      .map((text) => element(document, "option", { value: text, selected: text === value }, text)),
  ) as HTMLSelectElement;
  if (listen) select.addEventListener("change", () => choose(control, select.value));
  return element(
    document,
    "div",
    { class: "control" },
    element(document, "label", { for: `control-${key}` }, label),
    element(document, "span", { class: "chip" }, select, takeAway(control, document, control.words(value))),
  );
}

/** The way from the whole to the detail that is chosen. */
function pathElement(control: Choice, document: Document, listen: boolean): HTMLElement {
  const levels: Choice[] = [];
  for (let level: Choice | undefined = control; level; level = level.within) levels.unshift(level);
  const chosen = levels.filter(({ value, initial }) => value !== initial);
  // The first step is the whole, whatever is chosen of it.
  const steps = [
    { level: levels[0]!, value: levels[0]!.initial, words: control.initial },
    ...chosen.map((level) => ({ level, value: level.value, words: level.words(level.value) })),
  ];
  const items = steps.map(({ level, value, words }, index) => {
    const isLast = index === steps.length - 1;
    const node = element(
      document,
      isLast || !listen ? "span" : "button",
      isLast ? { "aria-current": "true" } : { type: "button", class: "quiet", "data-focus": control.key },
      words,
    );
    if (!isLast) node.addEventListener("click", () => step(level, value));
    return element(document, "li", {}, node);
  });
  return element(
    document,
    "div",
    {
      role: "group",
      class: "control path",
      tabindex: -1,
      "data-focus": control.key,
      "aria-label": `Path to: ${control.label}`,
    },
    element(document, "ol", {}, ...items),
    takeAway(control, document, control.words(control.value)),
  );
}

/** A button that takes a choice away; none where nothing is chosen. */
function takeAway(control: Choice, document: Document, words: string): HTMLElement | undefined {
  const { key, label, value, initial, isSet } = control;
  if (!isSet.value || value === initial) return undefined;
  // What it stands in takes the focus when it is gone.
  const button = element(
    document,
    "button",
    { type: "button", class: "away", "data-focus": key, "aria-label": `Take away ${label}: ${words}` },
    "×",
  );
  button.addEventListener("click", () => step(control, initial));
  return button;
}

function radioElement(control: Choice, document: Document, listen: boolean): HTMLElement {
  const options = control.options().map((text) => ({ text, value: text, checked: text === control.value }));
  return segments(control, options, document, listen);
}

/** Presets as segments, and two dates for any other range. */
function periodElement(control: Period, document: Document, listen: boolean): HTMLElement {
  const { key, state, presets, value: days } = control;
  const [first, last] = control.bounds().map(iso);
  const options = [
    ...presets.map((count) => ({ text: `${count} days`, value: `${count}d` })),
    { text: "All", value: "all" },
  ].map((option) => ({ ...option, checked: option.value === state.value }));
  const dates = [
    ["from", "From", iso(days.from)],
    ["to", "to", iso(days.to)],
  ].map(([name, label, value]) => {
    const id = `control-${key}-${name}`;
    const input = element(document, "input", {
      type: "date",
      id,
      value,
      min: first,
      max: last,
      required: true,
      "data-focus": id,
    });
    return { input: input as HTMLInputElement, label: element(document, "label", { for: id }, label!) };
  });
  // An address may name days that the data does not have.
  const wanted = state.value.includes("_") ? state.value.split("_") : [];
  const hint = element(
    document,
    "span",
    { class: "hint", role: "status", [keptAsItIs]: "" },
    outside(wanted, [first!, last!]),
  );
  if (listen)
    listenToDates(control, dates.map(({ input }) => input) as [HTMLInputElement, HTMLInputElement], hint);
  return element(
    document,
    "div",
    { class: "control period" },
    segments(control, options, document, listen, () => (hint.textContent = "")),
    element(
      document,
      "div",
      { class: "dates" },
      ...dates.flatMap(({ input, label }) => [label, input]),
      hint,
    ),
  );
}

/**
 * A browser tells of a change with each digit that makes a date, so "2026" would be applied as the year 2. A typed date
 * counts when its field is left or Enter is pressed, one from the calendar at once. A day without data becomes the nearest that has.
 */
function listenToDates(
  { state, bounds }: Period,
  [from, to]: readonly [HTMLInputElement, HTMLInputElement],
  hint: HTMLElement,
): void {
  let isTyped = false;
  const apply = () => {
    isTyped = false;
    if (!from.value || !to.value) return;
    const [first, last] = bounds().map(iso) as [string, string];
    const wanted = [from.value, to.value].toSorted();
    const [start, end] = wanted.map((date) => (date < first ? first : date > last ? last : date)) as [
      string,
      string,
    ];
    hint.textContent = outside(wanted, [first, last]);
    [from.value, to.value] = [start, end];
    state.value = `${start}_${end}`;
  };
  for (const input of [from, to]) {
    input.addEventListener("keydown", ({ key }) => {
      if (key !== "Enter") isTyped ||= key !== "Tab";
      else if (isTyped) apply();
    });
    // Before the calendar opens, what was typed counts.
    input.addEventListener("pointerdown", () => {
      if (isTyped) apply();
    });
    input.addEventListener("change", () => {
      if (!isTyped) apply();
    });
    input.addEventListener("blur", () => {
      if (isTyped) apply();
    });
  }
}

/** What a reader is told who asks for days before the first or after the last one with data. */
const outside = (wanted: readonly string[], [first, last]: readonly [string, string]): string =>
  [
    wanted.some((date) => date < first) && `the first day is ${first}`,
    wanted.some((date) => date > last) && `the newest day is ${last}`,
  ]
    .filter(Boolean)
    .join(", ");

/** An element whose content only its control's own listeners set. */
export const keptAsItIs = "data-kept";

function segments(
  control: Control,
  options: readonly { text: string; value: string; checked: boolean }[],
  document: Document,
  listen: boolean,
  onChoice: () => void = () => undefined,
): HTMLElement {
  const { key, label } = control;
  const choices = options.map(({ text, value, checked }) => {
    const input = element(document, "input", {
      type: "radio",
      name: key,
      value,
      checked,
      "data-focus": `${key}-${value}`,
    });
    if (listen)
      input.addEventListener("change", () => {
        onChoice();
        choose(control, value);
      });
    return element(document, "label", {}, input, element(document, "span", {}, text));
  });
  return element(
    document,
    "fieldset",
    { class: "control" },
    element(document, "legend", {}, label),
    element(document, "div", { class: "segments" }, ...choices),
  );
}

const iso = (date: Date) => date.toISOString().slice(0, 10);
