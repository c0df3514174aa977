import type { Choice, Control, Period } from "../control.js";
import { element } from "./dom.js";

/**
 * A control made of the browser's own elements, so that it works as keyboards and screen readers expect.
 *
 * @param listen whether a change sets the control's state
 */
export function controlElement(control: Control, document: Document, listen: boolean): HTMLElement {
  return control.kind === "period"
    ? periodElement(control as Period, document, listen)
    : control.kind === "radio"
      ? radioElement(control as Choice, document, listen)
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
  if (listen) select.addEventListener("change", () => (control.state.value = select.value));
  return element(
    document,
    "div",
    { class: "control" },
    element(document, "label", { for: `control-${key}` }, label),
    select,
  );
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
    ["from", "From", days.from < control.bounds()[0] ? first! : iso(days.from)],
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
  const [from, to] = dates.map(({ input }) => input);
  const changed = () => {
    if (!from!.value || !to!.value) return;
    // While a year is typed, it may be one for which the shop has no data.
    if (from!.value < first! || to!.value > last!) return;
    const [start, end] = [from!.value, to!.value].toSorted();
    state.value = `${start}_${end}`;
  };
  if (listen) for (const { input } of dates) input.addEventListener("change", changed);
  return element(
    document,
    "div",
    { class: "control period" },
    segments(control, options, document, listen),
    element(document, "div", { class: "dates" }, ...dates.flatMap(({ input, label }) => [label, input])),
  );
}

function segments(
  { key, label, state }: Control,
  options: readonly { text: string; value: string; checked: boolean }[],
  document: Document,
  listen: boolean,
): HTMLElement {
  const choices = options.map(({ text, value, checked }) => {
    const input = element(document, "input", {
      type: "radio",
      name: key,
      value,
      checked,
      "data-focus": `${key}-${value}`,
    });
    if (listen) input.addEventListener("change", () => (state.value = value));
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
