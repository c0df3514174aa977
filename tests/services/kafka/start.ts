import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { listen, refuseTaken } from "../free-port.ts";
import { makeCertificate } from "../warehouse/certificate.ts";
import { startBroker, type Process } from "./broker.ts";
import { install } from "./install.ts";

export interface Kafka {
  /** `127.0.0.1:port`, open to everyone. */
  readonly brokers: string;
  /** The same broker by SASL/PLAIN over TLS, as Confluent Cloud is reached. */
  readonly secure: {
    readonly brokers: string;
    readonly username: string;
    readonly password: string;
    /** The file with the authority's certificate, for NODE_EXTRA_CA_CERTS. */
    readonly caFile: string;
  };
  /** Configuration, data and kafka.log. */
  readonly folder: string;
  /** Kills the broker as a power cut would. Its data stay. */
  kill(): Promise<void>;
  /** Starts a killed broker again, at the same addresses with the same data. */
  restart(): Promise<void>;
  /** Ends it; a folder that was made for it goes. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Kept after the end, so that the next start finds the topics. Without it, a temporary one. */
  readonly folder?: string;
  /** Of the open listener; any free one by default. */
  readonly port?: number;
  /** Kafka's own settings, on top of ours. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly say?: (line: string) => void;
}

/** Starts a Kafka broker without topics. Installs Kafka when need be. */
export async function start(options: StartOptions = {}): Promise<Kafka> {
  const { say } = options;
  // First: where a broker runs on the port already, its certificates are in this folder.
  const [plain, secure, controller] = await freePorts(options.port);
  const jars = await install(say);
  const folder = options.folder ?? (await mkdtemp(path.join(tmpdir(), "shopmetrics-kafka-")));
  await mkdir(folder, { recursive: true });
  const { key, cert, ca } = makeCertificate(folder);
  const keystore = path.join(folder, "keystore.pem");
  await writeFile(keystore, Buffer.concat([key, cert]), { mode: 0o600 });
  const username = "shopmetrics";
  const password = randomBytes(16).toString("hex");
  const given = { jars, folder, keystore, username, password };
  const run = () =>
    startBroker({
      ...given,
      ports: { plain, secure, controller },
      ...(options.settings && { settings: options.settings }),
    });
  say?.("Starting Kafka …");
  let broker: Process | undefined = await run();
  const end = async (signal: NodeJS.Signals) => {
    await broker?.end(signal);
    broker = undefined;
  };
  return {
    brokers: `127.0.0.1:${plain}`,
    secure: { brokers: `127.0.0.1:${secure}`, username, password, caFile: ca },
    folder,
    kill: () => end("SIGKILL"),
    async restart() {
      broker ??= await run();
    },
    async stop() {
      await end("SIGTERM");
      if (!options.folder && existsSync(folder)) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Says whether a port can be had before anything is installed. @throws PortTaken */
export const refuseTakenPort = (port: number): Promise<void> => refuseTaken(port, taken);

const taken = (port: number) =>
  `Port ${port} is in use, perhaps by another Kafka. Take another one: --port 9192`;

/** Three ports that are free now; the first is the one asked for. */
async function freePorts(first = 0): Promise<[number, number, number]> {
  const tried = await Promise.allSettled([first, 0, 0].map((port) => listen(port, taken)));
  const servers = tried.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => void server.close(resolve))));
  const refused = tried.find((one) => one.status === "rejected");
  if (refused) throw refused.reason;
  return ports as [number, number, number];
}
