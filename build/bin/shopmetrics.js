#!/usr/bin/env node
import { existsSync } from "node:fs";

const program = new URL("../dist/cli.js", import.meta.url);
if (existsSync(program)) {
  await import(program.href);
} else {
  console.error("shopmetrics is not compiled yet: run `npm run compile` in the project's root.");
  process.exitCode = 2;
}
