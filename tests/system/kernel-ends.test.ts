import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { kernelEnvironment } from "../../build/src/commands/jupyter.ts";
import { freePort } from "../services/free-port.ts";
import { projectRoot, temporaryFolder } from "./cli.ts";

/* What Jupyter starts is a program that starts the kernel. However it ends, no kernel lives on: one keeps memory, and its output open. */
describe("a kernel ends with the program that Jupyter started", () => {
  let argv: string[];
  let env: NodeJS.ProcessEnv;
  let folder: string;

  beforeAll(async () => {
    folder = await temporaryFolder();
    env = { ...(await kernelEnvironment({ root: projectRoot, home: folder })) };
    const spec = path.join(folder, "jupyter/share/kernels/tslab/kernel.json");
    ({ argv } = JSON.parse(await readFile(spec, "utf8")) as { argv: string[] });
  });

  /** Starts it as Jupyter does. */
  async function start(ports: Readonly<Record<string, number>> = {}) {
    const file = path.join(folder, `${randomUUID()}.json`);
    const names = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"];
    const free = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await freePort()] as const)),
    );
    const connection = { transport: "tcp", ip: "127.0.0.1", key: "", signature_scheme: "hmac-sha256" };
    await writeFile(file, JSON.stringify({ ...connection, ...free, ...ports }));
    const [command, ...rest] = argv.map((text) => text.replace("{connection_file}", file));
    const program = spawn(command!, rest, { env, stdio: "ignore" });
    const ended = new Promise((done) => void program.once("exit", done));
    return { program, ended };
  }

  /** The processes of kernels whose files are in the folder. */
  async function kernels(): Promise<string[]> {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "args="], { maxBuffer: 1e7 });
    return stdout.split("\n").filter((line) => line.includes(`--config-path=${folder}`));
  }

  it("that is killed without a word", async () => {
    const { program, ended } = await start();
    await expect.poll(kernels, { timeout: 60_000 }).toHaveLength(1);
    // It looks for its parent once it has begun to run its program.
    await new Promise((done) => setTimeout(done, 3000));
    program.kill("SIGKILL");
    await ended;
    await expect.poll(kernels, { timeout: 60_000 }).toEqual([]);
  });

  it("that fails, since somebody else has its port", async () => {
    const taken = createServer();
    await new Promise<void>((done) => void taken.listen(0, "127.0.0.1", done));
    const { ended } = await start({ shell_port: (taken.address() as AddressInfo).port });
    expect(await ended).not.toBe(0);
    await expect.poll(kernels, { timeout: 60_000 }).toEqual([]);
    await new Promise((done) => void taken.close(done));
  });
});
