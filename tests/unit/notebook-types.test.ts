import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { checkNotebooks, diagnosticText } from "../../build/src/notebook/typecheck.ts";

const root = fileURLToPath(new URL("../fixtures/notebooks/types", import.meta.url));
const names = [
  "good",
  "type-error",
  "declared-twice",
  "wrong-helper-call",
  "wrong-choice",
  "newer-than-the-kernel",
];
const diagnostics = await checkNotebooks(
  names.map((name) => `${name}.ipynb`),
  { root },
);
const of = (name: string) => diagnostics.filter(({ path }) => path === `${name}.ipynb`).map(diagnosticText);

it("a good notebook has nothing to report: imports in many cells, helpers, top-level await", () => {
  expect(of("good")).toEqual([]);
});

it("a type error is reported with its cell and line", () => {
  expect(of("type-error")).toEqual([
    expect.stringMatching(
      /^type-error.ipynb cell 2:2 – TS2322: Type 'string \| undefined' is not assignable/,
    ),
  ]);
});

it("a name declared in two cells is reported at both", () => {
  const message =
    "Cannot redeclare block-scoped variable 'rows'. All cells share one scope: rename one of the two.";
  expect(of("declared-twice")).toEqual([
    `declared-twice.ipynb cell 1:1 – TS2451: ${message}`,
    `declared-twice.ipynb cell 2:1 – TS2451: ${message}`,
  ]);
});

it("a helper beside the notebook is typed", () => {
  expect(of("wrong-helper-call")).toEqual([
    expect.stringMatching(/^wrong-helper-call.ipynb cell 1:3 – TS2345: Argument of type 'number'/),
  ]);
});

it("what the kernel's library of JavaScript does not have is an error before it is one in Jupyter", () => {
  expect(of("newer-than-the-kernel")).toEqual([
    expect.stringMatching(
      /^newer-than-the-kernel.ipynb cell 1:1 – TS2550: Property 'findLast' does not exist/,
    ),
  ]);
});

it("a chart that sets a choice of which its rows have no column, or names a column that they lack, says which they have", () => {
  expect(of("wrong-choice")).toEqual([
    expect.stringMatching(
      /^wrong-choice.ipynb cell 2:3 – TS2322: Type 'Choice<"segment">' is not assignable [^\n]*TextColumn<{ category: string; name: string; units/,
    ),
    expect.stringMatching(
      /^wrong-choice.ipynb cell 2:4 – TS2561: .*'unit' does not exist .* Did you mean to write 'units'\?$/,
    ),
  ]);
});
