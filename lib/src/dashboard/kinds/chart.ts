import { plot, type PlotOptions } from "@observablehq/plot";
import type { Choice } from "../control.js";
import type { Drawing } from "../drawing.js";
import { connectOptions, rememberOptions } from "../render/choices.js";
import { fileNameOf, saveCsv } from "../render/csv.js";
import { element } from "../render/dom.js";
import { fitted } from "../render/fit.js";
import { menu } from "../render/menu.js";
import { pictureFile } from "../render/picture-file.js";
import { pngOf, save } from "../render/save.js";
import type { Surface } from "../render/surface.js";
import { tableBody, type Row, type Rows, type TextColumn } from "../render/table-body.js";
import { emptyElement, titleElement, type Titled } from "../render/titled.js";

interface ChartOptions<R extends Row = Row> extends Titled {
  /** In CSS pixels, default 300. A phone may have another one. */
  readonly height?: number | { readonly wide: number; readonly narrow: number };
  /** What colours mean, where labels in the plot do not say it. */
  readonly legend?: readonly { readonly label: string; readonly color: string }[];
  /** The rows drawn; the reader can see them as a table. Without rows the chart says that there are none. */
  readonly table: Rows<R>;
  /**
   * The choice that a click on a bar, a segment, a dot or a line sets, to what its row has in the column called as the choice's key. A
   * second click takes it away, and so does the browser's Back. What is not chosen becomes pale.
   */
  readonly sets?: Choice<TextColumn<R>>;
}

/** The size of a plot, in CSS pixels. */
interface Room {
  readonly width: number;
  readonly height: number;
  /** A phone's width: fewer ticks, shorter words. */
  readonly narrow: boolean;
}

interface Chart extends Omit<ChartOptions, "sets"> {
  readonly sets?: Choice | undefined;
  readonly plot: (room: Room) => PlotOptions;
}

/**
 * A chart of Observable Plot.
 *
 * @param plot gives Plot's options for the available size; width, height, font and the page's colours are set already
 */
export const chart = <R extends Row>(
  options: ChartOptions<R>,
  plot: (room: Room) => PlotOptions,
): Drawing => ({
  span: options.span,
  hidden: options.hidden,
  element: (surface) => chartElement({ ...options, plot } as unknown as Chart, surface),
});

/** Below this width a drawing is made for a phone. */
const narrowBelow = 560;

/** The widths for which pages are prerendered: each span on a wide screen, and a phone. */
const builtFor = { wide: { full: 1126, "two-thirds": 736, half: 542, third: 347 }, narrow: 332 } as const;

/**
 * A figure: question, what counts, legend, picture. Its height is the same prerendered and in the browser, so that
 * nothing moves when the browser draws again.
 */
function chartElement(chart: Chart, surface: Surface): HTMLElement {
  const { document, state, again } = surface;
  const { title, legend, table } = chart;
  const empty = table.rows.length === 0;
  const toggle = element(
    document,
    "button",
    {
      type: "button",
      class: "quiet",
      "data-focus": "as-table",
      "aria-pressed": String(Boolean(state.asTable)),
    },
    state.asTable ? "Show chart" : "Show table",
  );
  toggle.addEventListener("click", () => {
    state.asTable = !state.asTable;
    again?.();
  });
  if (chart.sets) chart.sets.isSet.value = true;
  const content = empty
    ? emptyElement(chart, document)
    : state.asTable
      ? element(
          document,
          "section",
          { class: "scroll", tabindex: 0, "aria-label": `${title}, as a table` },
          tableBody(table, surface, Infinity, chart.sets),
        )
      : undefined;
  return element(
    document,
    "figure",
    { class: "chart" },
    element(
      document,
      "figcaption",
      {},
      titleElement(chart, document),
      element(
        document,
        "div",
        { class: "actions" },
        !empty && downloadMenu(chart, surface),
        !empty && toggle,
      ),
    ),
    legend &&
      element(
        document,
        "ul",
        { class: "legend" },
        ...legend.map(({ label, color }) =>
          element(
            document,
            "li",
            {},
            element(document, "span", { class: "swatch", style: `background:${color}` }),
            element(document, "bdi", {}, label),
          ),
        ),
      ),
    element(
      document,
      "div",
      { class: "plot", style: heights(chart) },
      ...(content ? [content] : pictures(chart, surface)),
    ),
  );
}

/** The chart to take away: as a picture of the width that it has on the screen, as its rows, or as the address at which it stands alone. */
function downloadMenu(chart: Chart, surface: Surface): HTMLElement {
  const { document, width = builtFor.wide[chart.span ?? "full"], about } = surface;
  const { title, note, legend = [], table } = chart;
  const name = () => fileNameOf(title, ...new URLSearchParams(document.location?.search).values());
  const file = () =>
    pictureFile(picture(chart, { ...surface, again: undefined }, width), {
      title,
      note,
      legend,
      ...(about?.() ?? { choices: [], source: "", link: "" }),
    });
  return menu(document, "Download", [
    {
      label: "Picture (PNG)",
      choose: async () => save(document, `${name()}.png`, await pngOf(document, file())),
    },
    {
      label: "Picture (SVG)",
      choose: () => save(document, `${name()}.svg`, new Blob([file().svg], { type: "image/svg+xml" })),
    },
    { label: "Rows (CSV)", choose: () => saveCsv(document, name(), table) },
    { label: "Copy link to chart", choose: () => navigator.clipboard.writeText(about?.().link ?? "") },
  ]);
}

const heightOf = ({ height = 300 }: Chart, narrow: boolean) =>
  typeof height === "number" ? height : height[narrow ? "narrow" : "wide"];

const heights = (chart: Chart) =>
  `--height:${heightOf(chart, false)}px;--height-narrow:${heightOf(chart, true)}px`;

/** One picture for the given width; a prerendered page has one for wide screens and one for phones, and shows one. */
function pictures(chart: Chart, surface: Surface): Element[] {
  const { width } = surface;
  if (width !== undefined) return [picture(chart, surface, width)];
  const wide = picture(chart, surface, builtFor.wide[chart.span ?? "full"]);
  const narrow = picture(chart, surface, builtFor.narrow, true);
  wide.classList.add("built-wide");
  narrow.classList.add("built-narrow");
  return [wide, narrow];
}

function picture(chart: Chart, { document, again }: Surface, width: number, phone = false): Element {
  const { title, note = "", sets, table } = chart;
  const room: Room = {
    width,
    height: heightOf(chart, phone || isPhone(document)),
    narrow: width < narrowBelow && chart.span !== "half" && chart.span !== "third" ? true : width < 400,
  };
  const options = chart.plot(room);
  if (sets) rememberOptions(title, options, sets, Object.keys(table.rows[0]!));
  const { marginLeft = 40, marginRight = 20 } = options;
  const drawn = fitted(width, { marginLeft, marginRight }, (margins) =>
    plot({
      document,
      width: room.width,
      height: room.height,
      className: "plot-picture",
      // Room for a second line of ticks, which dates have.
      marginBottom: 36,
      ...options,
      ...margins,
    } as Parameters<typeof plot>[0]),
  );
  // To screen readers the picture is one image with one description: its parts have no names.
  for (const part of drawn.querySelectorAll("[aria-label]")) {
    part.setAttribute("data-mark", part.getAttribute("aria-label")!);
    part.removeAttribute("aria-label");
  }
  for (const part of drawn.querySelectorAll("[aria-hidden]")) part.removeAttribute("aria-hidden");
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", `${title} ${note}`.trim());
  if (sets) connectOptions(drawn, sets, again !== undefined);
  return drawn;
}

/** The same media query as in the style sheet, which sets the height of pictures. */
function isPhone(document: Document): boolean {
  return document.defaultView?.matchMedia?.("screen and (max-width: 719px)").matches ?? false;
}
