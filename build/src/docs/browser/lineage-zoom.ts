/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

interface Zoom {
  /** Shows a graph of this size as large as its text is readable, and a place in it in the middle. */
  readonly begin: (size: { width: number; height: number }, middle?: Element) => void;
}

/**
 * Zooming and moving. The graph is in a frame that scrolls, so arrow keys, touch and the wheel move it; dragging with
 * the mouse does too. Plus, minus and 0 zoom, as do two fingers and the wheel with Ctrl.
 */
export function zoomTools(frame: HTMLElement): Zoom {
  const canvas = frame.querySelector<HTMLElement>(".canvas")!;
  const svg = canvas.querySelector("svg")!;
  let size = { width: 0, height: 0 };
  let scale = 1;
  const zoom = (to: number) => {
    const before = scale;
    scale = Math.min(3, Math.max(0.25, to));
    const [x, y] = [canvas.scrollLeft + canvas.clientWidth / 2, canvas.scrollTop + canvas.clientHeight / 2];
    svg.setAttribute("width", String(size.width * scale));
    svg.setAttribute("height", String(size.height * scale));
    canvas.scrollTo(
      (x * scale) / before - canvas.clientWidth / 2,
      (y * scale) / before - canvas.clientHeight / 2,
    );
  };
  const steps: Readonly<Record<string, () => void>> = {
    in: () => zoom(scale * 1.25),
    out: () => zoom(scale / 1.25),
    fit: () => zoom(Math.min(1, (canvas.clientWidth - 2) / size.width)),
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
  pinchToZoom(canvas, () => scale, zoom);
  dragToMove(canvas);
  frame.querySelector<HTMLElement>(".tools")!.hidden = false;
  return {
    begin(now, middle) {
      size = now;
      zoom(1);
      const place = middle?.getBoundingClientRect();
      const own = canvas.getBoundingClientRect();
      canvas.scrollTo(
        place ? canvas.scrollLeft + place.x + place.width / 2 - own.x - own.width / 2 : 0,
        place ? canvas.scrollTop + place.y + place.height / 2 - own.y - own.height / 2 : 0,
      );
    },
  };
}

function pinchToZoom(canvas: HTMLElement, now: () => number, zoom: (to: number) => void): void {
  let start: { apart: number; scale: number } | undefined;
  const apart = ([one, other]: TouchList) =>
    Math.hypot(one!.clientX - other!.clientX, one!.clientY - other!.clientY);
  canvas.addEventListener("touchstart", ({ touches }) => {
    start = touches.length === 2 ? { apart: apart(touches), scale: now() } : undefined;
  });
  canvas.addEventListener(
    "touchmove",
    (event) => {
      if (!start || event.touches.length !== 2) return;
      event.preventDefault();
      zoom((start.scale * apart(event.touches)) / start.apart);
    },
    { passive: false },
  );
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
