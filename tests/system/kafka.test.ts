import { once } from "node:events";
import { readdirSync } from "node:fs";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "shopmetrics";
import { landTopic } from "shopmetrics/sources";
import { readWatermarks } from "#lib/kafka/watermarks.js";
import { readSettings } from "#lib/settings.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNotReady } from "../services/kafka/install.ts";
import { start, type Kafka } from "../services/kafka/start.ts";
import { createTopic, withAdmin } from "../services/kafka/topic.ts";
import { lakehouse, succeeded, temporaryFolder, type Lakehouse } from "./cli.ts";
import { query } from "./tables.ts";
import { clicks, heldOffsets, offsetsOf, send } from "./topic.ts";

const missing = await whyNotReady();
if (missing) console.warn(`Tests of Kafka are left out: ${missing}`);

describe.skipIf(missing)("reading a topic", () => {
  let kafka: Kafka;
  let shop: Lakehouse;
  beforeAll(async () => {
    kafka = await start();
    shop = await lakehouse();
  });
  afterAll(() => kafka?.stop());

  let topics = 0;
  const newTopic = async (count: number, partitions = 3) => {
    const topic = `clicks-${++topics}`;
    await createTopic(kafka.brokers, topic, { partitions, settings: { "max.message.bytes": "4000000" } });
    await send(kafka.brokers, topic, clicks(count, topic));
    return topic;
  };
  const read = (topic: string, flags = "", env: Record<string, string> = {}, at = shop) =>
    at.shopmetrics(`run --only bronze.clickstream_raw --quiet ${flags}`, {
      env: { KAFKA_BROKERS: kafka.brokers, KAFKA_TOPIC: topic, ...env },
    });

  it("takes in what the topic holds, then what has come since, then nothing", async () => {
    const topic = await newTopic(3000);
    succeeded(await read(topic));
    expect(await heldOffsets(shop, topic)).toEqual(await offsetsOf(kafka.brokers, topic));
    await send(kafka.brokers, topic, clicks(500, "later"));
    succeeded(await read(topic));
    succeeded(await read(topic));
    expect(await heldOffsets(shop, topic)).toEqual(await offsetsOf(kafka.brokers, topic));
  });

  describe("lets the caller take in what has landed while it reads the rest", () => {
    const landed = async (whileReading: (files: number) => Promise<void>) => {
      const { landing } = await lakehouse();
      const topic = await newTopic(20_000);
      const files = () =>
        readdirSync(path.join(landing, "clickstream")).filter((name) => name.endsWith("json"));
      const given = readSettings({
        KAFKA_BROKERS: kafka.brokers,
        KAFKA_TOPIC: topic,
        KAFKA_BATCH_EVENTS: "500",
      });
      const work = landTopic(given.kafka!, {
        landing,
        held: [],
        starts: [],
        whileReading: () => whileReading(files().length),
      });
      return { outcome: await work.catch((error: unknown) => error), files: files().length };
    };

    it("one call at a time, and waits for the last", async () => {
      const seen: number[] = [];
      let busy = 0;
      const { outcome, files } = await landed(async (there) => {
        seen.push(there);
        expect(++busy).toBe(1);
        await sleep(20);
        busy--;
      });
      expect(outcome).toMatchObject({ events: 20_000, files });
      expect(seen[0]).toBeLessThan(files);
      expect(files).toBeGreaterThan(5);
      expect(busy).toBe(0);
    });

    it("and fails with it, without losing what has landed", async () => {
      const { outcome, files } = await landed(() => Promise.reject(new InputError("the disk is full")));
      expect(outcome).toEqual(new InputError("the disk is full"));
      expect(files).toBeGreaterThan(0);
    });
  });

  it("of an empty topic is a normal, quick run", async () => {
    const topic = await newTopic(0);
    const { code, stderr, seconds } = await read(topic);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(seconds).toBeLessThan(10);
  });

  it.each(["snappy", "lz4", "zstd", "uncompressed"])("reads what others compress by %s", async (codec) => {
    const topic = `clicks-${codec}`;
    // The broker itself compresses again what comes in another format.
    await createTopic(kafka.brokers, topic, { settings: { "compression.type": codec } });
    const sent = clicks(3000, codec);
    await send(kafka.brokers, topic, sent);
    succeeded(await read(topic));
    const rows = await query(shop, `select value from bronze.clickstream_raw where kafka_topic = '${topic}'`);
    expect(rows.map((row) => row["value"]).toSorted()).toEqual(sent.map(({ value }) => value).toSorted());
  });

  it("a message too large for a line is refused by its place and size, and the ones after it are read", async () => {
    const topic = await newTopic(3, 1);
    // 70 MB that gzip makes 69 kB of, and 60 MB that as JSON would be six times as large.
    await send(kafka.brokers, topic, [{ key: "C1", value: "x".repeat(70_000_000) }]);
    await send(kafka.brokers, topic, [{ key: "C1", value: "\u0001".repeat(60_000_000) }]);
    await send(kafka.brokers, topic, clicks(2, "after"));
    const env = { KAFKA_BROKERS: kafka.brokers, KAFKA_TOPIC: topic };
    const own = await lakehouse();
    for (let run = 0; run < 2; run++) succeeded(await own.shopmetrics("run --quiet", { env }));
    expect(await heldOffsets(own, topic)).toEqual(["0:0", "0:1", "0:2", "0:3", "0:4", "0:5", "0:6"]);
    const refused = await query(own, "select reasons, raw_row from silver.rejected_rows order by source_row");
    expect(refused).toMatchObject([
      {
        reasons: ["message is larger than 5 MiB"],
        raw_row: expect.stringMatching(/value_bytes\\":70000000/),
      },
      {
        reasons: ["message is larger than 5 MiB"],
        raw_row: expect.stringMatching(/value_bytes\\":60000000/),
      },
    ]);
    expect(await query(own, "select count(*)::int as n from silver.clickstream_clean")).toEqual([{ n: 5 }]);
  });

  it("works by login over TLS, as on Confluent Cloud, and never prints the password", async () => {
    const topic = await newTopic(10);
    const { brokers, username, password, caFile } = kafka.secure;
    const env = { KAFKA_BROKERS: brokers, KAFKA_USERNAME: username, NODE_EXTRA_CA_CERTS: caFile };
    succeeded(await read(topic, "", { ...env, KAFKA_PASSWORD: password }));
    expect(await heldOffsets(shop, topic)).toHaveLength(10);
    const wrong = await read(topic, "", { ...env, KAFKA_PASSWORD: "open sesame" }); // pragma: allowlist secret
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain(`Kafka at ${brokers} refused the login of KAFKA_USERNAME=${username}`);
    expect(wrong.stderr + wrong.stdout).not.toContain("open sesame");
  });

  describe("names the address, soon, when", () => {
    const silent = createServer((socket) => socket.on("error", () => undefined));
    beforeAll(() => new Promise<void>((resolve) => void silent.listen(0, "127.0.0.1", resolve)));
    afterAll(() => silent.close());
    const silentPort = () => `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const noAuthority = () => {
      const { brokers, username, password } = kafka.secure;
      return { KAFKA_BROKERS: brokers, KAFKA_USERNAME: username, KAFKA_PASSWORD: password };
    };

    it.each<[string, () => Record<string, string>, string]>([
      ["no broker is there", () => ({ KAFKA_BROKERS: "127.0.0.1:1" }), "nothing listens there"],
      ["a port is silent", () => ({ KAFKA_BROKERS: silentPort() }), "does not answer"],
      [
        "a port is silent to TLS",
        () => ({ KAFKA_BROKERS: silentPort(), KAFKA_TLS: "true" }),
        "does not answer",
      ],
      ["the topic is not known", () => ({ KAFKA_TOPIC: "nope" }), "has no topic nope"],
      ["the certificate is not trusted", noAuthority, "is not trusted"],
      ["TLS is spoken to a port without", () => ({ KAFKA_TLS: "true" }), "does not speak TLS"],
    ])("%s", async (_, given, message) => {
      const env: Record<string, string> = { KAFKA_BROKERS: kafka.brokers, KAFKA_TOPIC: "clicks", ...given() };
      const began = performance.now();
      const contact = await readWatermarks(readSettings(env).kafka!).catch((error: unknown) => error);
      expect(performance.now() - began).toBeLessThan(5000);
      expect(contact).toBeInstanceOf(InputError);
      const { code, stderr } = await read("clicks", "", env);
      expect(code).toBe(1);
      expect(stderr).toContain((contact as InputError).message.slice(0, 60));
      expect(stderr).toContain(message);
      expect(stderr).toContain(env["KAFKA_BROKERS"]);
      expect(stderr).toContain("notebooks/bronze/clickstream_raw.ipynb cell 4");
      expect(stderr).not.toMatch(/^\s+at /m);
    });
  });

  describe("when Kafka no longer holds what bronze lacks", () => {
    const forget = (topic: string, before: number) =>
      withAdmin(kafka.brokers, async (admin) => {
        await admin.fetchTopicOffsets(topic); // kafkajs needs to have heard of it
        await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] });
      });
    const recreate = async (topic: string, count: number) => {
      await withAdmin(kafka.brokers, (admin) => admin.deleteTopics({ topics: [topic] }));
      await createTopic(kafka.brokers, topic, { partitions: 1 });
      if (count > 0) await send(kafka.brokers, topic, clicks(count, "again"));
    };
    const refuses = async (topic: string, message: RegExp) => {
      const before = await heldOffsets(shop, topic);
      const { code, stderr } = await read(topic);
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr).toContain("--accept-loss");
      expect(await heldOffsets(shop, topic)).toEqual(before);
    };

    it("says which offsets retention has taken, and continues after them when that is accepted", async () => {
      const topic = await newTopic(100, 1);
      succeeded(await read(topic));
      await send(kafka.brokers, topic, clicks(50, "lost"));
      await forget(topic, 130);
      await refuses(topic, /partition 0 offsets 100 to 129 \(30\)/);
      succeeded(await read(topic, "--accept-loss"));
      succeeded(await read(topic));
      const held = await heldOffsets(shop, topic);
      expect(held).toHaveLength(120);
      expect(held).toContain("0:130");
    });

    it("notices it too when nothing had come since the topic was first read", async () => {
      const topic = await newTopic(0, 1);
      succeeded(await read(topic));
      await send(kafka.brokers, topic, clicks(20));
      await forget(topic, 20);
      await refuses(topic, /partition 0 offsets 0 to 19 \(20\)/);
      succeeded(await read(topic, "--accept-loss"));
      await send(kafka.brokers, topic, clicks(2));
      succeeded(await read(topic));
      expect(await heldOffsets(shop, topic)).toEqual(["0:20", "0:21"]);
    });

    it.each([
      ["empty", 0],
      ["shorter", 5],
      ["longer", 60],
    ])(
      "notices a topic that was created again and is %s, and takes it as its next generation",
      async (_, count) => {
        const topic = await newTopic(30, 1);
        succeeded(await read(topic));
        await recreate(topic, count);
        await refuses(topic, /was deleted and created again/);
        succeeded(await read(topic, "--accept-loss"));
        succeeded(await read(topic));
        expect(await heldOffsets(shop, topic)).toHaveLength(30);
        expect(await heldOffsets(shop, `${topic}@2`)).toHaveLength(count);
        await send(kafka.brokers, topic, clicks(7, "more"));
        succeeded(await read(topic));
        expect(await heldOffsets(shop, `${topic}@2`)).toEqual(await offsetsOf(kafka.brokers, topic));
      },
    );
  });

  it("keeps every poison message exactly, and the stream goes on to gold", async () => {
    const topic = await newTopic(0, 1);
    const [good] = clicks(1, "good");
    const event = JSON.parse(String(good!.value)) as Record<string, unknown>;
    const poison: (string | Buffer | null)[] = [
      null,
      "",
      " ",
      "not json",
      "{",
      "[]",
      "7",
      "null",
      '"text"',
      "{}",
      '{"event_id":"torn","customer',
      "line\nbreak\r\nand \u2028 and \0",
      "[".repeat(20_000) + "]".repeat(20_000),
      '{"a":'.repeat(5000) + "1" + "}".repeat(5000),
      JSON.stringify({ ...event, event_id: "huge", page: "x".repeat(1_500_000) }),
      JSON.stringify({ ...event, event_id: "wrong-type", quantity: { a: 1 } }),
      JSON.stringify({ ...event, event_id: "unknown", event_type: "teleport" }),
      JSON.stringify({ ...event, event_id: "future", event_ts: "2999-01-01T00:00:00Z" }),
      JSON.stringify({ ...event, event_id: "ancient", event_ts: "0001-01-01T00:00:00Z" }),
      JSON.stringify({ ...event, event_id: "\ud800" }),
      '{"event_id":"dup","event_id":"dup2","customer_id":"C1"}',
      Buffer.from([0xff, 0xfe, 0, 0xc3]),
    ];
    await send(kafka.brokers, topic, [
      ...poison.map((value, index) => ({
        key: index % 3 ? "C1" : null,
        value,
        timestamp: index === 4 ? "1" : String(Date.now()),
      })),
      good!,
    ]);
    const own = await lakehouse();
    const { code, stderr } = await own.shopmetrics("run --only bronze.clickstream_raw+ --quiet", {
      env: { KAFKA_BROKERS: kafka.brokers, KAFKA_TOPIC: topic },
    });
    expect({ code, stderr: code ? stderr : "" }).toEqual({ code: 0, stderr: "" });
    const rows = await query(
      own,
      "select value, _rescued_data from bronze.clickstream_raw order by kafka_offset",
    );
    expect(rows).toHaveLength(poison.length + 1);
    const texts = poison.map((value) => (Buffer.isBuffer(value) ? null : value));
    expect(rows.slice(0, poison.length).map((row) => row["value"])).toEqual(texts);
    const bytes = poison.flatMap((value, index) => (Buffer.isBuffer(value) ? [{ value, index }] : []));
    for (const { value, index } of bytes)
      expect(String(rows[index]!["_rescued_data"])).toContain(value.toString("base64"));
    const [counts] = await query(
      own,
      `select (select count(*) from silver.clickstream_clean)::int as kept,
        (select count(*) from silver.rejected_rows where table_name = 'silver.clickstream_clean' and len(reasons) > 0)::int as refused`,
    );
    expect(counts).toEqual({ kept: 1, refused: poison.length });
  });
});

it("kafka on a taken port leaves the files of the broker that runs there", async () => {
  const folder = await temporaryFolder();
  await writeFile(path.join(folder, "keystore.pem"), "the running broker's");
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  await expect(start({ folder, port })).rejects.toThrow(`Port ${port} is in use`);
  taken.close();
  expect(await readdir(folder)).toEqual(["keystore.pem"]);
  expect(await readFile(path.join(folder, "keystore.pem"), "utf8")).toBe("the running broker's");
});
