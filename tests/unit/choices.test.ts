import * as Plot from "@observablehq/plot";
import { effect } from "@preact/signals-core";
import { Window } from "happy-dom";
import { choose, Inputs, isStep, step, toggle } from "#lib/dashboard/control.js";
import { chart } from "#lib/dashboard/kinds/chart.js";
import { table } from "#lib/dashboard/kinds/table.js";
import { folded, foundRows } from "#lib/dashboard/render/search.js";
import type { Surface } from "#lib/dashboard/render/surface.js";
import { describe, expect, it } from "vitest";

const category = () =>
  Inputs.select(() => ["All", "Books", "Toys"], { key: "category", label: "Category", value: "All" });
const rows = [
  { category: "Books", product: "B1", name: "Élan", units: 2 },
  { category: "Toys", product: "T1", name: "Straße", units: 1 },
];
const surface = (): Surface => ({
  document: new Window().document as unknown as Document,
  width: 500,
  state: {},
  again: () => undefined,
});

describe("a choice", () => {
  it("is taken away by what chose it", () => {
    const control = category();
    toggle(control, "Books");
    expect(control.value).toBe("Books");
    toggle(control, "Toys");
    expect(control.value).toBe("Toys");
    toggle(control, "Toys");
    expect(control.value).toBe("All");
  });

  it("begins anew when the level above it is chosen", () => {
    const above = category();
    const product = Inputs.drill(() => rows.map((row) => row.product), {
      key: "product",
      label: "Product",
      value: "All products",
      within: above,
      words: (id) => `No. ${id}`,
    });
    expect([product.value, product.words(product.value)]).toEqual(["All products", "All products"]);
    step(product, "B1");
    expect([product.value, product.words(product.value)]).toEqual(["B1", "No. B1"]);
    choose(above, "Toys");
    expect(product.value).toBe("All products");
  });

  it("is a step that Back undoes when a drawing sets it, not when a list does", () => {
    const control = category();
    const steps: boolean[] = [];
    effect(() => {
      void control.value;
      steps.push(isStep);
    });
    choose(control, "Books");
    toggle(control, "Toys");
    expect(steps).toEqual([false, false, true]);
    expect(isStep).toBe(false);
  });
});

describe("a chart that sets a choice", () => {
  const drawn = (control: ReturnType<typeof category>, on = surface()) =>
    chart({ title: "What?", sets: control, table: { rows, columns: { category: "Category" } } }, () => ({
      marks: [
        Plot.barX(rows, { x: "units", y: "category", tip: true }),
        Plot.text(rows, { x: "units", y: "category", text: "name", fill: () => "white" }),
      ],
    })).element(on);

  it("has a button for each option, of which Tab reaches one, and makes pale what is not chosen", () => {
    const control = category();
    const bars = () =>
      [...drawn(control).querySelectorAll("svg [role=button]")].map((bar) =>
        ["aria-label", "aria-pressed", "tabindex", "opacity"].map((name) => bar.getAttribute(name)),
      );
    expect(bars()).toEqual([
      ["Books", "false", "0", null],
      ["Toys", "false", "-1", null],
    ]);
    toggle(control, "Toys");
    expect(bars()).toEqual([
      ["Books", "false", "-1", "0.3"],
      ["Toys", "true", "0", null],
    ]);
    const labels = drawn(control).querySelectorAll("[data-mark=text] text");
    expect([...labels].map((label) => label.getAttribute("fill"))).toEqual(["currentColor", "white"]);
  });

  it("is a picture with one description where there is no reader to click", () => {
    const picture = drawn(category(), { ...surface(), again: undefined }).querySelector("svg.plot-picture")!;
    expect(picture.getAttribute("role")).toBe("img");
    expect(picture.querySelectorAll("[role], [tabindex], .choice")).toHaveLength(0);
  });

  it("cannot set a choice that its marks know nothing of, and says which columns there are", () => {
    const wrong = Inputs.select(() => ["x"], { key: "product", label: "Product", value: "x" });
    const bars = [{ category: "Books", units: 2 }];
    const draw = () =>
      chart({ title: "What?", sets: wrong, table: { rows, columns: {} } }, () => ({
        marks: [Plot.barX(bars, { x: "units", y: "category" })],
      })).element(surface());
    expect(draw).toThrow(
      'chart "What?" sets "product", but no mark draws rows with a column product: give one of its marks the rows of ' +
        "the chart’s table (category, product, name, units), or set another choice.",
    );
  });
});

describe("a table", () => {
  const rowsOf = (count: number) => Array.from({ length: count }, (_, at) => ({ name: `Row ${at}` }));
  const drawn = (count: number, state: Surface["state"] = {}) =>
    table({ title: "All", csv: "all", rows: rowsOf(count), columns: { name: "Name" } }).element({
      ...surface(),
      state,
    });

  it("is searched when it has more rows than it shows", () => {
    expect(drawn(10).querySelector("[type=search]")).toBeNull();
    const long = drawn(11);
    const field = long.querySelector<HTMLInputElement>("[type=search]")!;
    field.value = "row 10";
    field.dispatchEvent(new (field.ownerDocument.defaultView as unknown as typeof globalThis).Event("input"));
    expect(long.querySelector("[role=status]")!.textContent).toBe("1 of 11 rows found.");
    expect([...long.querySelectorAll("td")].map((cell) => cell.textContent)).toEqual(["Row 10"]);
  });

  it("shows as many more rows as a browser draws without a pause", () => {
    const words = (state: Surface["state"]) =>
      [...drawn(250, state).querySelectorAll(".more button")].map((button) => button.textContent);
    expect(words({})).toEqual(["Show 100 more of 250"]);
    expect(words({ more: 200 })).toEqual(["Show all 250", "Show the first 10"]);
    expect(words({ more: 300 })).toEqual(["Show the first 10"]);
    expect(drawn(250, { more: 100 }).querySelectorAll("tbody tr")).toHaveLength(110);
  });
});

describe("a search", () => {
  const columns = { name: "Name", category: "Category" };
  const found = (text: string) =>
    foundRows({ rows, columns }, { field: { value: text } as HTMLInputElement, draw: () => undefined }).map(
      (row) => row["name"],
    );

  it("passes over case and accents", () => {
    expect(["ÉLAN", "élan", "Straße", "ŻÓŁW", "İzmir", "ﬁne"].map(folded)).toEqual([
      "elan",
      "elan",
      "strasse",
      "zołw",
      "izmir",
      "fine",
    ]);
    expect(found("ELAN")).toEqual(["Élan"]);
    expect(found("strasse")).toEqual(["Straße"]);
  });

  it("wants each word, in any order and column, and all rows when there is none", () => {
    expect(found("books el")).toEqual(["Élan"]);
    expect(found("books strasse")).toEqual([]);
    expect(found("  ")).toEqual(["Élan", "Straße"]);
  });

  it("passes over columns that are not shown", () => {
    expect(found("B1")).toEqual([]);
  });
});
