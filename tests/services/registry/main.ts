/**
 * `npm run registry`: a registry of schemas for a person, until Ctrl-C. Its schemas are gone with it. `--port 8082` listens on another port
 * than 8081.
 */
import { endAtCtrlC, portOf, wanted } from "../command.ts";
import { start } from "./start.ts";

const usage = `npm run registry -- [--port <n>]

A registry of schemas (Apicurio) on this machine until Ctrl-C; what it holds is gone then.

  --port <n>  where it listens, from 1 to 65535 (default 8081)`;

const { port } = wanted(usage, { port: portOf(8081) });
try {
  const registry = await start({ port, say: console.error });
  console.log(`export SCHEMA_REGISTRY_URL=${registry.url}`);
  console.error("The registry is up until Ctrl-C.");
  endAtCtrlC(() => registry.stop());
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
