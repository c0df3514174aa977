/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** Gives every piece of code a button that copies it. */
export function copyButtons(): void {
  for (const frame of document.querySelectorAll(".code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet copy";
    button.textContent = "Copy";
    button.addEventListener("click", () => void copy(frame.querySelector("pre")!, button));
    frame.append(button);
  }
}

async function copy(code: HTMLElement, button: HTMLButtonElement): Promise<void> {
  const done = await navigator.clipboard?.writeText(code.textContent ?? "").then(
    () => true,
    () => false,
  );
  if (!done) {
    // If the page may not use the clipboard, the reader copies the marked text.
    getSelection()?.selectAllChildren(code);
  }
  button.textContent = done ? "Copied" : "Marked";
  setTimeout(() => (button.textContent = "Copy"), 2000);
}
