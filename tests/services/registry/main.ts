/**
 * `npm run registry`: a registry of schemas for a person, until Ctrl-C. Its schemas are gone with it. `--port 8082` listens on another port
 * than 8081.
 */
import { parseArgs } from "node:util";
import { start } from "./start.ts";

const usage = `npm run registry -- [--port <n>]

A registry of schemas (Apicurio) on this machine until Ctrl-C; what it holds is gone then.

  --port <n>  where it listens, from 1 to 65535 (default 8081)`;

/** The port to listen on. Ends the program for what it does not understand, and after help. */
function wantedPort(): number {
  try {
    const options = {
      port: { type: "string", default: "8081" },
      help: { type: "boolean", short: "h" },
    } as const;
    const { port, help } = parseArgs({ options }).values;
    if (help) {
      console.log(usage);
      process.exit(0);
    }
    if (/^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535) return Number(port);
    console.error(`--port ${port}: give a whole number from 1 to 65535.`);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
  }
  process.exit(2);
}

try {
  const registry = await start({ port: wantedPort(), say: console.error });
  console.log(`export SCHEMA_REGISTRY_URL=${registry.url}`);
  console.error("The registry is up until Ctrl-C.");
  let stopping: Promise<void> | undefined;
  const stop = () => void (stopping ??= registry.stop().then(() => process.exit(0)));
  process.on("SIGINT", stop).on("SIGTERM", stop);
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
