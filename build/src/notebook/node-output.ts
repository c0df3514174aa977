import type { BuildOptions } from "esbuild";

/** What esbuild makes for Node 20, whatever tsconfig.json lies in the folders above. */
export const nodeOutput = {
  format: "esm",
  platform: "node",
  target: "node20",
  charset: "utf8",
  logLevel: "silent",
  tsconfigRaw: {},
} as const satisfies BuildOptions;
