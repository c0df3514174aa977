import { batch, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals-core";
import { choiceWords, isStep, type Control } from "../control.js";
import type { Drawing } from "../drawing.js";
import { controlElement, keptAsItIs } from "../render/controls.js";
import { fileNameOf } from "../render/csv.js";
import { failureElement } from "../render/failure-element.js";
import type { BlockState } from "../render/surface.js";
import { Pending, SnapshotError } from "../snapshot.js";

/** Draws into a block, and again when something that `draw` has read changes. Before, the prerendered content stays. */
export function displayBlock(
  block: HTMLElement,
  draw: () => Drawing,
  width: ReadonlySignal<number>,
  about: () => string,
): void {
  const state: BlockState = {};
  const clicks: Signal<number> = signal(0);
  const again = () => void clicks.value++;
  const name = blockName(block);
  const link = () => {
    const url = new URL(location.href);
    url.searchParams.set("only", name);
    return url.href;
  };
  let isWanted = false;
  effect(() => {
    void width.value;
    void clicks.value;
    // Hidden, since another part stands alone.
    if (block.clientWidth === 0 && !block.hidden) return;
    isWanted ||= isStep && Boolean(block.hidden);
    try {
      const drawing = draw();
      block.hidden = drawing.hidden ?? false;
      const room = block.querySelector(".plot")?.clientWidth ?? block.clientWidth - frame;
      replace(
        block,
        drawing.element({
          document,
          width: room,
          state,
          again,
          about: () => ({ choices: choices(), source: about(), link: link() }),
        }),
      );
      block.removeAttribute("data-failed");
      // What a click has brought onto the page is to be seen.
      if (isWanted && !block.hidden) block.scrollIntoView({ block: "nearest", behavior: "smooth" });
      isWanted = false;
    } catch (error) {
      if (error instanceof Pending) return;
      if (!(error instanceof SnapshotError)) console.error(error);
      const message = error instanceof SnapshotError ? error.message : "Its data is not as it should be.";
      replace(block, failureElement(document, message));
      block.setAttribute("data-failed", "");
    }
  });
}

/** A block is called by the question that it has at first, whatever the reader chooses. */
const blockName = (block: Element) => fileNameOf(block.querySelector("h3")?.textContent ?? "");

/** Shows one part of the page alone, as the address asks with `?only=`: for a frame in another page. */
export function showOnly(blocks: readonly HTMLElement[]): void {
  const only = new URLSearchParams(location.search).get("only");
  const block = blocks.find((one) => only !== null && blockName(one) === only);
  if (!block) return;
  block.setAttribute("data-only", "");
  block.querySelector(".source")?.setAttribute("target", "_blank");
  document.documentElement.setAttribute("data-only", "");
}

/** What a figure's padding and border take of its block's width. */
const frame = 42;

const controls: Control[] = [];

/** What the reader has chosen, in words. */
const choices = () => controls.filter((control) => !control.isHidden()).map(choiceWords);

/** Connects a control with the page's address: its first choice comes from there, and later choices go there. */
export function bindControl(block: HTMLElement, control: Control): void {
  if (controls.length === 0) addEventListener("popstate", () => batch(() => controls.forEach(readAddress)));
  controls.push(control);
  readAddress(control);
  effect(() => {
    void control.state.value;
    writeAddress();
  });
  // What is prerendered has no listeners; what stands here after the first time has.
  let listens = false;
  effect(() => {
    try {
      const element = controlElement(control, document, true);
      block.hidden = control.isHidden();
      if (!listens || !renewed(block.firstElementChild, element)) replace(block, element);
      listens = true;
    } catch (error) {
      if (!(error instanceof Pending || error instanceof SnapshotError)) throw error;
    }
  });
}

function readAddress({ key, state, initial }: Control): void {
  state.value = new URLSearchParams(location.search).get(key) ?? initial;
}

function writeAddress(): void {
  const url = new URL(location.href);
  for (const { key, state, initial } of controls) {
    const value = state.peek();
    if (value === initial) url.searchParams.delete(key);
    else url.searchParams.set(key, value);
  }
  if (url.href === location.href) return;
  if (isStep) history.pushState(undefined, "", url);
  else history.replaceState(undefined, "", url);
}

/**
 * Makes an element as another is, without replacing what the reader is using: the field with the focus keeps what is typed.
 *
 * @returns whether it could: both must have the same elements
 */
function renewed(old: Element | null, next: Element): boolean {
  if (!old || !isAlike(old, next)) return false;
  if (old.hasAttribute(keptAsItIs)) return true;
  for (const name of ["min", "max"])
    if (next.hasAttribute(name)) old.setAttribute(name, next.getAttribute(name)!);
  if (old instanceof HTMLInputElement && next instanceof HTMLInputElement) {
    old.checked = next.checked;
    if (old !== document.activeElement) old.value = next.value;
  }
  if (old instanceof HTMLOptionElement && next instanceof HTMLOptionElement) old.value = next.value;
  if (old.children.length === 0 && old.textContent !== next.textContent) old.textContent = next.textContent;
  for (const [index, child] of [...old.children].entries()) renewed(child, next.children[index]!);
  if (old instanceof HTMLSelectElement && next instanceof HTMLSelectElement) old.value = next.value;
  return true;
}

function isAlike(one: Element, other: Element): boolean {
  if (one.hasAttribute(keptAsItIs)) return other.hasAttribute(keptAsItIs);
  const [ours, theirs] = [one.children, other.children];
  return (
    one.tagName === other.tagName &&
    one.getAttribute("data-focus") === other.getAttribute("data-focus") &&
    ours.length === theirs.length &&
    [...ours].every((child, index) => isAlike(child, theirs[index]!))
  );
}

/** Puts a new element into a block; keyboard focus and scroll position are kept. */
function replace(block: HTMLElement, node: HTMLElement): void {
  const focused = document.activeElement;
  const name = focused && block.contains(focused) ? focused.getAttribute("data-focus") : null;
  const scrolled = block.querySelector(".scroll")?.scrollLeft ?? 0;
  block.replaceChildren(node, ...block.querySelectorAll(":scope > .source"));
  if (name !== null)
    block.querySelector<HTMLElement>(`[data-focus="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
  const scroll = block.querySelector(".scroll");
  if (scroll && scrolled > 0) scroll.scrollLeft = scrolled;
}
