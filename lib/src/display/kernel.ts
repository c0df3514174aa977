import type { Html } from "./html.js";
import { noteHtml, outcomeHtml, passedHtml, textsHtml } from "./outcome-html.js";
import type { Display } from "./outcome.js";
import { outcomeText } from "./outcome-text.js";
import { passedText } from "./words.js";

/** What tslab puts into the global scope of its kernel. */
interface Tslab {
  readonly require: (id: "tslab") => { readonly display: { html(html: string): void } };
  /** The notebook's own names, as they are now. */
  readonly exports: Readonly<Record<string, unknown>>;
}

const tslab = (): Tslab | undefined => {
  const { __tslab__: found } = globalThis as { __tslab__?: Tslab };
  return found;
};

/** The names that the notebook's cells have declared, with their values. None outside a kernel. */
export const notebookNames = (): Readonly<Record<string, unknown>> => tslab()?.exports ?? {};

/** Whether this process is a Jupyter kernel. */
export const inKernel = () => tslab() !== undefined;

/** Shows HTML below the cell. Does nothing outside a kernel. */
export const showHtml = (html: Html): void => tslab()?.require("tslab").display.html(String(html));

/** Shows below the cell in Jupyter, and as text on the console in any other process. */
export function kernelDisplay(): Display {
  const kernel = tslab();
  if (!kernel) {
    const print = (text: string) => text && console.log(text);
    return {
      outcome: (outcome) => print(outcomeText(outcome)),
      note: (message) => console.error(message),
      passed: (test) => print(`✓ ${test.expected.table}: ${passedText(test)}`),
      texts: (passages) => print(passages.map(({ title, text }) => `${title}:\n${text}`).join("\n\n")),
    };
  }
  const show = (html: Html | undefined) => html && showHtml(html);
  return {
    outcome: (outcome) => show(outcomeHtml(outcome)),
    note: (message) => show(noteHtml(message)),
    passed: (test) => show(passedHtml(test)),
    texts: (passages) => show(textsHtml(passages)),
  };
}
