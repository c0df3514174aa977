import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.ts";
import { install, java, whatIsMissing } from "./install.ts";

export interface Registry {
  /** What SCHEMA_REGISTRY_URL is set to. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts Apicurio Registry on 127.0.0.1, with its schemas in memory. Takes about 5 seconds and 300 MB. Installs it when need be.
 *
 * @throws Error with the end of its log when it does not start
 */
export async function start(
  options: { port?: number; say?: (line: string) => void } = {},
): Promise<Registry> {
  const { say } = options;
  const missing = await whatIsMissing();
  if (missing) throw new Error(`The registry cannot start: ${missing}`);
  const app = await install(say);
  const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-registry-"));
  const log = path.join(folder, "registry.log");
  const port = options.port ?? (await freePort());
  say?.("Starting Apicurio Registry …");
  const output = openSync(log, "a");
  const child = spawn(
    (await java())!,
    [
      "-Xmx384m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Duser.timezone=UTC",
      "-jar",
      path.join(app, "quarkus-run.jar"),
    ],
    {
      cwd: folder,
      stdio: ["ignore", output, output],
      env: {
        ...process.env,
        QUARKUS_HTTP_HOST: "127.0.0.1",
        QUARKUS_HTTP_PORT: String(port),
        // By itself it also opens port 9000 to everyone.
        QUARKUS_MANAGEMENT_HOST: "127.0.0.1",
        QUARKUS_MANAGEMENT_PORT: "0",
      },
    },
  );
  closeSync(output);
  const ended = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(hard);
    await rm(folder, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  for (const until = Date.now() + 120_000; ; await sleep(200)) {
    const answer = await fetch(`${url}/subjects`).catch(() => undefined);
    if (answer?.ok) return { url, stop };
    if (child.exitCode === null && Date.now() < until) continue;
    const said = (await readFile(log, "utf8")).slice(-3000);
    await stop();
    throw new Error(`Apicurio Registry did not start on port ${port}: ${said}`);
  }
}
