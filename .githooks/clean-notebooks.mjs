// Says which notebooks still have outputs: those given, or all of them. Exit code 1 when there are any.
// Outputs make a change unreadable, and may hold customers' rows; the site shows those of the last run instead.
import { readdirSync, readFileSync } from "node:fs";

const given = process.argv.slice(2);
const all = () =>
  readdirSync("notebooks", { recursive: true })
    .filter((name) => name.endsWith(".ipynb") && !name.includes(".ipynb_checkpoints"))
    .map((name) => `notebooks/${name}`);

const dirty = (given.length > 0 ? given : all()).flatMap((file) => {
  const { cells } = JSON.parse(readFileSync(file, "utf8"));
  const code = cells.filter(({ cell_type }) => cell_type === "code");
  const cell = code.findIndex(
    ({ outputs, execution_count }) => outputs?.length > 0 || execution_count !== null,
  );
  return cell < 0 ? [] : [`${file} cell ${cell + 1}: has an output or a number of execution`];
});

if (dirty.length > 0) {
  console.error(dirty.join("\n"));
  console.error("In Jupyter: Edit → Clear Outputs of All Cells, then save.");
  process.exitCode = 1;
}
