import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeCertificate } from "./certificate.ts";
import type { DatabricksOptions } from "#lib/engine/databricks/options.js";
import { Faults } from "./faults.ts";
import { startGateway, type GatewayOptions } from "./gateway.ts";
import { install } from "./install.ts";
import { startSpark } from "./spark.ts";

export interface Warehouse {
  readonly host: string;
  readonly port: number;
  /** The HTTP path of the warehouse. */
  readonly path: string;
  readonly token: string;
  /** A file that holds the token. */
  readonly tokenFile: string;
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** The file that holds it, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  readonly catalog: string;
  /** What the engine is opened with. */
  readonly address: Pick<DatabricksOptions, "host" | "httpPath" | "token" | "ca" | "catalog">;
  readonly faults: Faults;
  /** The warehouse's tables, volumes and log. */
  readonly folder: string;
  /** The same tables on another address, as an old warehouse gives them: without Arrow. */
  readonly withoutArrow: { readonly host: string; readonly port: number };
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly catalog?: string;
  readonly port?: number;
  readonly onStatement?: GatewayOptions["onStatement"];
  readonly say?: (line: string) => void;
}

/** Starts a warehouse with a catalog, its schema `bronze` and the volume `bronze.raw_data`. Installs it when need be. */
export async function start(options: StartOptions = {}): Promise<Warehouse> {
  const catalog = options.catalog ?? "ecommerce";
  const installed = await install(options.say);
  const folder = await mkdtemp(path.join(tmpdir(), "shopmetrics-warehouse-"));
  await mkdir(path.join(folder, "volumes", catalog, "bronze/raw_data"), { recursive: true });
  const certificate = makeCertificate(folder);
  const token = `dapi-test-${randomBytes(16).toString("hex")}`;
  const tokenFile = path.join(folder, "token");
  await writeFile(tokenFile, token, { mode: 0o600 });
  options.say?.("Starting Spark …");
  const spark = await startSpark(installed, folder);
  const faults = new Faults();
  const http = { path: "/sql/1.0/warehouses/test", token };
  const given = { ...http, certificate, sparkPort: spark.port, catalog, folder, faults };
  const gateway = await startGateway({
    ...given,
    arrow: true,
    onStatement: options.onStatement,
    ...(options.port && { port: options.port }),
  });
  const plain = await startGateway({ ...given, arrow: false });
  const ca = await readFile(certificate.ca, "utf8");
  return {
    host: "127.0.0.1",
    port: gateway.port,
    ...http,
    tokenFile,
    ca,
    address: { host: `127.0.0.1:${gateway.port}`, httpPath: http.path, token, ca, catalog },
    caFile: certificate.ca,
    catalog,
    faults,
    folder,
    withoutArrow: { host: "127.0.0.1", port: plain.port },
    async stop() {
      await Promise.all([gateway.close(), plain.close()]);
      await spark.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
