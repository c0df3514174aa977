// Puts the contracts' own words into their compiled types, so that an editor's hover and completion say what a table and
// a column are. They stand once, in the contracts; the compiler does not carry a string into a declaration.
import { readFileSync, writeFileSync } from "node:fs";
import { bronze, gold, ops, silver } from "./dist/shop/index.js";

for (const [layer, tables] of Object.entries({ bronze, silver, gold, ops })) {
  const room = layer === "ops" ? "contracts" : "shop";
  const file = new URL(`./dist/${room}/${layer}.d.ts`, import.meta.url);
  const text = readFileSync(file, "utf8");
  const commented = withComments(text, tables);
  if (commented !== text) writeFileSync(file, commented);
}

/** @param tables the layer's contracts by the names under which they are exported */
function withComments(text, tables) {
  let table;
  const lines = [];
  for (const line of text.split("\n")) {
    const declared = /^export declare const (\w+): /.exec(line)?.[1];
    if (declared !== undefined) table = tables[declared]?.kind === "table" ? tables[declared] : undefined;
    const said = lines.at(-1)?.endsWith("*/");
    const name = /^\s+(\w+): /.exec(line)?.[1];
    const column = declared === undefined && table?.columns.find((one) => one.name === name);
    if (declared !== undefined && table && !said) lines.push(`/** ${safe(tableSays(table))} */`);
    if (column && !said) lines.push(`${/^\s*/.exec(line)[0]}/** ${safe(columnSays(column))} */`);
    lines.push(line);
  }
  return lines.join("\n");
}

function tableSays({ name, comment, options }) {
  return `${name}: ${comment}${options.key ? ` Key: ${options.key.join(", ")}.` : ""}`;
}

function columnSays({ type, nullable, comment }) {
  return `${type}${nullable ? ", may be null" : ""}: ${comment}`;
}

function safe(text) {
  return text.replaceAll("*/", "* /").replaceAll(/\s+/g, " ");
}
