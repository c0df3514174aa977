/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/**
 * Zooming and moving. The graph is in a frame that scrolls, so arrow keys, touch and the wheel move it; dragging with
 * the mouse does too. Plus, minus and 0 zoom, as does the wheel with Ctrl.
 */
export function zoomTools(frame: HTMLElement): void {
  const canvas = frame.querySelector<HTMLElement>(".canvas")!;
  const svg = canvas.querySelector("svg")!;
  const { width, height } = svg.viewBox.baseVal;
  let scale = 1;
  const zoom = (to: number) => {
    const before = scale;
    scale = Math.min(3, Math.max(0.25, to));
    const [x, y] = [canvas.scrollLeft + canvas.clientWidth / 2, canvas.scrollTop + canvas.clientHeight / 2];
    svg.setAttribute("width", String(width * scale));
    svg.setAttribute("height", String(height * scale));
    canvas.scrollTo(
      (x * scale) / before - canvas.clientWidth / 2,
      (y * scale) / before - canvas.clientHeight / 2,
    );
  };
  const steps: Readonly<Record<string, () => void>> = {
    in: () => zoom(scale * 1.25),
    out: () => zoom(scale / 1.25),
    fit: () => zoom((canvas.clientWidth - 2) / width),
  };
  const keys: Readonly<Record<string, string>> = { "+": "in", "=": "in", "-": "out", "0": "fit" };
  canvas.addEventListener("keydown", (event) => {
    const step = steps[keys[event.key] ?? ""];
    if (!step || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    step();
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(scale * Math.exp(-event.deltaY / 300));
    },
    { passive: false },
  );
  for (const button of frame.querySelectorAll<HTMLElement>("[data-zoom]"))
    button.addEventListener("click", () => steps[button.dataset["zoom"]!]!());
  dragToMove(canvas);
  frame.querySelector<HTMLElement>(".tools")!.hidden = false;
  // On a phone the whole graph would be too small to read.
  if (canvas.clientWidth > 700) steps["fit"]!();
}

function dragToMove(canvas: HTMLElement): void {
  let start: { x: number; y: number; left: number; top: number } | undefined;
  let moved = false;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    start = { x: event.clientX, y: event.clientY, left: canvas.scrollLeft, top: canvas.scrollTop };
    moved = false;
  });
  addEventListener("pointermove", (event) => {
    if (!start) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    if (Math.abs(x) + Math.abs(y) > 4) moved = true;
    if (moved) canvas.scrollTo(start.left - x, start.top - y);
  });
  addEventListener("pointerup", () => (start = undefined));
  // The end of a drag must not choose a table, and a table's link must not be dragged out of the page.
  canvas.addEventListener("click", (event) => moved && event.preventDefault(), { capture: true });
  canvas.addEventListener("dragstart", (event) => event.preventDefault());
}
