import { readSettings } from "shopmetrics/settings";
import { jupyter as openJupyter } from "../jupyter.js";

export async function jupyter(args: string[]): Promise<void> {
  const { root, home } = readSettings();
  process.exitCode = await openJupyter({ root, home, args });
}
