import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port.ts";
import { install } from "./install.ts";

export interface Connect {
  /** `http://127.0.0.1:port`, Kafka Connect's REST API. */
  readonly address: string;
  readonly folder: string;
  /** Kills it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again: it goes on where its offsets say. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface ConnectOptions {
  /** Configuration, offsets and connect.log; kept after the end. */
  readonly folder: string;
  /** `host:port` of a broker without a login. */
  readonly brokers: string;
  /** The database, as its reader: a URL with user and password. */
  readonly database: string;
  readonly schema?: string;
  /** The tables whose changes are captured. */
  readonly tables: readonly string[];
  /** Topics are called `<prefix>.<schema>.<table>`. */
  readonly prefix?: string;
  /** Debezium's own settings, on top of ours. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly say?: (line: string) => void;
}

/**
 * Starts Kafka Connect by itself on 127.0.0.1, with Debezium's connector for PostgreSQL: first the tables as they are, then every change.
 * Takes about 15 seconds and 400 MB. Installs it when need be.
 *
 * @throws Error with the end of its log when the connector does not run
 */
export async function start(options: ConnectOptions): Promise<Connect> {
  const { folder, say } = options;
  const jars = await install(say);
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const worker = path.join(folder, "worker.properties");
  const connector = path.join(folder, "connector.properties");
  // Passwords stand in a file that only its owner reads, and not among a process's arguments.
  await writeFile(worker, properties(workerSettings(options, port)), { mode: 0o600 });
  await writeFile(connector, properties(connectorSettings(options)), { mode: 0o600 });
  const log = path.join(folder, "connect.log");
  let running: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const begin = async () => {
    say?.("Starting Kafka Connect …");
    const output = openSync(log, "a");
    const flags = [
      "-Xmx384m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Duser.timezone=UTC",
      "-cp",
      `${jars}/*`,
    ];
    const child = spawn(
      "java",
      [...flags, "org.apache.kafka.connect.cli.ConnectStandalone", worker, connector],
      {
        cwd: folder,
        stdio: ["ignore", output, output],
      },
    );
    closeSync(output);
    running = child;
    ended = new Promise((resolve) => child.once("close", resolve));
    await waitUntilRunning(child, address, log);
  };
  const end = async (signal: NodeJS.Signals) => {
    running?.kill(signal);
    const hard = setTimeout(() => running?.kill("SIGKILL"), 15_000);
    await ended;
    clearTimeout(hard);
    running = undefined;
  };
  try {
    await begin();
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  return {
    address,
    folder,
    kill: () => end("SIGKILL"),
    restart: begin,
    stop: () => end("SIGTERM"),
  };
}

export const connectorName = "shop";

const workerSettings = ({ brokers, folder }: ConnectOptions, port: number) => ({
  "bootstrap.servers": brokers,
  listeners: `http://127.0.0.1:${port}`,
  "rest.advertised.host.name": "127.0.0.1",
  "offset.storage.file.filename": path.join(folder, "offsets"),
  "offset.flush.interval.ms": "1000",
  "plugin.discovery": "only_scan",
  "key.converter": "org.apache.kafka.connect.json.JsonConverter",
  "key.converter.schemas.enable": "false",
  "value.converter": "org.apache.kafka.connect.json.JsonConverter",
  "value.converter.schemas.enable": "false",
});

/** What docs/databases.md tells people to set: every value arrives as the database writes it. */
export const captureSettings = {
  "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
  "plugin.name": "pgoutput",
  "publication.autocreate.mode": "disabled",
  "decimal.handling.mode": "string",
  "time.precision.mode": "isostring",
  "interval.handling.mode": "string",
  "binary.handling.mode": "base64",
  "provide.transaction.metadata": "false",
  "tombstones.on.delete": "true",
  "skipped.operations": "none",
  "heartbeat.interval.ms": "10000",
  "topic.creation.default.replication.factor": "1",
  "topic.creation.default.partitions": "1",
} as const;

function connectorSettings({
  database,
  schema = "public",
  tables,
  prefix = "shop",
  settings,
}: ConnectOptions) {
  const { hostname, port, pathname, username, password } = new URL(database);
  return {
    name: connectorName,
    "tasks.max": "1",
    ...captureSettings,
    "database.hostname": hostname,
    "database.port": port,
    "database.user": username,
    "database.password": password,
    "database.dbname": pathname.slice(1),
    "database.sslmode": "require",
    "topic.prefix": prefix,
    "slot.name": prefix,
    "publication.name": prefix,
    "table.include.list": tables.map((table) => `${schema}.${table}`).join(","),
    "poll.interval.ms": "100",
    ...settings,
  };
}

/** The lines that say what went wrong, the last ones; of a log without any its end. */
function errorsIn(text: string): string {
  const told = text.split("\n").filter((line) => /\bERROR\b|\bFATAL\b|^Caused by|Exception: /.test(line));
  return told.length > 0 ? told.slice(-10).join("\n") : text.slice(-3000);
}

const properties = (all: Readonly<Record<string, string>>) =>
  Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

async function waitUntilRunning(child: ChildProcess, address: string, log: string): Promise<void> {
  for (const until = Date.now() + 180_000; ;) {
    const status = await fetch(`${address}/connectors/${connectorName}/status`)
      .then((answer) => answer.json() as Promise<{ tasks?: { state: string; trace?: string }[] }>)
      .catch(() => undefined);
    const [task] = status?.tasks ?? [];
    if (task?.state === "RUNNING") return;
    if (task?.state === "FAILED" || child.exitCode !== null || Date.now() > until)
      throw new Error(
        `Kafka Connect did not start. All that it said is in ${log}; the errors:\n${task?.trace ?? errorsIn(await readFile(log, "utf8"))}`,
      );
    await sleep(200);
  }
}
