import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { freePort, refuseTaken } from "../free-port.ts";
import { makeCertificate } from "../warehouse/certificate.ts";
import { account, howToInstall, programsFolder } from "./programs.ts";

export interface Postgres {
  readonly port: number;
  /** As the shop's own programs connect: may do all in its database. */
  readonly owner: string;
  /** As whoever runs the server connects: may change its settings and drop slots. */
  readonly superuser: string;
  /** As the lakehouse connects: reads tables and replicates. It may write nothing. */
  readonly reader: string;
  /** The file with the authority's certificate. */
  readonly caFile: string;
  /** Data, certificates and postgres.log. */
  readonly folder: string;
  /** Kills it as a power cut would. Its data stay. */
  kill(): Promise<void>;
  /** Starts a killed server again, at the same port with the same data. */
  restart(): Promise<void>;
  /** Ends it; a folder that was made for it goes. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Kept after the end, so that the next start finds the data. Without it, a temporary one. */
  readonly folder?: string;
  /** Any free one by default. */
  readonly port?: number;
  /** PostgreSQL's own settings, on top of ours. */
  readonly settings?: Readonly<Record<string, string>>;
}

const taken = (port: number) =>
  `Another program listens on port ${port}, perhaps a shop that is open already. Give a free one by --port.`;

interface Passwords {
  readonly postgres: string;
  readonly shop: string;
  readonly reader: string;
}

/**
 * Starts PostgreSQL on 127.0.0.1, with TLS and logical replication, and a database `shop` with the roles of its owner and its reader.
 * Takes 3 seconds the first time.
 *
 * @throws Error that says how to install it, or with the end of its log when it does not start
 */
export async function start(options: StartOptions = {}): Promise<Postgres> {
  const programs = programsFolder();
  if (programs === undefined) throw new Error(howToInstall);
  const port = options.port ?? (await freePort());
  const folder = options.folder ?? (await mkdtemp(path.join(tmpdir(), "shopmetrics-postgres-")));
  const data = path.join(folder, "data");
  const passwordFile = path.join(folder, "passwords.json");
  await mkdir(folder, { recursive: true });
  const isNew = !existsSync(passwordFile);
  if (isNew) await makeCluster(programs, folder, data, passwordFile);
  const passwords = JSON.parse(await readFile(passwordFile, "utf8")) as Passwords;
  const url = (user: string, password: string, database = "shop") =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${database}`;
  const superuser = (database: string) => url("postgres", passwords.postgres, database);

  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: data,
    ssl: "on",
    wal_level: "logical",
    shared_buffers: "64MB",
    // What is not synced outlives a kill of the server, though not a power cut.
    fsync: "off",
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = path.join(folder, "postgres.log");
  let server: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  const begin = async () => {
    await refuseTaken(port, taken);
    const output = openSync(log, "a");
    const child = spawn(path.join(programs, "postgres"), ["-D", data, ...flags], {
      ...account(),
      cwd: data,
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    server = child;
    ended = new Promise((resolve) => child.once("close", resolve));
    await waitUntilReady(child, superuser("postgres"), log);
  };
  const end = async (signal: NodeJS.Signals) => {
    server?.kill(signal);
    await ended;
    server = undefined;
  };
  try {
    await begin();
    if (isNew) await makeRoles(superuser, passwords);
  } catch (error) {
    await end("SIGKILL");
    throw error;
  }
  return {
    port,
    owner: url("shop", passwords.shop),
    superuser: superuser("shop"),
    reader: url("reader", passwords.reader),
    caFile: path.join(folder, "ca.pem"),
    folder,
    kill: () => end("SIGKILL"),
    restart: begin,
    async stop() {
      await end("SIGINT"); // "fast": open connections are ended
      if (!options.folder) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeCluster(
  programs: string,
  folder: string,
  data: string,
  passwordFile: string,
): Promise<void> {
  const word = () => randomBytes(16).toString("hex");
  const passwords: Passwords = { postgres: word(), shop: word(), reader: word() };
  const user = account();
  // The server's account must reach its own folder, and may read nothing else.
  await chmod(folder, 0o711);
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { mode: 0o700 });
  const first = path.join(folder, "superuser");
  await writeFile(first, passwords.postgres, { mode: 0o600 });
  if (user) await Promise.all([data, first].map((file) => chown(file, user.uid, user.gid)));
  const options = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync"];
  await promisify(execFile)(
    path.join(programs, "initdb"),
    ["--pgdata", data, "--username=postgres", `--pwfile=${first}`, ...options],
    { ...user, cwd: data },
  );
  await rm(first);
  const { key, cert } = makeCertificate(folder);
  const [keyFile, certFile] = [path.join(data, "server.key"), path.join(data, "server.crt")];
  await writeFile(keyFile, key, { mode: 0o600 });
  await writeFile(certFile, cert);
  if (user) await chown(keyFile, user.uid, user.gid);
  await writeFile(passwordFile, JSON.stringify(passwords), { mode: 0o600 });
}

/** After a kill, the server recovers first, and the memory of the processes before must be free. */
async function waitUntilReady(server: ChildProcess, url: string, log: string): Promise<void> {
  for (const until = Date.now() + 120_000; ;) {
    const client = new Client({ connectionString: url });
    const problem = await client.connect().then(
      () => undefined,
      (error: Error) => error.message,
    );
    await client.end().catch(() => undefined);
    if (problem === undefined) return;
    if (server.exitCode !== null || Date.now() > until)
      throw new Error(
        `PostgreSQL did not start (${problem}):\n${(await readFile(log, "utf8")).slice(-2000)}`,
      );
    await sleep(100);
  }
}

async function makeRoles(superuser: (database: string) => string, passwords: Passwords): Promise<void> {
  const each = async (database: string, statements: readonly string[]) => {
    const client = new Client({ connectionString: superuser(database) });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await each("postgres", [
    `create role shop login password '${passwords.shop}'`,
    `create role reader login replication password '${passwords.reader}'`,
    "create database shop owner shop",
    "revoke connect on database postgres from public",
  ]);
  await each("shop", [
    "alter schema public owner to shop",
    "grant pg_read_all_data to reader",
    // A slot's size is what a reader is told of.
    "grant pg_monitor to reader",
  ]);
}
