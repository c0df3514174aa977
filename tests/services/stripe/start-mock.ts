import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.ts";
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
