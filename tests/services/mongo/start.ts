import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.ts";
import { install } from "./install.ts";

export interface Mongo {
  /** The whole address, with user, password, port and database. */
  readonly url: string;
  readonly password: string;
  /** Ends it and starts an empty one at the same port: what its oplog said is lost. */
  renew(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a server that speaks MongoDB's protocol on 127.0.0.1, with a login and an oplog, in memory. Takes 2 seconds and 100 MB. Installs
 * it when need be.
 *
 * @param options.port any free one by default
 * @throws Error with the end of its log when it does not start
 */
export async function start({
  port: wanted,
  say,
}: { readonly port?: number; readonly say?: (line: string) => void } = {}): Promise<Mongo> {
  const jars = await install(say);
  const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-mongo-"));
  const port = wanted ?? (await freePort());
  const [user, password] = ["shop", randomBytes(16).toString("hex")];
  const log = path.join(folder, "mongo.log");
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const begin = async () => {
    const output = openSync(log, "w");
    // The password is in the environment, and not among a process's arguments.
    const server = spawn(
      "java",
      ["-Xmx256m", "-XX:+UseSerialGC", "-cp", `${jars}/*`, path.join(import.meta.dirname, "Server.java")],
      {
        env: {
          PATH: process.env["PATH"],
          MONGO_PORT: String(port),
          MONGO_USER: user,
          MONGO_PASSWORD: password,
        },
        stdio: ["ignore", output, output],
      },
    );
    closeSync(output);
    child = server;
    ended = new Promise((resolve) => server.once("close", resolve));
    for (const until = Date.now() + 60_000; ; await sleep(50)) {
      const said = await readFile(log, "utf8");
      if (/^ready$/m.test(said)) return;
      if (server.exitCode !== null || Date.now() > until)
        throw new Error(`The server of reviews did not start: ${said.slice(-2000)}`);
    }
  };
  const end = async () => {
    child?.kill("SIGKILL");
    await ended;
  };
  try {
    await begin();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    url: `mongodb://${user}:${password}@127.0.0.1:${port}/shop`,
    password,
    async renew() {
      await end();
      await begin();
    },
    async stop() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
