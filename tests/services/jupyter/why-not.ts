import path from "node:path";
import { findJupyter } from "../../../build/src/commands/jupyter.ts";

/** Why there is no Jupyter to test with, in words; "" where there is one. In CI a missing one is a failure. */
export function whyNoJupyter(): string {
  if (process.env["CI"]) return "";
  try {
    findJupyter(path.resolve(import.meta.dirname, "../../.."));
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}
