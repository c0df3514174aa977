import type { Html } from "./html.js";
import { kernel } from "./kernels.js";
import { noteHtml, outcomeHtml, passedHtml, textsHtml } from "./outcome-html.js";
import type { Display } from "./outcome.js";
import { outcomeText } from "./outcome-text.js";
import { passedText } from "./words.js";

/** The names that the notebook's cells have declared, with their values. None outside a kernel. */
export const notebookNames = async (): Promise<Readonly<Record<string, unknown>>> =>
  (await kernel()?.names()) ?? {};

/** Whether this process is a Jupyter kernel. */
export const inKernel = () => kernel() !== undefined;

/** Shows HTML below the cell. Does nothing outside a kernel. */
export const showHtml = async (html: Html): Promise<void> => kernel()?.showHtml(String(html));

/** Shows below the cell in Jupyter, and as text on the console in any other process. */
export function kernelDisplay(): Display {
  if (!inKernel()) {
    const print = (text: string) => void (text && console.log(text));
    return {
      outcome: async (outcome) => print(outcomeText(outcome)),
      note: (message) => console.error(message),
      passed: async (test) => print(`✓ ${test.expected.table}: ${passedText(test)}`),
      texts: async (passages) => print(passages.map(({ title, text }) => `${title}:\n${text}`).join("\n\n")),
    };
  }
  const show = async (html: Html | undefined) => html && showHtml(html);
  return {
    outcome: (outcome) => show(outcomeHtml(outcome)),
    note: (message) => void show(noteHtml(message)),
    passed: (test) => show(passedHtml(test)),
    texts: (passages) => show(textsHtml(passages)),
  };
}
