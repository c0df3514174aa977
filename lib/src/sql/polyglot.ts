import { setFlagsFromString } from "node:v8";

let loading: ReturnType<typeof load> | undefined;

/** The SQL parser and transpiler, loaded when it is first asked for. */
export const polyglot = () => (loading ??= load());

/**
 * It is 22 MB of WebAssembly that runs for milliseconds: optimising its code in the background takes ten times as long
 * as all our statements, so it stays as V8's quick compiler makes it.
 */
async function load() {
  setFlagsFromString("--liftoff-only");
  return import("@polyglot-sql/sdk");
}
