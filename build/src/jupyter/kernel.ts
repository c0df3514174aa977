import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { Dealer, Publisher, Reply, Router, Subscriber } from "zeromq";
import { completeSql } from "./complete-sql.js";
import { GivenCells } from "./given-cells.js";
import { readMessage, writeMessage, type Message } from "./messages.js";

/*
 * The program that Jupyter starts: it starts the kernel itself, tslab or Deno, and hands on what both say. It answers by itself
 * what completes a word within `sql`, and keeps the cells' texts for the places of errors.
 *
 *   kernel.js CONNECTION_FILE COMMAND…    where {kernel_file} stands for the kernel's own connection file
 */

interface ConnectionFile {
  readonly transport: string;
  readonly ip: string;
  readonly key: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
}

type Channel = "shell" | "control" | "stdin" | "iopub" | "hb";

const [connectionFile, command, ...given] = process.argv.slice(2) as [string, string, ...string[]];
const outer = JSON.parse(readFileSync(connectionFile, "utf8")) as ConnectionFile;
const folder = await mkdtemp(join(dirname(connectionFile), "cells-"));

const [shell, iopub, stdin, control, hb] = await freePorts(5);
const inner: ConnectionFile = {
  ...outer,
  transport: "tcp",
  ip: "127.0.0.1",
  shell_port: shell!,
  iopub_port: iopub!,
  stdin_port: stdin!,
  control_port: control!,
  hb_port: hb!,
};
const kernelFile = join(folder, "kernel.json");
await writeFile(kernelFile, JSON.stringify(inner), { mode: 0o600 });
const cells = new GivenCells(join(folder, "cells.json"));

// Jupyter may kill this program without a word, and a kernel on Node would live on: it looks for its parent itself.
const before = process.env["NODE_OPTIONS"];
const watch = `const parent = process.ppid; setInterval(() => process.ppid === parent || process.exit(), 1000).unref();
${before === undefined ? "delete process.env.NODE_OPTIONS" : `process.env.NODE_OPTIONS = ${JSON.stringify(before)}`};`;
const kernel = spawn(
  command,
  given.map((text) => text.replace("{kernel_file}", kernelFile)),
  {
    stdio: "inherit",
    env: {
      ...process.env,
      SHOPMETRICS_CELLS: cells.file,
      NODE_OPTIONS: `${before ?? ""} --import=data:text/javascript,${encodeURIComponent(watch)}`.trim(),
    },
  },
);
process.on("exit", () => {
  kernel.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});
kernel.once("error", (error) => {
  console.error(`The kernel did not start: ${error.message}`);
  process.exit(1);
});
kernel.once("exit", (code) => process.exit(code ?? 1));
// Jupyter interrupts both processes, VS Code this one alone.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => kernel.kill(signal));

// Whoever started it may be killed without a word.
const parent = process.ppid;
setInterval(() => process.ppid === parent || end(), 1000).unref();

const address = (file: ConnectionFile, channel: Channel) =>
  `${file.transport}://${file.ip}${file.transport === "ipc" ? "-" : ":"}${file[`${channel}_port`]}`;

/*
 * Deno's kernel may say that a cell has ended before it has sent all that the cell shows, which Jupyter would then drop. So the end
 * is told a moment later, or before the next message of a state.
 */
const idleWait = Number(process.env["SHOPMETRICS_IDLE_WAIT"] ?? 0);
const ran = new Set<string | undefined>();
let ending: { readonly frames: Buffer[]; readonly timer: NodeJS.Timeout } | undefined;
async function endCell(): Promise<void> {
  if (!ending) return;
  const { frames, timer } = ending;
  ending = undefined;
  clearTimeout(timer);
  await publish(frames);
}

const published = new Publisher();
const heard = new Subscriber();
heard.subscribe();
const isHeard = new Promise<void>((done) => heard.events.on("connect", () => done()));
heard.connect(address(inner, "iopub"));
const publish = sender(published);

const back = { shell: dealer("shell"), control: dealer("control"), stdin: dealer("stdin") };
const front = { shell: new Router(), control: new Router(), stdin: new Router() };
const heartbeat = new Reply();
await Promise.all([
  published.bind(address(outer, "iopub")),
  heartbeat.bind(address(outer, "hb")),
  ...(["shell", "control", "stdin"] as const).map((channel) => front[channel].bind(address(outer, channel))),
]);

void handOn(heartbeat, sender(heartbeat));
void handOn(heard, async (frames) => {
  const { header, parent, content } = readMessage(frames);
  if (header.msg_type === "status") await endCell();
  if (idleWait === 0 || content["execution_state"] !== "idle" || !ran.delete(parent.msg_id))
    return publish(frames);
  ending = { frames, timer: setTimeout(() => void endCell(), idleWait) };
});
// Only then is what the kernel says of a request heard.
await isHeard;
/** Who sent a request; Deno's kernel does not give it back. */
const askers = new Map<string | undefined, readonly Buffer[]>();
for (const channel of ["shell", "control", "stdin"] as const) {
  const [toKernel, toJupyter] = [sender(back[channel]), sender(front[channel])];
  void handOn(front[channel], async (frames) => {
    const message = readMessage(frames);
    if (channel === "shell" && (await answers(message, toJupyter))) return;
    askers.set(message.header.msg_id, message.identities);
    await toKernel(frames.slice(message.identities.length));
  });
  void handOn(back[channel], async (frames) => {
    const { identities, header, parent, content } = readMessage(frames);
    if (header.msg_type === "execute_reply") {
      const { status, execution_count: number } = content as { status: string; execution_count?: number };
      cells.ended(parent.msg_id ?? "", status.startsWith("abort") ? undefined : number);
    }
    await toJupyter([...(askers.get(parent.msg_id) ?? []), ...frames.slice(identities.length)]);
    if (header.msg_type.endsWith("_reply")) askers.delete(parent.msg_id);
    if (header.msg_type === "shutdown_reply") end();
  });
}

/** Whether the request is answered here; notes what the kernel is to run. */
async function answers(request: Message, reply: (frames: Buffer[]) => Promise<void>): Promise<boolean> {
  const { header, content } = request;
  if (header.msg_type === "execute_request") ran.add(header.msg_id);
  if (header.msg_type === "execute_request" && content["silent"] !== true)
    cells.began(header.msg_id, String(content["code"]));
  if (header.msg_type !== "complete_request") return false;
  const { code, cursor_pos: cursor } = content as { code: string; cursor_pos: number };
  const completed = await completeSql(code, cursor, cells.sources).catch((error: unknown) => {
    console.error(error);
    return undefined;
  });
  if (!completed) return false;
  const status = (state: string) =>
    publish(writeMessage(outer.key, "status", { execution_state: state }, { header, identities: [] }));
  await status("busy");
  await reply(writeMessage(outer.key, "complete_reply", completed, request));
  await status("idle");
  return true;
}

/** A tslab kernel says that it ends, and stays. */
function end(): void {
  kernel.kill("SIGTERM");
  setTimeout(() => kernel.kill("SIGKILL"), 1000).unref();
}

function dealer(channel: Channel): Dealer {
  // One name for all of Jupyter's: the kernel asks on `stdin` whoever asked it on `shell`.
  const socket = new Dealer({ routingId: "jupyter" });
  socket.connect(address(inner, channel));
  return socket;
}

/** Sends one message after the other, as a socket wants it. */
function sender(socket: { send(frames: Buffer[]): Promise<void> }): (frames: Buffer[]) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (frames) => (last = last.then(() => socket.send(frames)));
}

async function handOn(
  socket: AsyncIterable<Buffer[]>,
  to: (frames: Buffer[]) => Promise<void>,
): Promise<void> {
  for await (const frames of socket) await to(frames);
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
