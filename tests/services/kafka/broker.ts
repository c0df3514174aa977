import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

export interface BrokerOptions {
  readonly jars: string;
  /** Configuration, log and data; a broker that starts again finds its topics here. */
  readonly folder: string;
  readonly ports: {
    /** Open to everyone, as on a laptop. */
    readonly plain: number;
    /** SASL/PLAIN over TLS, as Confluent Cloud has it. */
    readonly secure: number;
    /** Kafka's own talk with itself. */
    readonly controller: number;
  };
  readonly username: string;
  readonly password: string;
  /** A file with the private key and the certificate, PEM. */
  readonly keystore: string;
  readonly settings?: Readonly<Record<string, string>>;
}

/** A broker's process. */
export interface Process {
  readonly pid: number;
  /** Ends it and waits until it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/**
 * Starts one broker that is its own controller (KRaft), on 127.0.0.1. Takes 5 to 9 seconds and 430 MB.
 *
 * @throws Error with the end of its log when it does not start within 5 minutes
 */
export async function startBroker(options: BrokerOptions): Promise<Process> {
  const { folder, jars } = options;
  await mkdir(folder, { recursive: true });
  const config = path.join(folder, "server.properties");
  await writeFile(config, properties(options), { mode: 0o600 });
  const java = (memory: string, main: string, ...args: string[]) =>
    spawn("java", [memory, "-XX:+UseSerialGC", "-Duser.timezone=UTC", "-cp", `${jars}/*`, main, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
  const format = java("-Xmx128m", "kafka.tools.StorageTool", "format", "-t", clusterId, "-c", config, "-g");
  const said = collect(format);
  if ((await exit(format)) !== 0) throw new Error(`Kafka could not make its data folder:\n${said()}`);

  const server = java("-Xmx512m", "kafka.Kafka", config);
  const ended = exit(server);
  const log = path.join(folder, "kafka.log");
  const started = logUntil(server, log, "Kafka Server started");
  const limit = new Promise<"late">((resolve) => void setTimeout(resolve, 300_000, "late").unref());
  const first = await Promise.race([started, ended.then(() => "ended" as const), limit]);
  const end = async (signal: NodeJS.Signals) => {
    server.kill(signal);
    const hard = setTimeout(() => server.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(hard);
  };
  if (first) {
    await end("SIGKILL");
    throw new Error(`Kafka did not start (${first}):\n${(await readFile(log, "utf8")).slice(-3000)}`);
  }
  return { pid: server.pid!, end };
}

/** Any 16 bytes do; the same ones let a broker start again on its data. */
const clusterId = "c2hvcG1ldHJpY3MtdGVzdA";

function properties({ folder, ports, username, password, keystore, settings }: BrokerOptions): string {
  const { plain, secure, controller } = ports;
  const secret = (value: string) => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  const login = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}=${secret(password)};`;
  const all = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controller}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${plain},SASL_SSL://127.0.0.1:${secure},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${plain},SASL_SSL://127.0.0.1:${secure}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.sasl_ssl.plain.sasl.jaas.config": login,
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": keystore,
    "log.dirs": path.join(folder, "data"),
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    // A group of one need not wait for others to join.
    "group.initial.rebalance.delay.ms": "0",
    // A broker that was killed is let back in after 3 s, not after 9.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

/** Writes what a process says to a file; resolves when it has said `text`. */
function logUntil(process: ChildProcess, file: string, text: string): Promise<undefined> {
  const log = createWriteStream(file, { flags: "a" });
  return new Promise((resolve) => {
    for (const stream of [process.stdout, process.stderr])
      stream?.on("data", (chunk: Buffer) => {
        log.write(chunk);
        if (chunk.includes(text)) resolve(undefined);
      });
    process.once("close", () => log.end());
  });
}

function collect(process: ChildProcess): () => string {
  let said = "";
  for (const stream of [process.stdout, process.stderr])
    stream?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  return () => said;
}

const exit = (process: ChildProcess) =>
  new Promise<number | null>((resolve, reject) => {
    process.once("error", reject);
    process.once("exit", (code) => resolve(code));
  });
