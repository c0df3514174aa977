import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { landedCatalog } from "#lib/shop/generator/catalog.js";
import { shoppers } from "#lib/shop/generator/shoppers.js";
import { envelopes } from "#lib/kafka/envelope.js";
import { fileName } from "#lib/kafka/landing-file.js";
import { landWhole } from "#lib/landing/new-file.js";
import { serveSite, type SiteServer } from "../../build/src/site/server.ts";
import { lakehouse, succeeded, type Lakehouse } from "./cli.ts";

const topic = "clickstream-events";

/** The dashboard's pages, in the order of the navigation. */
export const pages = [
  "index",
  "returns",
  "customers",
  "products",
  "regions",
  "marketing",
  "traffic",
  "pipeline",
  "about",
];

export interface SiteHome {
  readonly shop: Lakehouse;
  /** The built site. */
  readonly site: string;
  readonly snapshots: string;
  /**
   * Lands the events of some hours before now, as if a topic had been read.
   *
   * @param rate events per second, on average
   * @returns how many
   */
  landEvents(hours: number, rate?: number): Promise<number>;
  /** Runs what is chosen, and fails the test when it fails. */
  run(args?: string): Promise<void>;
  build(): Promise<{ seconds: number; pages: string[] }>;
}

/** Changes the lines of a folder's last CSV or JSON file, except a header. */
export async function changeLines(folder: string, change: (lines: string[]) => string[]): Promise<void> {
  const names = (await readdir(folder)).toSorted();
  const file = path.join(folder, names.at(-1)!);
  const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
  const head = file.endsWith(".csv") ? lines.splice(0, 1) : [];
  await writeFile(file, `${[...head, ...change(lines)].join("\n")}\n`);
}

/** Runs a shop, builds its dashboard, and serves it. */
export async function serveShop(shop: Lakehouse): Promise<SiteServer> {
  succeeded(await shop.shopmetrics("run --quiet"));
  const site = path.join(shop.home, "site");
  succeeded(await shop.shopmetrics(`site --no-docs --out ${site}`));
  return serveSite({ site, snapshots: path.join(shop.home, "snapshots"), port: 0 });
}

/** A shop of full size with a week of clickstream, run once, and the site built from it. */
export async function siteHome(): Promise<SiteHome> {
  const shop = await lakehouse();
  const site = path.join(shop.home, "site");
  let offset = 0;
  const home: SiteHome = {
    shop,
    site,
    snapshots: path.join(shop.home, "snapshots"),
    async landEvents(hours, rate = 0.02) {
      const now = Date.now();
      const catalog = await landedCatalog(shop.landing);
      const sent = [...shoppers({ seed: offset, from: now - hours * 3_600_000, to: now, rate, ...catalog })];
      const messages = sent.map(({ event, sentAt }, index) => ({
        offset: String(offset + index),
        timestamp: String(Math.round(sentAt)),
        key: Buffer.from(String(event.customer_id)),
        value: Buffer.from(JSON.stringify(event)),
      }));
      const folder = path.join(shop.landing, "clickstream");
      await mkdir(folder, { recursive: true });
      await landWhole(folder, fileName(topic, 0, offset), envelopes(topic, 0)(messages));
      offset += messages.length;
      return messages.length;
    },
    async run(args = "") {
      succeeded(await shop.shopmetrics(`run --quiet ${args}`));
    },
    build: () => shop.json(`site --no-docs --out ${site}`),
  };
  succeeded(await shop.shopmetrics("generate --quiet"));
  await home.landEvents(7 * 24);
  await home.run();
  await home.build();
  return home;
}

/** Rows of the home's warehouse. */
export async function sql<Row>({ shop }: Pick<SiteHome, "shop">, text: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create(path.join(shop.home, "warehouse.duckdb"), {
    access_mode: "READ_ONLY",
  });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(text)).getRowObjectsJS() as Row[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
