import { spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { install } from "./install.ts";

/** Starts stripe-mock on a free port of this machine only. */
export async function startMock(): Promise<{ readonly base: string; stop(): Promise<void> }> {
  const program = await install();
  const port = await freePort();
  const child = spawn(program, ["-http-addr", `127.0.0.1:${port}`], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const base = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    if (await fetch(base).catch(() => undefined)) break;
    if (tries === 100 || child.exitCode !== null) throw new Error(`stripe-mock does not answer at ${base}.`);
    await sleep(100);
  }
  return {
    base,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
