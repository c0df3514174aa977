/**
 * Makes a drawing one that stands still, as in Jupyter: nothing there answers a button, so columns are only called by their names. Jupyter
 * aligns all cells of tables to the right, so each says its own side.
 */
export function standStill(drawn: HTMLElement): void {
  for (const button of drawn.querySelectorAll(".actions, .more, .found")) button.remove();
  for (const button of drawn.querySelectorAll("th button")) button.replaceWith(button.textContent ?? "");
  for (const cell of drawn.querySelectorAll("th, td")) {
    const side = `text-align:${cell.classList.contains("number") ? "right" : "left"}`;
    cell.setAttribute("style", [cell.getAttribute("style"), side].filter(Boolean).join(";"));
  }
}
