import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import avsc from "avsc";
import { openProducer } from "#lib/kafka/producer.js";
import { readSettings } from "#lib/settings.js";
import { clickstreamMessages, type ClickstreamEvent } from "#lib/shop/event.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Client } from "pg";
import { whyNotReady as whyNoConnect } from "../services/connect/install.ts";
import { start as startConnect } from "../services/connect/start.ts";
import { keys, openLiveShop } from "../services/postgres/life.ts";
import { whyNoPostgres } from "../services/postgres/programs.ts";
import { start as startPostgres } from "../services/postgres/start.ts";
import { freePort } from "../services/free-port.ts";
import { whyNotReady as whyNoKafka } from "../services/kafka/install.ts";
import { start as startKafka, type Kafka } from "../services/kafka/start.ts";
import { createTopic } from "../services/kafka/topic.ts";
import { whyNotReady as whyNoRegistry } from "../services/registry/install.ts";
import { start as startRegistry, type Registry } from "../services/registry/start.ts";
import { edit, lakehouse, scratchProject, succeeded, type Lakehouse } from "./cli.ts";
import { differences } from "./database-rows.ts";
import { query } from "./tables.ts";
import { clicks, send } from "./topic.ts";

const absent = (await whyNoKafka()) ?? (await whyNoRegistry());
if (absent) console.warn(`Tests of schemas are left out: ${absent}`);

describe.skipIf(absent)("a registry of schemas", () => {
  let kafka: Kafka;
  let registry: Registry;
  let shop: Lakehouse;
  beforeAll(async () => {
    [kafka, registry, shop] = await Promise.all([startKafka(), startRegistry(), lakehouse()]);
    await ask("/config", { compatibility: "BACKWARD" }, "PUT");
  });
  afterAll(async () => {
    await Promise.all([kafka?.stop(), registry?.stop()]);
  });

  const ask = async (path: string, body?: unknown, method = "POST"): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${registry.url}${path}`, {
      headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
      ...(body !== undefined && { method, body: JSON.stringify(body) }),
    });
    return (await answer.json()) as Record<string, unknown>;
  };
  /** Registers a schema as another team's producer does, whatever was there before. */
  const register = async (topic: string, schema: object, schemaType = "AVRO"): Promise<number> => {
    await ask(`/config/${topic}-value`, { compatibility: "NONE" }, "PUT");
    const { id } = await ask(`/subjects/${topic}-value/versions`, {
      schema: JSON.stringify(schema),
      schemaType,
    });
    return Number(id);
  };
  const latest = async (topic: string) => {
    const found = await ask(`/subjects/${topic}-value/versions/latest`);
    return { id: Number(found["id"]), schema: JSON.parse(String(found["schema"])) as AvroRecord };
  };
  const wire = (id: number, message: Buffer) => {
    const header = Buffer.alloc(5);
    header.writeInt32BE(id, 1);
    return Buffer.concat([header, message]);
  };

  const env = (topic: string, more: Record<string, string> = {}) => ({
    KAFKA_BROKERS: kafka.brokers,
    KAFKA_TOPIC: topic,
    SCHEMA_REGISTRY_URL: registry.url,
    ...more,
  });
  const read = (topic: string, more: Record<string, string> = {}, flags = "") =>
    shop.shopmetrics(`run --only bronze.clickstream_raw,silver.clickstream_clean --quiet ${flags}`, {
      env: env(topic, more),
    });
  const events = (count: number, name: string) =>
    clicks(count, name).map(({ value }) => ({
      ...(JSON.parse(String(value)) as ClickstreamEvent),
      quantity: 2,
      price: "19.90",
    }));
  const produce = async (
    topic: string,
    sent: readonly ClickstreamEvent[],
    more: Record<string, string> = {},
  ) => {
    const producer = await openProducer(readSettings(env(topic, more)).kafka!, clickstreamMessages);
    await producer.send(sent.map((event) => ({ event, timestamp: Date.now() })));
    await producer.close();
    return producer.report;
  };
  const bronze = (topic: string) =>
    query(
      shop,
      `select value, kafka_schema_id, _rescued_data, event_id from bronze.clickstream_raw where kafka_topic = '${topic}' order by kafka_partition, kafka_offset`,
    );
  const silver = (topic: string) =>
    query(
      shop,
      `select event_id, quantity, price from silver.clickstream_clean where kafka_topic = '${topic}'`,
    );
  const refused = (topic: string) =>
    query(
      shop,
      `select array_to_string(reasons, '; ') as reasons from silver.rejected_rows where raw_row like '%"${topic}"%' order by 1`,
    );

  it.each(["avro", "json"])("gives %s messages their schema, and reads them by it", async (format) => {
    const topic = `clicks-${format}`;
    await createTopic(kafka.brokers, topic);
    const sent = events(300, topic);
    expect(await produce(topic, sent, { SCHEMA_REGISTRY_FORMAT: format })).toMatchObject({
      sent: 300,
      refused: [],
    });
    succeeded(await read(topic));
    const { id } = await latest(topic);
    const rows = await bronze(topic);
    expect(rows).toHaveLength(300);
    expect(new Set(rows.map((row) => row["kafka_schema_id"]))).toEqual(new Set([id]));
    const kept = rows.map((row) => JSON.parse(String(row["value"])) as ClickstreamEvent);
    const told = (event: object) =>
      Object.entries(event)
        .filter(([, value]) => value !== null)
        .map(([name, value]) => `${name}=${value}`)
        .toSorted()
        .join();
    expect(kept.map(told).toSorted()).toEqual(sent.map(told).toSorted());
    expect(await silver(topic)).toHaveLength(300);
    expect((await silver(topic))[0]).toMatchObject({ quantity: 2, price: "19.90" });
    expect(await refused(topic)).toEqual([]);
  });

  it("keeps a new optional field of another team's schema, and counts the event", async () => {
    const topic = "clicks-grown";
    await createTopic(kafka.brokers, topic, { partitions: 1 });
    const [first, second] = events(2, topic);
    await produce(topic, [first!]);
    const { id, schema } = await latest(topic);
    const grown = {
      ...schema,
      fields: [...schema.fields, { name: "scroll_depth", type: ["null", "long"], default: null }],
    };
    const next = await register(topic, grown);
    expect(next).toBeGreaterThan(id);
    const value = { ...blank(schema), ...texts(second!), scroll_depth: 4503599627370496 };
    await send(kafka.brokers, topic, [{ key: "v", value: wire(next, avro(grown).toBuffer(value)) }]);
    succeeded(await read(topic));
    const rows = await bronze(topic);
    expect(rows.map((row) => row["kafka_schema_id"])).toEqual([id, next]);
    expect(JSON.parse(String(rows[1]!["value"]))).toMatchObject({
      event_id: second!.event_id,
      scroll_depth: 4503599627370496,
    });
    expect(await silver(topic)).toHaveLength(2);
    expect(await refused(topic)).toEqual([]);
    // What we write next is still taken: an optional field may be missing.
    await ask(`/config/${topic}-value`, { compatibility: "BACKWARD" }, "PUT");
    expect(await produce(topic, events(1, `${topic}-later`))).toMatchObject({ sent: 1 });
  });

  it("puts events of a retyped field into the quarantine, with the number of their schema", async () => {
    const topic = "clicks-retyped";
    await createTopic(kafka.brokers, topic, { partitions: 1 });
    const [first, second, third] = events(3, topic);
    await produce(topic, [first!]);
    const { schema } = await latest(topic);
    const money = { type: "record", name: "Money", fields: [{ name: "cents", type: "long" }] };
    const retyped = {
      ...schema,
      fields: schema.fields.map((field) => (field.name === "price" ? { name: "price", type: money } : field)),
    };
    const next = await register(topic, retyped);
    const value = { ...blank(schema), ...texts(second!), price: { cents: 1990 } };
    await send(kafka.brokers, topic, [
      { key: "v", value: wire(next, avro(retyped).toBuffer(value)) },
      // Cut off: it is none of its schema.
      { key: "v", value: wire(next, avro(retyped).toBuffer(value).subarray(0, 20)) },
    ]);
    succeeded(await read(topic));
    const rows = await bronze(topic);
    expect(JSON.parse(String(rows[1]!["value"]))).toMatchObject({ price: { cents: 1990 } });
    expect((await refused(topic)).map((row) => row["reasons"])).toEqual([
      `message was not read by its schema; written with schema ${next}`,
      `price is not an amount; written with schema ${next}`,
    ]);
    // Where it came first, our own producer does not change it in silence: the registry says what breaks.
    await createTopic(kafka.brokers, `${topic}-first`);
    await register(`${topic}-first`, retyped);
    await ask(`/config/${topic}-first-value`, { compatibility: "BACKWARD" }, "PUT");
    await expect(produce(`${topic}-first`, [third!])).rejects.toThrow(
      /refuses our schema of clicks-retyped-first-value \(AVRO\): it breaks the schema before it\. It said: Incompatible/,
    );
    expect(await silver(topic)).toHaveLength(1);
  });

  it("stops at messages that it cannot read, says which, and loses none", async () => {
    const topic = "clicks-unread";
    await createTopic(kafka.brokers, topic, { partitions: 1 });
    await send(kafka.brokers, topic, clicks(3, `${topic}-plain`));
    await produce(topic, events(5, topic));
    const { id } = await latest(topic);
    const at = `clicks-unread, partition 0, offset 3: the message names schema ${id}`;
    const without = await read(topic, { SCHEMA_REGISTRY_URL: "" });
    expect(without).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${at}, and SCHEMA_REGISTRY_URL is not set`),
    });
    const nobody = await read(topic, { SCHEMA_REGISTRY_URL: `http://127.0.0.1:${await freePort()}` });
    expect(nobody.code).toBe(1);
    expect(nobody.stderr).toMatch(
      /The schema registry gave no answer to .*\/schemas\/ids\/\d+ in 4 attempts.*ECONNREFUSED.*check SCHEMA_REGISTRY_URL/s,
    );
    const elsewhere = await read(topic, { SCHEMA_REGISTRY_URL: new URL("/", registry.url).href });
    expect(elsewhere.stderr).toContain("is no registry that speaks Confluent's API");
    succeeded(await read(topic));
    expect(await silver(topic)).toHaveLength(8);
    expect((await bronze(topic)).map((row) => row["kafka_schema_id"])).toEqual([
      null,
      null,
      null,
      id,
      id,
      id,
      id,
      id,
    ]);

    await send(kafka.brokers, topic, [{ key: "v", value: wire(99_999, Buffer.from([1])) }]);
    const unknown = await read(topic);
    expect(unknown).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("offset 8: the message names schema 99999"),
    });
    expect(unknown.stderr).toContain("has no schema 99999");
    succeeded(await read(topic, {}, "--accept-loss"));
    expect(await refused(topic)).toEqual([
      { reasons: "message was not read by its schema; written with schema 99999" },
    ]);
    expect((await bronze(topic)).at(-1)!["_rescued_data"]).toContain(
      '"value_base64":"AAABhp8B","schema_id":99999',
    );
  });

  it.each([
    ["wants a login", {}, "wants a login (status 401): set SCHEMA_REGISTRY_USERNAME"],
    [
      "refuses a login, whose password is not told",
      { SCHEMA_REGISTRY_USERNAME: "ada", SCHEMA_REGISTRY_PASSWORD: "not-this-one" },
      "refused the login of SCHEMA_REGISTRY_USERNAME=ada",
    ],
    ["takes a login", { SCHEMA_REGISTRY_USERNAME: "ada", SCHEMA_REGISTRY_PASSWORD: "right" }, ""],
  ])("%s", async (what, login, message) => {
    // A door before the registry, as a gateway is that asks for a login.
    const door = createServer((request, response) => {
      if (request.headers.authorization !== `Basic ${Buffer.from("ada:right").toString("base64")}`) {
        response.writeHead(401).end("Unauthorized");
        return;
      }
      void fetch(new URL(request.url!, registry.url)).then(async (answer) =>
        response.writeHead(answer.status).end(await answer.text()),
      );
    });
    await new Promise<void>((resolve) => void door.listen(0, "127.0.0.1", resolve));
    try {
      const topic = `clicks-${what.slice(0, 5).trim()}`;
      await createTopic(kafka.brokers, topic);
      await produce(topic, events(2, topic));
      const { port } = door.address() as AddressInfo;
      const found = await read(topic, {
        SCHEMA_REGISTRY_URL: `http://127.0.0.1:${port}${new URL(registry.url).pathname}`,
        ...login,
      });
      expect(found.code).toBe(message === "" ? 0 : 1);
      expect(found.stderr).toContain(message);
      expect(found.stderr + found.stdout).not.toContain("not-this-one");
    } finally {
      await new Promise((resolve) => void door.close(resolve));
    }
  });

  it("refuses a change of the contract that breaks its readers, and says who they are", async () => {
    const root = await scratchProject("bundle", "lib/src");
    const project = await lakehouse({ root });
    const git = (...args: string[]) =>
      execFileSync("git", ["-C", root, "-c", "user.name=t", "-c", "user.email=t@example.com", ...args]);
    git("init", "--quiet");
    git("add", "bundle/schemas", "notebooks");
    git("commit", "--quiet", "--message", "before");
    const broken =
      "page was a text, a number or true or false and is a number. Read by silver.clickstream_clean, ";
    const event = "lib/dist/shop/event.js";
    const schemaFile = path.join(root, "bundle/schemas/clickstream-events.json");
    const topic = "clicks-avro";

    await edit(root, event, "price: optional(", "color: optional(text(20)), price: optional(");
    succeeded(await project.shopmetrics("build --quiet"));
    expect(await readFile(schemaFile, "utf8")).toContain('"color"');
    await edit(root, event, "page: text(2000)", "page: z.number()");
    await edit(root, event, "utm_source: maybeBlank(200),", "");
    const refused = await project.shopmetrics("build");
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining(broken) });
    expect(refused.stderr).toMatch(
      /utm_source is gone\. Read by .*gold\.marketing_performance.* and the page marketing\./,
    );
    expect(refused.stderr).toContain("npx shopmetrics schema --accept");
    const summary = await project.shopmetrics("plan --since HEAD --markdown");
    expect(summary).toMatchObject({ code: 1, stdout: expect.stringContaining(`BREAKS: ${broken}`) });
    expect(summary.stdout).toContain("color is new and optional");
    const registered = await project.shopmetrics("build", { env: env(topic) });
    expect(registered.code).toBe(2);
    expect(registered.stderr).toContain(
      `compared with version 1 of ${topic}-value in the registry: 3 changes break`,
    );
    expect(registered.stderr).toContain(
      "page was a text and is a number. Read by silver.clickstream_clean, ",
    );
    expect(registered.stderr).toContain(
      "The registry's own rule of compatibility does not take the contract's schema.",
    );

    succeeded(await project.shopmetrics("schema --accept"));
    const accepted = await project.shopmetrics("plan --since HEAD --markdown");
    expect(accepted).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("which somebody has accepted"),
    });
    // The registry's rule is not ours to set aside.
    const kept = await project.shopmetrics("schema --accept", { env: env(topic) });
    expect(kept).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("it breaks the schema before it"),
    });
  });

  it("reads what came before a registry was away, once it has the schema again", async () => {
    const topic = "clicks-live";
    await createTopic(kafka.brokers, topic, { partitions: 1 });
    const other = await startRegistry();
    await produce(topic, events(4, topic), { SCHEMA_REGISTRY_URL: other.url });
    const { port } = new URL(other.url);
    await other.stop();
    const reading = read(topic, { SCHEMA_REGISTRY_URL: other.url });
    await sleep(500);
    const again = await startRegistry({ port: Number(port) });
    try {
      // It is back with nothing in memory: what is unknown is told, and read when it is known again.
      expect((await reading).code).toBe(1);
      await produce(topic, [], { SCHEMA_REGISTRY_URL: again.url });
      succeeded(await read(topic, { SCHEMA_REGISTRY_URL: again.url }));
      expect(await silver(topic)).toHaveLength(4);
    } finally {
      await again.stop();
    }
  });
});

const noCapture = absent ?? whyNoPostgres() ?? (await whyNoConnect());

describe.skipIf(noCapture)("change data capture in Avro", () => {
  it("ends in the rows of the database, each with the number of its schema", async () => {
    const [postgres, kafka, registry, shop] = await Promise.all([
      startPostgres(),
      startKafka(),
      startRegistry(),
      lakehouse(),
    ]);
    const live = await openLiveShop(postgres.owner, {
      folder: postgres.folder,
      scale: 0.003,
      from: "2026-01-01",
      to: "2026-03-01",
    });
    const owner = new Client({ connectionString: postgres.owner });
    await owner.connect();
    const converter = (of: "key" | "value") => ({
      [`${of}.converter`]: "io.apicurio.registry.utils.converter.AvroConverter",
      [`${of}.converter.apicurio.registry.url`]: new URL("/apis/registry/v2", registry.url).href,
      [`${of}.converter.apicurio.registry.auto-register`]: "true",
      [`${of}.converter.apicurio.registry.as-confluent`]: "true",
      [`${of}.converter.apicurio.registry.headers.enabled`]: "false",
    });
    const connect = await startConnect({
      folder: path.join(postgres.folder, "connect"),
      brokers: kafka.brokers,
      database: postgres.reader,
      tables: Object.keys(keys),
      settings: { ...converter("key"), ...converter("value") },
    });
    try {
      await live.day();
      const run = () =>
        shop.shopmetrics("run --quiet --only bronze.database+ --date 2026-03-31", {
          env: {
            POSTGRES_URL: postgres.reader,
            POSTGRES_ROUTE: "changes",
            KAFKA_BROKERS: kafka.brokers,
            SCHEMA_REGISTRY_URL: registry.url,
          },
        });
      let found: Record<string, unknown> = {};
      for (const until = Date.now() + 90_000; Date.now() < until; await sleep(1000)) {
        succeeded(await run());
        found = await differences(shop, owner);
        if (Object.keys(found).length === 0) break;
      }
      expect(found).toEqual({});
      const [counted] = await query(
        shop,
        `select count(*)::int as n, count(kafka_schema_id)::int as named, count(value)::int as told, count(_rescued_data)::int as rescued,
          count(*) filter (where kafka_key like '{"order_id":%')::int as keyed from bronze.orders_changes`,
      );
      const { n, named, told, rescued, keyed } = counted as Record<string, number>;
      expect(n).toBeGreaterThan(100);
      expect({ named, rescued, keyed }).toEqual({ named: told, rescued: 0, keyed: n });
    } finally {
      await connect.stop();
      await live.close();
      await owner.end();
      await Promise.all([kafka.stop(), registry.stop(), postgres.stop()]);
    }
  });
});

/** An event's fields as the contract's texts. */
const texts = (event: ClickstreamEvent) =>
  Object.fromEntries(
    Object.entries(event).map(([name, value]) => [name, value === null ? null : String(value)]),
  );

const blank = ({ fields }: AvroRecord) => Object.fromEntries(fields.map(({ name }) => [name, null]));

const avro = (schema: object) => avsc.Type.forSchema(schema as never);

interface AvroRecord {
  readonly fields: readonly { readonly name: string; readonly type: unknown; readonly default?: unknown }[];
}
